# SPDX-License-Identifier: Apache-2.0
"""One audit row for each verb, in the verb's own transaction, chained to the row before."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from haechi.audit._chain import append
from haechi.audit._tables import audit_event
from haechi.values import Actor, utc_now


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log; `seq` is None in lines that are older than the chain."""

    id: int
    seq: int | None
    at: datetime
    actor_kind: str
    actor_id: str
    verb: str
    subject_id: str
    detail: str


def record(tx: Connection, actor: Actor, verb: str, subject_id: str, *, detail: str = "") -> None:
    """Write who did what to which id; never content, an address or a value of a signal.

    The end of the chain stays locked until the commit: a verb that also locks the feed or a case does
    that first, so that nobody waits in a circle.
    """
    row = {
        "at": utc_now(),
        "actor_kind": actor.kind.value,
        "actor_id": actor.id,
        "verb": verb,
        "subject_id": subject_id,
        "detail": detail,
    }
    seq, digest = append(tx, row)
    tx.execute(insert(audit_event).values(seq=seq, digest=digest, **row))


def moments_of(
    tx: Connection, verbs: Collection[str], subject_id: str, *, limit: int
) -> tuple[datetime, ...]:
    """When one of these was done to this id, newest first."""
    rows = tx.scalars(
        select(audit_event.c.at)
        .where(audit_event.c.subject_id == subject_id, audit_event.c.verb.in_(verbs))
        .order_by(audit_event.c.id.desc())
        .limit(limit)
    )
    return tuple(rows)


def events(
    tx: Connection,
    *,
    subject_id: str | None = None,
    actor_id: str | None = None,
    verb: str | None = None,
    before_id: int | None = None,
    limit: int = 100,
) -> list[Event]:
    """The newest lines, narrowed by what is given; `before_id` pages on to older ones."""
    table = audit_event.c
    query = select(audit_event).order_by(table.id.desc()).limit(limit)
    for column, wanted in (
        (table.subject_id, subject_id),
        (table.actor_id, actor_id),
        (table.verb, verb),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    if before_id is not None:
        query = query.where(table.id < before_id)
    return [
        Event(
            row.id,
            row.seq,
            row.at,
            row.actor_kind,
            row.actor_id,
            row.verb,
            row.subject_id,
            row.detail,
        )
        for row in tx.execute(query)
    ]
