# SPDX-License-Identifier: Apache-2.0
"""Lines and records that could not be read: counted and named by place and reason, never by what they hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, insert, select

from haechi.exchange._tables import set_aside as table
from haechi.values import utc_now

_MOST_CHARACTERS: Final = 100


@dataclass(frozen=True, slots=True)
class SetAside:
    """One line or record that could not be read: `origin_id` is an import's or a source's."""

    origin_id: str
    place: str
    reason: str
    noted_at: datetime


def set_aside(tx: Connection, origin_id: str, place: str, reason: str) -> None:
    """Note that what stands at this place could not be read, and why, in words of ours."""
    set_aside_many(tx, origin_id, [(place, reason)])


def set_aside_many(tx: Connection, origin_id: str, places: Iterable[tuple[str, str]]) -> None:
    """Note of each of these places why it could not be read."""
    now = utc_now()
    rows = [
        {
            "origin_id": origin_id,
            "place": place[:_MOST_CHARACTERS],
            "reason": reason[:_MOST_CHARACTERS],
            "noted_at": now,
        }
        for place, reason in places
    ]
    if rows:
        tx.execute(insert(table), rows)


def all_set_aside(tx: Connection, origin_id: str, *, limit: int = 1000) -> list[SetAside]:
    """What was set aside of this import or source, oldest first, at most `limit`."""
    rows = tx.execute(
        select(table).where(table.c.origin_id == origin_id).order_by(table.c.id).limit(limit)
    )
    return [SetAside(row.origin_id, row.place, row.reason, row.noted_at) for row in rows]


def count_set_aside(tx: Connection, origin_id: str) -> dict[str, int]:
    """How many were set aside of this import or source, by reason."""
    rows = tx.execute(
        select(table.c.reason, func.count().label("places"))
        .where(table.c.origin_id == origin_id)
        .group_by(table.c.reason)
    )
    return {row.reason: row.places for row in rows}
