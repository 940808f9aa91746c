# SPDX-License-Identifier: Apache-2.0
"""Many contents at once, as lists of hashes bring them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, func, insert, select, update

from haechi.bank._feed import lock_feed
from haechi.bank._notes import sealed_note
from haechi.bank._reading import signals_of
from haechi.bank._sharing import to_columns
from haechi.bank._tables import content, content_signal, feed_change, feed_head
from haechi.storage import KeyId, Vault, new_id
from haechi.values import ContentStatus, Sharing, Signal, utc_now

_AT_ONCE: Final = 2000
_MERGE_AT: Final = 65_536


@dataclass(frozen=True, slots=True)
class NewContent:
    """What is to be put into a bank: `is_held` at once, until `held_until` or until it is released."""

    signals: tuple[Signal, ...]
    note: str = ""
    is_held: bool = False
    held_until: datetime | None = None


def add_contents(
    tx: Connection,
    vault: Vault,
    contents: Sequence[NewContent],
    *,
    bank_id: str,
    key_id: KeyId,
    origin_kind: str,
    origin_id: str,
    sharing: Sharing,
) -> list[str]:
    """Put many contents into a bank as `add_content` does one; their ids, in their order.

    Raises:
        ValueError: one without a signal. MalformedField: a note that is too long.
    """
    if not all(one.signals for one in contents):
        raise ValueError("a content needs at least one signal")
    if not contents:
        return []
    lock_feed(tx)
    now = utc_now()
    ids = [new_id("con") for _ in contents]
    shared = {
        "bank_id": bank_id,
        "key_id": key_id,
        "created_at": now,
        "changed_at": now,
        "origin_kind": origin_kind,
        "origin_id": origin_id,
        **to_columns(sharing),
    }
    rows = [
        {
            **shared,
            "id": content_id,
            "status": _status(one).value,
            "held_until": one.held_until if one.is_held else None,
            "sealed_note": sealed_note(tx, vault, key_id, content_id, one.note),
        }
        for content_id, one in zip(ids, contents, strict=True)
    ]
    made = tx.execute(insert(content).returning(content.c.id, content.c.entry_id), rows)
    numbers = {row.id: row.entry_id for row in made}
    entries = [numbers[content_id] for content_id in ids]
    _add_signals(tx, vault, key_id, list(zip(entries, contents, strict=True)))
    statuses = [_status(one).value for one in contents]
    _record(tx, [(e, s) for e, s in zip(entries, statuses, strict=True)], now)
    return ids


def _status(one: NewContent) -> ContentStatus:
    return ContentStatus.HELD if one.is_held else ContentStatus.ACTIVE


def _add_signals(
    tx: Connection, vault: Vault, key_id: KeyId, entries: Sequence[tuple[int, NewContent]]
) -> None:
    signals = [(entry_id, signal) for entry_id, one in entries for signal in one.signals]
    sealed = vault.seal_many(
        tx, key_id, ((signal.value, f"content:{entry_id}") for entry_id, signal in signals)
    )
    rows = [
        {
            "entry_id": entry_id,
            "type": signal.type.value,
            "sealed": value,
            "quality": signal.quality,
        }
        for (entry_id, signal), value in zip(signals, sealed, strict=True)
    ]
    tx.execute(insert(content_signal), rows)


def _record(tx: Connection, changes: Sequence[tuple[int, str]], at: datetime) -> None:
    """One step of the feed for each; the head's row stays locked until the commit."""
    last = tx.execute(
        update(feed_head)
        .where(feed_head.c.id == 1)
        .values(seq=feed_head.c.seq + len(changes))
        .returning(feed_head.c.seq)
    ).scalar_one()
    first = int(last) - len(changes) + 1
    rows: list[dict[str, Any]] = [
        {"seq": seq, "entry_id": entry_id, "status": status, "changed_at": at}
        for seq, (entry_id, status) in enumerate(changes, first)
    ]
    tx.execute(insert(feed_change), rows)


class KnownContents:
    """Which sets of values a bank holds from one origin, as digests of 64 bits that only this object knows.

    Eight bytes each. That two of ten million are mistaken for one has a chance of three in a million.
    """

    def __init__(self, vault: Vault, bank_id: str, *, origin_kind: str, origin_id: str) -> None:
        self._vault = vault
        self._where = (
            content.c.bank_id == bank_id,
            content.c.origin_kind == origin_kind,
            content.c.origin_id == origin_id,
            content.c.status != ContentStatus.WITHDRAWN.value,
        )
        self._key = secrets.token_bytes(16)
        self._upto = 0
        self._sorted = np.empty(0, dtype=np.uint64)
        self._fresh: set[int] = set()

    def catch_up(self, tx: Connection) -> None:
        """Learn what came in since the last time, whoever put it in."""
        while True:
            numbers = tx.scalars(
                select(content.c.entry_id)
                .where(content.c.entry_id > self._upto, *self._where)
                .order_by(content.c.entry_id)
                .limit(_AT_ONCE)
            ).all()
            for signals in signals_of(tx, self._vault, numbers).values():
                self.add(signals)
            if not numbers:
                return
            self._upto = numbers[-1]

    def take_turn(self, tx: Connection) -> None:
        """Wait for the turn to change contents, then learn what came in: until the commit nothing else will."""
        lock_feed(tx)
        self.catch_up(tx)

    def pass_over(self, tx: Connection) -> None:
        """Take all that is there by now as known: for what was just put in after `add`."""
        newest = tx.scalar(select(func.max(content.c.entry_id)).where(*self._where))
        self._upto = max(self._upto, newest or 0)

    def add(self, signals: Sequence[Signal]) -> bool:
        """Whether a content with these values was not known; now it is. Their order says nothing."""
        digest = hashlib.blake2b(key=self._key, digest_size=8)
        for word in sorted(f"{signal.type}:{signal.hex};" for signal in signals):
            digest.update(word.encode())
        number = int.from_bytes(digest.digest())
        if number in self._fresh:
            return False
        at = int(np.searchsorted(self._sorted, np.uint64(number)))
        if at < len(self._sorted) and int(self._sorted[at]) == number:
            return False
        self._fresh.add(number)
        if len(self._fresh) >= _MERGE_AT:
            fresh = np.fromiter(self._fresh, dtype=np.uint64, count=len(self._fresh))
            self._sorted = np.sort(np.concatenate([self._sorted, fresh]))
            self._fresh.clear()
        return True
