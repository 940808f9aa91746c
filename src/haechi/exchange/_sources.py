# SPDX-License-Identifier: Apache-2.0
"""Whom we pull from: how each is reached, who pulls it now, and how far that is.

How a source is reached is sealed under a key of its own, which goes with it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from haechi.errors import MalformedField, NotFound
from haechi.exchange._tables import opinion_out, set_aside, source, source_record
from haechi.exchange.partners import SourceConfig
from haechi.storage import KeyId, Vault, new_id
from haechi.values import utc_now

_LEASE: Final = timedelta(minutes=15)
"""Who pulls says so with every page; after so long without a word another may."""

_MOST_NAME_CHARACTERS: Final = 80
_MOST_WORD_CHARACTERS: Final = 40


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the pulling is. A full round reads everything, so that what it did not see has gone.

    `at` is the protocol's own checkpoint. `round` is the number of the newest full round, `is_full` while it
    is under way, `is_doubtful` if it may have missed something. `is_unswept`: it is over, and what it did not
    see is so much that somebody should look. `is_complete`: the source had nothing more. `pulled_at`: the
    last answer.
    """

    at: Mapping[str, Any] | None = field(default=None, repr=False)
    round: int = 0
    is_full: bool = False
    is_doubtful: bool = False
    is_unswept: bool = False
    is_complete: bool = False
    pulled_at: datetime | None = None

    def as_text(self) -> str:
        """The progress as it is stored."""
        at = self.pulled_at.isoformat() if self.pulled_at else None
        return json.dumps({**asdict(self), "pulled_at": at})

    @classmethod
    def of(cls, text: str | None) -> Progress:
        """The progress that was stored; none yet for None."""
        if text is None:
            return cls()
        told = json.loads(text)
        at = told.pop("pulled_at")
        return cls(**told, pulled_at=datetime.fromisoformat(at) if at else None)


@dataclass(frozen=True, slots=True)
class Source:
    """One of those we pull from: `bank_id` holds what came, `last_error` is one word, or empty."""

    id: str
    name: str
    protocol: str
    bank_id: str
    key_id: KeyId
    is_enabled: bool
    sends_opinions: bool
    created_at: datetime
    progress: Progress
    begun_at: datetime | None
    ended_at: datetime | None
    complete_at: datetime | None
    last_error: str
    records: int

    def is_pulled_at(self, now: datetime) -> bool:
        """Whether somebody is pulling it at that moment."""
        if self.begun_at is None or (self.ended_at is not None and self.ended_at >= self.begun_at):
            return False
        return now - self.begun_at < _LEASE


def add_source(
    tx: Connection,
    vault: Vault,
    *,
    name: str,
    protocol: str,
    bank_id: str,
    config: SourceConfig,
    sends_opinions: bool,
) -> Source:
    """A new source, on from now; nothing is pulled by this.

    Raises:
        MalformedField: the name is none, or is taken.
    """
    name = name.strip()
    if not 1 <= len(name) <= _MOST_NAME_CHARACTERS or not name.isprintable():
        raise MalformedField(
            field="name", reason=f"A source's name has 1 to {_MOST_NAME_CHARACTERS} characters."
        )
    source_id = new_id("src")
    key_id = vault.new_key(tx)
    # Names of records are told apart by a keyed digest: a plain one could be tried with known values.
    stored = {**config.as_json(), "pepper": secrets.token_hex(32)}
    try:
        with tx.begin_nested():
            tx.execute(
                insert(source).values(
                    id=source_id,
                    name=name,
                    protocol=protocol,
                    bank_id=bank_id,
                    key_id=key_id,
                    sealed_config=_sealed(tx, vault, key_id, source_id, stored),
                    sends_opinions=sends_opinions,
                    created_at=utc_now(),
                )
            )
    except IntegrityError as error:
        raise MalformedField(
            field="name", reason="There is a source of that name already."
        ) from error
    return source_named(tx, name)


def change_source(
    tx: Connection,
    vault: Vault,
    found: Source,
    *,
    config: SourceConfig | None = None,
    is_enabled: bool | None = None,
    sends_opinions: bool | None = None,
) -> Source:
    """The source as it is now; None leaves a fact as it was.

    Where it is reached another way it is read whole at the next pull, and one that was turned on anew has
    no error.
    """
    values: dict[str, Any] = {}
    if config is not None:
        stored = {**config.as_json(), "pepper": _stored(tx, vault, found)["pepper"]}
        values["sealed_config"] = _sealed(tx, vault, found.key_id, found.id, stored)
        if config.address != source_config(tx, vault, found).address:
            values["checkpoint"] = replace(found.progress, at=None, pulled_at=None).as_text()
    if is_enabled is not None:
        values["is_enabled"] = is_enabled
        values["last_error"] = ""
    if sends_opinions is not None:
        values["sends_opinions"] = sends_opinions
    if values:
        tx.execute(update(source).where(source.c.id == found.id).values(**values))
    return source_named(tx, found.name)


