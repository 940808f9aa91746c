# SPDX-License-Identifier: Apache-2.0
"""The feed as one partner may see it: of each step what the content is to that partner *now*.

Regional signals never leave the service, and neither does a sha256 (docs/threat-model.md): whoever
follows is handed `pdq`, `vpdq` and `md5`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, func, or_, select

from haechi.bank._banks import REPORTS_BANK
from haechi.bank._compaction import compacted_to
from haechi.bank._feed import feed_position
from haechi.bank._tables import bank, content, content_signal, feed_change
from haechi.bank._visible import handed_to
from haechi.storage import Vault, make_fact, stored_fact
from haechi.values import BankPolicy, ContentStatus, Reader, Signal, SignalType

HANDED_TYPES: Final = (SignalType.PDQ, SignalType.VPDQ, SignalType.MD5)
"""The only signals that a partner is ever handed."""

_MOST_SEALED_BYTES: Final = 4 * 1024 * 1024
"""So much of signals stands in one answer, and at least one content: videos are long."""

_FACT: Final = "feed_id"
_HANDED: Final = tuple(kind.value for kind in HANDED_TYPES)


@dataclass(frozen=True, slots=True)
class Present:
    """A content that a partner may match, until the moment `until`, whether or not a step says so then."""

    bank: str
    policy: BankPolicy
    radius_bits: int
    until: datetime | None
    signals: tuple[Signal, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What a partner is told by one step: the content as it is now, or None for what it must forget."""

    seq: int
    content_id: str
    present: Present | None


@dataclass(frozen=True, slots=True)
class ToldChanges:
    """Some steps for a partner, oldest first; `next_seq` is what to ask after next, `head` the newest."""

    next_seq: int
    head: int
    compacted: int
    steps: tuple[Told, ...]


def begin_feed(tx: Connection) -> None:
    """Give the feed of this installation its name, if it has none yet."""
    make_fact(tx, _FACT, lambda: secrets.token_bytes(16))


def feed_id(tx: Connection, reader: Reader) -> str | None:
    """The name of the feed as this partner sees it; None before `begin_feed`.

    It is another one when what the partner may see at all is another. Whoever copied under another name
    begins anew.
    """
    own = stored_fact(tx, _FACT)
    if own is None:
        return None
    sort = f"|{reader.partner_id}|{reader.kind.value}|{reader.serves_adults_only}"
    return f"feed_{hashlib.sha256(own + sort.encode()).hexdigest()[:32]}"


def changes_for(
    tx: Connection, vault: Vault, reader: Reader, seq: int, *, at: datetime, limit: int
) -> ToldChanges:
    """What this partner is told of the steps after number `seq`, at most `limit` of them.

    A step says what its content is at the moment `at`, so steps may be applied twice and in any number.
    Of two steps of one content here only the later is told. What was made up for other partners is never
    told of; every other content that this partner may not be told of, withdrawn, held, or not shared, is
    only an opaque id to forget.
    """
    head = feed_position(tx)
    rows = _steps(tx, reader, seq, at, limit)
    is_whole = len(rows) < limit
    rows, is_cut = _cut(tx, rows)
    signals = _handed_signals(tx, vault, rows)
    latest = {row.entry_id: row.seq for row in rows}
    steps = tuple(
        Told(row.seq, row.id, _present(row, signals.get(row.entry_id, ())))
        for row in rows
        if latest[row.entry_id] == row.seq
    )
    # What is left out at the end, as steps that were compacted are, is passed over too.
    next_seq = max(seq, head) if is_whole and not is_cut else rows[-1].seq
    return ToldChanges(next_seq, head, compacted_to(tx), steps)


def _steps(
    tx: Connection, reader: Reader, seq: int, at: datetime, limit: int
) -> Sequence[Row[Any]]:
    is_handed = and_(content.c.status == ContentStatus.ACTIVE.value, handed_to(reader, at))
    return tx.execute(
        select(
            feed_change.c.seq,
            content.c.entry_id,
            content.c.id,
            content.c.shared_until,
            content.c.quarantined_at,
            bank.c.name,
            bank.c.policy,
            bank.c.radius_bits,
            bank.c.canary_of,
            is_handed.label("is_handed"),
        )
        .join(content, content.c.entry_id == feed_change.c.entry_id)
        .join(bank, bank.c.id == content.c.bank_id)
        .where(
            feed_change.c.seq > seq,
            or_(bank.c.canary_of.is_(None), bank.c.canary_of == reader.partner_id),
        )
        .order_by(feed_change.c.seq)
        .limit(limit)
    ).all()


def _cut(tx: Connection, rows: Sequence[Row[Any]]) -> tuple[Sequence[Row[Any]], bool]:
    """The first of these steps, as many as fit into one answer, and whether any were left out."""
    if not rows:
        return rows, False
    sizes = {
        row.entry_id: row.size
        for row in tx.execute(
            select(
                content_signal.c.entry_id,
                func.sum(func.length(content_signal.c.sealed)).label("size"),
            )
            .where(
                content_signal.c.entry_id.in_(_touched(rows)),
                content_signal.c.type == SignalType.VPDQ.value,
            )
            .group_by(content_signal.c.entry_id)
        )
    }
    left = _MOST_SEALED_BYTES
    for place, row in enumerate(rows):
        left -= int(sizes.get(row.entry_id, 0)) if row.is_handed else 0
        if left < 0 and place:
            return rows[:place], True
    return rows, False


def _touched(rows: Sequence[Row[Any]]) -> Any:
    between = feed_change.c.seq.between(rows[0].seq, rows[-1].seq)
    return select(feed_change.c.entry_id).where(between).distinct()


def _handed_signals(
    tx: Connection, vault: Vault, rows: Sequence[Row[Any]]
) -> dict[int, tuple[Signal, ...]]:
    """What is handed of each of these contents; a signal that does not open is left out."""
    wanted = {row.entry_id for row in rows if row.is_handed}
    if not wanted:
        return {}
    found = tx.execute(
        select(
            content.c.entry_id,
            content.c.key_id,
            content_signal.c.type,
            content_signal.c.sealed,
            content_signal.c.quality,
        )
        .join(content, content.c.entry_id == content_signal.c.entry_id)
        .where(content.c.entry_id.in_(_touched(rows)), content_signal.c.type.in_(_HANDED))
        .order_by(content_signal.c.id)
    )
    stored = [row for row in found if row.entry_id in wanted]
    values = vault.open_many(
        tx, [(row.key_id, row.sealed, f"content:{row.entry_id}") for row in stored]
    )
    handed: dict[int, list[Signal]] = defaultdict(list)
    for row, value in zip(stored, values, strict=True):
        signal = None if value is None else _signal(row.type, value, row.quality)
        if signal is not None:
            handed[row.entry_id].append(signal)
    return {entry_id: tuple(signals) for entry_id, signals in handed.items()}


def _signal(type_name: str, value: bytes, quality: int | None) -> Signal | None:
    try:
        return Signal(SignalType(type_name), value, quality)
    except (ValueError, TypeError):
        return None


def _present(row: Row[Any], signals: tuple[Signal, ...]) -> Present | None:
    """The content as it is told; what has nothing that could be handed is nothing to a partner."""
    if not row.is_handed or not signals:
        return None
    policy = BankPolicy.REVIEW if row.quarantined_at is not None else BankPolicy(row.policy)
    if row.canary_of is not None:
        # Nobody shared it, so nobody's sharing ends.
        return Present(REPORTS_BANK, policy, row.radius_bits, None, signals)
    return Present(row.name, policy, row.radius_bits, row.shared_until, signals)
