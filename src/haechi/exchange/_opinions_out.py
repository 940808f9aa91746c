# SPDX-License-Identifier: Apache-2.0
"""Opinions on contents that came from a source, on their way back to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select, update

from haechi.exchange._tables import opinion_out, source, source_record
from haechi.values import Opinion, utc_now

_MOST_TRIES: Final = 8


@dataclass(frozen=True, slots=True)
class OpinionOut:
    """One opinion that is to be sent."""

    id: int
    content_id: str
    opinion: Opinion


def queue_opinion(tx: Connection, content_id: str, opinion: Opinion) -> bool:
    """Whether this opinion will be sent to where the content came from.

    Only to a source that is sent opinions. The newest one counts: it takes the place of one on the same
    content that is still waiting.
    """
    source_id = tx.scalar(
        select(source_record.c.source_id)
        .join(source, source.c.id == source_record.c.source_id)
        .where(source_record.c.content_id == content_id, source.c.sends_opinions)
    )
    if source_id is None:
        return False
    tx.execute(
        delete(opinion_out).where(
            opinion_out.c.source_id == source_id,
            opinion_out.c.content_id == content_id,
            opinion_out.c.sent_at.is_(None),
        )
    )
    tx.execute(
        insert(opinion_out).values(
            source_id=source_id, content_id=content_id, value=opinion.value, given_at=utc_now()
        )
    )
    return True


def waiting_opinions(tx: Connection, source_id: str, *, limit: int = 100) -> list[OpinionOut]:
    """What is to be sent to a source, oldest first; not what was tried too often."""
    rows = tx.execute(
        select(opinion_out)
        .where(
            opinion_out.c.source_id == source_id,
            opinion_out.c.sent_at.is_(None),
            opinion_out.c.tries < _MOST_TRIES,
        )
        .order_by(opinion_out.c.id)
        .limit(limit)
    )
    return [OpinionOut(row.id, row.content_id, Opinion(row.value)) for row in rows]


def count_opinions(tx: Connection, source_id: str) -> tuple[int, int]:
    """How many opinions wait to be sent to a source, and how many were given up."""
    rows = tx.execute(
        select(opinion_out.c.tries, func.count().label("number"))
        .where(opinion_out.c.source_id == source_id, opinion_out.c.sent_at.is_(None))
        .group_by(opinion_out.c.tries)
    ).all()
    waiting = sum(row.number for row in rows if row.tries < _MOST_TRIES)
    return waiting, sum(row.number for row in rows) - waiting


def note_opinion(tx: Connection, opinion_id: int, *, sent_at: datetime | None) -> None:
    """Note that an opinion was sent, or tried once more in vain."""
    tx.execute(
        update(opinion_out)
        .where(opinion_out.c.id == opinion_id)
        .values(sent_at=sent_at, tries=opinion_out.c.tries + 1)
    )


def drop_opinion(tx: Connection, opinion_id: int) -> None:
    """Forget an opinion: the source no longer has what it was on."""
    tx.execute(delete(opinion_out).where(opinion_out.c.id == opinion_id))
