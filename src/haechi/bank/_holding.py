# SPDX-License-Identifier: Apache-2.0
"""Holding a content back and letting it go; and quarantine, where it stays matched for review only.

Whoever takes these in one transaction with others locks the feed first, as all changes of contents do.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from haechi.bank._contents import set_status
from haechi.bank._feed import lock_feed, record_change
from haechi.bank._tables import content
from haechi.errors import NotFound
from haechi.values import ContentStatus, utc_now


def hold(tx: Connection, content_id: str, until: datetime | None = None) -> None:
    """Let the content match nothing until that moment, or, without one, until it is released.

    Every follower is told as of a withdrawal; the signals stay here. One that is held already is held
    until this moment instead.

    Raises:
        NotFound: no such content, or it is withdrawn.
    """
    set_status(tx, content_id, ContentStatus.HELD)
    tx.execute(update(content).where(content.c.id == content_id).values(held_until=until))


def release(tx: Connection, content_id: str) -> None:
    """Let a held content be matched again; one that is not held stays as it is.

    Raises:
        NotFound: no such content, or it is withdrawn.
    """
    set_status(tx, content_id, ContentStatus.ACTIVE)


def end_holds(tx: Connection, *, at: datetime, limit: int = 500) -> list[str]:
    """Release what was held until `at` or earlier, the longest past first; the contents' ids."""
    lock_feed(tx)
    ids = tx.scalars(
        select(content.c.id)
        .where(content.c.held_until <= at, content.c.status == ContentStatus.HELD.value)
        .order_by(content.c.held_until, content.c.entry_id)
        .limit(limit)
    ).all()
    for content_id in ids:
        release(tx, content_id)
    return list(ids)


def quarantine(tx: Connection, content_id: str) -> None:
    """Let what the content matches be for review only, whatever its bank says; followers look again.

    One that is quarantined already stays so from when it was.

    Raises:
        NotFound: no such content, or it is withdrawn.
    """
    row = _locked(tx, content_id)
    if row.quarantined_at is None:
        _change(tx, row, utc_now())


def lift_quarantine(tx: Connection, content_id: str) -> None:
    """Let the content's bank say again what a match means; one that is not quarantined stays as it is.

    Raises:
        NotFound: no such content, or it is withdrawn.
    """
    row = _locked(tx, content_id)
    if row.quarantined_at is not None:
        _change(tx, row, None)


def _locked(tx: Connection, content_id: str) -> Row[*tuple[Any, ...]]:
    lock_feed(tx)
    row = tx.execute(
        select(content.c.entry_id, content.c.status, content.c.quarantined_at).where(
            content.c.id == content_id
        )
    ).one_or_none()
    if row is None or row.status == ContentStatus.WITHDRAWN.value:
        raise NotFound
    return row


def _change(tx: Connection, row: Row[*tuple[Any, ...]], quarantined_at: datetime | None) -> None:
    now = utc_now()
    tx.execute(
        update(content)
        .where(content.c.entry_id == row.entry_id)
        .values(quarantined_at=quarantined_at, changed_at=now)
    )
    record_change(tx, row.entry_id, ContentStatus(row.status), now)
