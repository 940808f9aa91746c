# SPDX-License-Identifier: Apache-2.0
"""One audit row for each verb, in the verb's own transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, insert, select

from haechi.values import Actor, utc_now
from haechi.workflows._tables import audit_event


def record(tx: Connection, actor: Actor, verb: str, subject_id: str) -> None:
    """Write who did what to which id; never content, an address or a value of a signal."""
    tx.execute(
        insert(audit_event).values(
            at=utc_now(),
            actor_kind=actor.kind.value,
            actor_id=actor.id,
            verb=verb,
            subject_id=subject_id,
        )
    )


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
