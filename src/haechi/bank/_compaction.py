# SPDX-License-Identifier: Apache-2.0
"""Keeping the feed short: a step that a later one says again goes, and in the end a withdrawal too.

A follower of any age that missed only superseded steps misses nothing. One that stands before the
withdrawals that were forgotten could keep what it must not, and has to begin anew.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Select, delete, func, insert, select, update

from haechi.bank._feed import feed_position, lock_feed
from haechi.bank._tables import content, feed_change, feed_head
from haechi.values import ContentStatus

_COMPACTED: Final = 3
_LOOKED_AT: Final = 5
"""Up to this step every superseded one is gone already."""


def is_compaction_due(tx: Connection, *, before: datetime) -> bool:
    """Whether there is anything to drop, as far as a quick look says."""
    if _row(tx, _LOOKED_AT) < feed_position(tx):
        return True
    oldest = tx.execute(_next_steps(compacted_to(tx), 1)).one_or_none()
    return oldest is not None and oldest.changed_at < before


def compacted_to(tx: Connection) -> int:
    """Who stands before this step, and not at its beginning, has to begin anew."""
    return _row(tx, _COMPACTED)


def drop_superseded(tx: Connection, *, limit: int) -> int:
    """Look at the next `limit` steps, and drop what they supersede; how many were looked at.

    The newest step of each content stays. 0 when nothing is left to look at.
    """
    lock_feed(tx)
    begin = _row(tx, _LOOKED_AT)
    end = min(begin + limit, feed_position(tx))
    if begin >= end:
        return 0
    looked_at = select(feed_change.c.entry_id).where(
        feed_change.c.seq > begin, feed_change.c.seq <= end
    )
    later = feed_change.alias("later")
    newest = (
        select(func.max(later.c.seq))
        .where(later.c.entry_id == feed_change.c.entry_id)
        .scalar_subquery()
    )
    tx.execute(
        delete(feed_change).where(feed_change.c.entry_id.in_(looked_at), feed_change.c.seq < newest)
    )
    _note(tx, _LOOKED_AT, end)
    return end - begin


def drop_tombstones(tx: Connection, *, before: datetime, limit: int) -> int:
    """Forget the withdrawals among the next `limit` steps from before a moment; how many steps were passed.

    The feed is compacted up to there from then on. 0 when nothing is left to look at.
    """
    lock_feed(tx)
    passed = []
    for row in tx.execute(_next_steps(compacted_to(tx), limit)):
        if row.changed_at >= before:
            break
        passed.append(row)
    if not passed:
        return 0
    gone = [row.seq for row in passed if row.status == ContentStatus.WITHDRAWN.value]
    for first in range(0, len(gone), 500):
        tx.execute(delete(feed_change).where(feed_change.c.seq.in_(gone[first : first + 500])))
    _note(tx, _COMPACTED, passed[-1].seq)
    return len(passed)


def _next_steps(begin: int, limit: int) -> Select[tuple[int, datetime, str]]:
    return (
        select(feed_change.c.seq, feed_change.c.changed_at, content.c.status)
        .join(content, content.c.entry_id == feed_change.c.entry_id)
        .where(feed_change.c.seq > begin)
        .order_by(feed_change.c.seq)
        .limit(limit)
    )


def _row(tx: Connection, number: int) -> int:
    return int(tx.scalar(select(feed_head.c.seq).where(feed_head.c.id == number)) or 0)


def _note(tx: Connection, number: int, seq: int) -> None:
    """The caller holds the feed's lock: nobody else makes the row meanwhile."""
    noted = tx.execute(update(feed_head).where(feed_head.c.id == number).values(seq=seq))
    if not noted.rowcount:
        tx.execute(insert(feed_head).values(id=number, seq=seq))
