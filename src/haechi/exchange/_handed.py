# SPDX-License-Identifier: Apache-2.0
"""Values that a partner copied into a list of its own, until it was told to drop them.

Such a partner can only drop a value that it is told again. So what was handed to it is kept sealed under
the partner's own key, and not under that of the case: the case can be erased at once all the same. The
value is deleted as soon as the partner shows that it has stored the withdrawal, and after a limit anyway
(docs/decisions/018).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from haechi.exchange._tables import handed_value
from haechi.storage import KeyId, Vault
from haechi.values import Signal, SignalType

_MOST_NUMBERS: Final = 500


@dataclass(frozen=True, slots=True)
class Handed:
    """A value that a partner may hold; `ended_seq` is the step that told it to drop it, if one did."""

    entry_id: int
    signal: Signal
    ended_seq: int | None


def hand_over(
    tx: Connection,
    vault: Vault,
    key_id: KeyId,
    partner_id: str,
    handed: Mapping[int, Sequence[Signal]],
) -> None:
    """Note that the partner is given these signals of these entries; what it was told to drop counts anew."""
    known = _rows(tx, partner_id, handed)
    fresh = []
    for entry_id, signals in handed.items():
        numbers: dict[SignalType, int] = defaultdict(int)
        for signal in signals:
            place = (entry_id, signal.type.value, numbers[signal.type])
            numbers[signal.type] += 1
            if place not in known:
                fresh.append((place, signal))
    for numbers_part in _parts(list(handed)):
        tx.execute(
            update(handed_value)
            .where(
                handed_value.c.partner_id == partner_id,
                handed_value.c.entry_id.in_(numbers_part),
                handed_value.c.ended_seq.is_not(None),
            )
            .values(ended_seq=None)
        )
    if fresh:
        sealed = vault.seal_many(
            tx, key_id, ((signal.value, _context(partner_id, place)) for place, signal in fresh)
        )
        rows = [
            {
                "partner_id": partner_id,
                "entry_id": place[0],
                "type": place[1],
                "number": place[2],
                "sealed": value,
            }
            for (place, _), value in zip(fresh, sealed, strict=True)
        ]
        tx.execute(insert(handed_value), rows)


def handed_of(
    tx: Connection, vault: Vault, key_id: KeyId, partner_id: str, entry_ids: Collection[int]
) -> dict[int, list[Handed]]:
    """What the partner may hold of each of these entries; what does not open is left out."""
    rows = _rows(tx, partner_id, entry_ids)
    places = sorted(rows)
    opened = vault.open_many(
        tx, [(key_id, rows[place][0], _context(partner_id, place)) for place in places]
    )
    found: dict[int, list[Handed]] = defaultdict(list)
    for place, value in zip(places, opened, strict=True):
        if value is not None:
            kind = SignalType(place[1])
            signal = Signal(kind, value, 100 if kind is SignalType.PDQ else None)
            found[place[0]].append(Handed(place[0], signal, rows[place][1]))
    return dict(found)


def note_ended(tx: Connection, partner_id: str, ended: Mapping[int, int]) -> None:
    """Note by which step the partner was told to drop each of these entries."""
    for entry_id, seq in ended.items():
        tx.execute(
            update(handed_value)
            .where(
                handed_value.c.partner_id == partner_id,
                handed_value.c.entry_id == entry_id,
                handed_value.c.ended_seq.is_(None),
            )
            .values(ended_seq=seq)
        )


def forget_ended(tx: Connection, partner_id: str, *, upto: int) -> int:
    """Delete what the partner was told to drop by a step up to this one; how many values that were."""
    return tx.execute(
        delete(handed_value).where(
            handed_value.c.partner_id == partner_id, handed_value.c.ended_seq <= upto
        )
    ).rowcount


def forget_entries(tx: Connection, entry_ids: Collection[int]) -> int:
    """Delete what any partner was given of these entries; how many values that were."""
    return sum(
        tx.execute(delete(handed_value).where(handed_value.c.entry_id.in_(part))).rowcount
        for part in _parts(list(entry_ids))
    )


def handed_entries(
    tx: Connection, *, after: int, limit: int = 5000, partner_id: str | None = None
) -> list[int]:
    """The entries that any partner, or this one, may hold values of: after this one, by rising number."""
    query = select(handed_value.c.entry_id).where(handed_value.c.entry_id > after).distinct()
    if partner_id is not None:
        query = query.where(handed_value.c.partner_id == partner_id)
    return list(tx.scalars(query.order_by(handed_value.c.entry_id).limit(limit)))


def _rows(
    tx: Connection, partner_id: str, entry_ids: Collection[int]
) -> dict[tuple[int, str, int], tuple[bytes, int | None]]:
    found = {}
    for part in _parts(list(entry_ids)):
        rows = tx.execute(
            select(handed_value).where(
                handed_value.c.partner_id == partner_id, handed_value.c.entry_id.in_(part)
            )
        )
        for row in rows:
            found[row.entry_id, row.type, row.number] = row.sealed, row.ended_seq
    return found


def _parts(numbers: list[int]) -> list[list[int]]:
    return [
        numbers[first : first + _MOST_NUMBERS] for first in range(0, len(numbers), _MOST_NUMBERS)
    ]


def _context(partner_id: str, place: tuple[int, str, int]) -> str:
    return f"handed:{partner_id}:{place[0]}:{place[1]}:{place[2]}"
