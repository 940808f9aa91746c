# SPDX-License-Identifier: Apache-2.0
"""How much each partner asked, by the minute: never what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from haechi.exchange._tables import partner_usage


@dataclass(frozen=True, slots=True)
class Usage:
    """What a partner asked by one verb in one minute: signals, and how many uploads were known."""

    partner_id: str
    minute_at: datetime
    verb: str
    asked: int
    matched: int


def add_usage(tx: Connection, counts: Iterable[Usage]) -> None:
    """Add these to what is counted already; other processes may add to the same minute."""
    for one in counts:
        if _add(tx, one):
            continue
        try:
            with tx.begin_nested():
                tx.execute(
                    insert(partner_usage).values(
                        partner_id=one.partner_id,
                        minute_at=one.minute_at,
                        verb=one.verb,
                        asked=one.asked,
                        matched=one.matched,
                    )
                )
        except IntegrityError:
            _add(tx, one)  # another process began this minute at the same moment


def _add(tx: Connection, one: Usage) -> bool:
    added = tx.execute(
        update(partner_usage)
        .where(
            partner_usage.c.partner_id == one.partner_id,
            partner_usage.c.minute_at == one.minute_at,
            partner_usage.c.verb == one.verb,
        )
        .values(
            asked=partner_usage.c.asked + one.asked,
            matched=partner_usage.c.matched + one.matched,
        )
    )
    return bool(added.rowcount)


def usage_of(tx: Connection, partner_id: str, *, since: datetime, limit: int = 1500) -> list[Usage]:
    """What a partner asked since a moment, newest minute first."""
    rows = tx.execute(
        select(partner_usage)
        .where(partner_usage.c.partner_id == partner_id, partner_usage.c.minute_at >= since)
        .order_by(partner_usage.c.minute_at.desc(), partner_usage.c.verb)
        .limit(limit)
    )
    return [Usage(row.partner_id, row.minute_at, row.verb, row.asked, row.matched) for row in rows]


def forget_usage(tx: Connection, *, before: datetime) -> int:
    """Forget the counts of minutes before a moment; how many there were."""
    forgotten = tx.execute(delete(partner_usage).where(partner_usage.c.minute_at < before))
    return int(forgotten.rowcount)
