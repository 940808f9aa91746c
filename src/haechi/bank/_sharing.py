# SPDX-License-Identifier: Apache-2.0
"""With whom a content is shared: kept beside it in clear, for the database itself decides by it.

`Sharing.reaches` in `haechi.values` is the rule; `_visible.reaching` is the same rule as the database reads it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from haechi.bank._feed import lock_feed, record_change
from haechi.bank._tables import content
from haechi.errors import NotFound
from haechi.values import ContentStatus, PartnerKind, Sharing, utc_now

_NOBODY: Final = ""
_COLUMNS: Final = (content.c.shared_with, content.c.shared_until, content.c.reaches_adult_services)


def to_columns(sharing: Sharing) -> dict[str, Any]:
    """The sharing as a content's columns hold it: sorted kinds with spaces between."""
    return {
        "shared_with": " ".join(sorted(sharing.kinds)),
        "shared_until": sharing.until,
        "reaches_adult_services": sharing.reaches_adult_services,
    }


def set_sharing(tx: Connection, content_id: str, sharing: Sharing) -> None:
    """Share a content like this from now on; no kinds: with nobody.

    The change is one step of the feed with the status as it was, so that every follower looks again.
    The same sharing again is no change. Ages are the caller's matter.

    Raises:
        NotFound: no such content, or it is withdrawn.
    """
    lock_feed(tx)
    row = tx.execute(
        select(content.c.entry_id, content.c.status, *_COLUMNS).where(content.c.id == content_id)
    ).one_or_none()
    if row is None or row.status == ContentStatus.WITHDRAWN.value:
        raise NotFound
    if _sharing(row) != sharing:
        _change(tx, row, **to_columns(sharing))


def sharing_of(tx: Connection, content_ids: Iterable[str]) -> dict[str, Sharing]:
    """With whom each of these contents that exists is shared, by id."""
    rows = tx.execute(select(content.c.id, *_COLUMNS).where(content.c.id.in_(list(content_ids))))
    return {row.id: _sharing(row) for row in rows}


def end_expired_sharing(tx: Connection, *, at: datetime, limit: int = 500) -> int:
    """Share with nobody, and with no end, what was shared until `at` or earlier; how many there were.

    At most `limit` at once, the longest past first; 0 when none is left. Each is one step of the feed.
    Nothing waits for this: `active_contents` tells nobody of such a content from the moment itself on.
    """
    lock_feed(tx)
    rows = tx.execute(
        select(content.c.entry_id, content.c.status)
        .where(content.c.shared_until <= at)
        .order_by(content.c.shared_until, content.c.entry_id)
        .limit(limit)
    ).all()
    for row in rows:
        _change(tx, row, shared_with=_NOBODY, shared_until=None)
    return len(rows)


def _change(tx: Connection, row: Row[*tuple[Any, ...]], **columns: Any) -> None:
    now = utc_now()
    tx.execute(
        update(content).where(content.c.entry_id == row.entry_id).values(changed_at=now, **columns)
    )
    record_change(tx, row.entry_id, ContentStatus(row.status), now)


def _sharing(row: Row[*tuple[Any, ...]]) -> Sharing:
    words = row.shared_with.split()
    return Sharing(
        # A kind that this version does not know is none that it can tell anything.
        frozenset(kind for kind in PartnerKind if kind.value in words),
        row.shared_until,
        reaches_adult_services=row.reaches_adult_services,
    )
