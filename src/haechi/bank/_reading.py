# SPDX-License-Identifier: Apache-2.0
"""Reading contents: one by its id, those of a bank in pages, and their signals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, func, select

from haechi.bank._tables import bank, content, content_signal
from haechi.bank._visible import handed_to
from haechi.errors import NotFound
from haechi.storage import KeyId, Vault
from haechi.values import ContentStatus, Reader, Signal, SignalType

_MOST_NUMBERS: Final = 500


@dataclass(frozen=True, slots=True)
class Content:
    """One thing in a bank, without its signals. `entry_id` is the number that the index knows it by."""

    entry_id: int
    id: str
    bank_id: str
    status: ContentStatus
    created_at: datetime
    changed_at: datetime
    held_until: datetime | None
    quarantined_at: datetime | None
    origin_kind: str
    origin_id: str
    has_note: bool


@dataclass(frozen=True, slots=True)
class ContentCounts:
    """How many contents a bank has: `quarantined` ones are among the active and the held."""

    active: int = 0
    held: int = 0
    withdrawn: int = 0
    quarantined: int = 0


def content_by_id(tx: Connection, content_id: str, *, bank_id: str | None = None) -> Content:
    """The content with this id; with `bank_id` only if it is in that bank.

    Raises:
        NotFound: there is none, or it is in another bank: the answer is the same.
    """
    query = _contents().where(content.c.id == content_id)
    if bank_id is not None:
        query = query.where(content.c.bank_id == bank_id)
    row = tx.execute(query).one_or_none()
    if row is None:
        raise NotFound
    return _content(row)


def contents_of(
    tx: Connection,
    bank_ids: str | Collection[str],
    *,
    after: int = 0,
    limit: int = 100,
    statuses: Collection[ContentStatus] = tuple(ContentStatus),
    is_quarantined: bool | None = None,
    reader: Reader | None = None,
    at: datetime | None = None,
) -> list[Content]:
    """The contents of one bank or several in the order in which they came, after entry `after`, at most `limit`.

    With `reader` (and then `at`) only those whose values may be handed to it at that moment.
    """
    wanted = [bank_ids] if isinstance(bank_ids, str) else list(bank_ids)
    query = _contents().where(
        content.c.bank_id.in_(wanted),
        content.c.entry_id > after,
        content.c.status.in_([status.value for status in statuses]),
    )
    if is_quarantined is not None:
        query = query.where(content.c.quarantined_at.is_not(None) == is_quarantined)
    if reader is not None:
        assert at is not None  # noqa: S101  # whom it reaches depends on when
        query = query.join(bank, bank.c.id == content.c.bank_id).where(handed_to(reader, at))
    return [_content(row) for row in tx.execute(query.order_by(content.c.entry_id).limit(limit))]


def contents_by_bank(tx: Connection, bank_id: str | None = None) -> dict[str, ContentCounts]:
    """How many contents each bank has that has any, by the bank's id; or of one bank alone."""
    query = select(
        content.c.bank_id,
        content.c.status,
        func.count().label("contents"),
        func.count(content.c.quarantined_at).label("quarantined"),
    ).group_by(content.c.bank_id, content.c.status)
    rows = tx.execute(query if bank_id is None else query.where(content.c.bank_id == bank_id))
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        counts[row.bank_id][row.status] = row.contents
        counts[row.bank_id]["quarantined"] += row.quarantined
    return {bank_id: ContentCounts(**found) for bank_id, found in counts.items()}


def signals_of(
    tx: Connection,
    vault: Vault,
    entry_ids: Collection[int],
    *,
    types: Collection[SignalType] = tuple(SignalType),
) -> dict[int, tuple[Signal, ...]]:
    """The signals of these entries, in the order in which they came; one that does not open is left out."""
    numbers = list(entry_ids)
    found: dict[int, tuple[Signal, ...]] = {}
    for first in range(0, len(numbers), _MOST_NUMBERS):
        rows = tx.execute(
            select(
                content_signal.c.entry_id,
                content_signal.c.type,
                content_signal.c.sealed,
                content_signal.c.quality,
                content.c.key_id,
            )
            .join(content, content.c.entry_id == content_signal.c.entry_id)
            .where(
                content_signal.c.entry_id.in_(numbers[first : first + _MOST_NUMBERS]),
                content_signal.c.type.in_([kind.value for kind in types]),
            )
            .order_by(content_signal.c.id)
        ).all()
        sealed = [(KeyId(row.key_id), row.sealed, f"content:{row.entry_id}") for row in rows]
        for row, value in zip(rows, vault.open_many(tx, sealed), strict=True):
            signal = _signal(row.type, value, row.quality)
            if signal is not None:
                found[row.entry_id] = (*found.get(row.entry_id, ()), signal)
    return found


def _signal(type_name: str, value: bytes | None, quality: int | None) -> Signal | None:
    try:
        return None if value is None else Signal(SignalType(type_name), value, quality)
    except ValueError:
        return None


def _contents() -> Select[Any]:
    return select(
        content.c.entry_id,
        content.c.id,
        content.c.bank_id,
        content.c.status,
        content.c.created_at,
        content.c.changed_at,
        content.c.held_until,
        content.c.quarantined_at,
        content.c.origin_kind,
        content.c.origin_id,
        content.c.sealed_note.is_not(None).label("has_note"),
    )


def _content(row: Row[Any]) -> Content:
    return Content(
        row.entry_id,
        row.id,
        row.bank_id,
        ContentStatus(row.status),
        row.created_at,
        row.changed_at,
        row.held_until,
        row.quarantined_at,
        row.origin_kind,
        row.origin_id,
        bool(row.has_note),
    )