def source_named(tx: Connection, name: str) -> Source:
    """The source of that name.

    Raises:
        NotFound: there is none.
    """
    row = tx.execute(select(source).where(source.c.name == name.strip())).one_or_none()
    if row is None:
        raise NotFound
    return _source(row)


def all_sources(tx: Connection) -> list[Source]:
    """Every source, oldest first."""
    rows = tx.execute(select(source).order_by(source.c.created_at, source.c.id))
    return [_source(row) for row in rows]


def source_config(tx: Connection, vault: Vault, found: Source) -> SourceConfig:
    """How a source is reached."""
    stored = _stored(tx, vault, found)
    return SourceConfig(stored["address"], stored["credentials"], stored["options"])


def record_pepper(tx: Connection, vault: Vault, found: Source) -> bytes:
    """The secret by which names of this source's records are digested."""
    return bytes.fromhex(_stored(tx, vault, found)["pepper"])


def claim_source(tx: Connection, source_id: str, *, at: datetime) -> bool:
    """Whether the caller may pull this source from now on: nobody else does."""
    claimed = tx.execute(
        update(source)
        .where(
            source.c.id == source_id,
            or_(
                source.c.begun_at.is_(None),
                source.c.ended_at >= source.c.begun_at,
                source.c.begun_at < at - _LEASE,
            ),
        )
        .values(begun_at=at)
    )
    return bool(claimed.rowcount)


def keep_claim(tx: Connection, source_id: str, *, since: datetime, at: datetime) -> bool:
    """Whether the claim of `since` still holds; then it is one of `at`, and the source is locked."""
    kept = tx.execute(
        update(source)
        .where(source.c.id == source_id, source.c.begun_at == since)
        .values(begun_at=at)
    )
    return bool(kept.rowcount)


def note_progress(tx: Connection, source_id: str, progress: Progress) -> None:
    """Write down how far the pulling is, in the transaction that stored what was pulled."""
    tx.execute(update(source).where(source.c.id == source_id).values(checkpoint=progress.as_text()))


def end_claim(
    tx: Connection, source_id: str, *, since: datetime, error: str, is_complete: bool
) -> None:
    """Give the source back after a pull, with one word of what went wrong, or none; by who still has it."""
    now = max(utc_now(), since)
    values: dict[str, Any] = {
        "ended_at": now,
        "last_error": error[:_MOST_WORD_CHARACTERS],
        "records": (
            select(func.count())
            .select_from(source_record)
            .where(source_record.c.source_id == source_id)
            .scalar_subquery()
        ),
    }
    if is_complete:
        values["complete_at"] = now
    tx.execute(
        update(source).where(source.c.id == source_id, source.c.begun_at == since).values(**values)
    )


def return_claim(tx: Connection, found: Source, *, since: datetime) -> None:
    """Give the source back as it was when it was claimed: nothing was pulled."""
    tx.execute(
        update(source)
        .where(source.c.id == found.id, source.c.begun_at == since)
        .values(begun_at=found.begun_at)
    )


def forget_set_aside(tx: Connection, source_id: str) -> None:
    """Forget what could not be read: another round tells it anew."""
    tx.execute(delete(set_aside).where(set_aside.c.origin_id == source_id))


def forget_source(tx: Connection, vault: Vault, found: Source) -> None:
    """Forget a source of which nothing is left in its bank, and destroy its key."""
    for table, column in (
        (opinion_out, opinion_out.c.source_id),
        (source_record, source_record.c.source_id),
        (set_aside, set_aside.c.origin_id),
        (source, source.c.id),
    ):
        tx.execute(delete(table).where(column == found.id))
    vault.destroy_key(tx, found.key_id)


def _context(source_id: str) -> str:
    return f"source_config:{source_id}"


def _sealed(
    tx: Connection, vault: Vault, key_id: KeyId, source_id: str, stored: Mapping[str, Any]
) -> bytes:
    return vault.seal(tx, key_id, json.dumps(stored).encode(), context=_context(source_id))


def _stored(tx: Connection, vault: Vault, found: Source) -> dict[str, Any]:
    sealed = tx.scalar(select(source.c.sealed_config).where(source.c.id == found.id))
    if sealed is None:
        raise NotFound
    plain = vault.open(tx, found.key_id, sealed, context=_context(found.id))
    stored: dict[str, Any] = json.loads(plain)
    return stored


def _source(row: Row[Any]) -> Source:
    return Source(
        row.id,
        row.name,
        row.protocol,
        row.bank_id,
        KeyId(row.key_id),
        row.is_enabled,
        row.sends_opinions,
        row.created_at,
        Progress.of(row.checkpoint),
        row.begun_at,
        row.ended_at,
        row.complete_at,
        row.last_error,
        row.records,
    )
