# SPDX-License-Identifier: Apache-2.0
"""How far the feed was matched with lookups of earlier."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, select, update

from haechi.bank._tables import content, feed_change, feed_head
from haechi.values import ContentStatus

_MATCHED_BACK: Final = 4


def matched_back_to(tx: Connection) -> int:
    """The step up to which it was done."""
    return int(tx.scalar(select(feed_head.c.seq).where(feed_head.c.id == _MATCHED_BACK)) or 0)


def ended_between(tx: Connection, after: int, upto: int) -> dict[str, str]:
    """The status of each content with a step in the range (`after` not included) that is not active now."""
    rows = tx.execute(
        select(content.c.id, content.c.status)
        .join(feed_change, feed_change.c.entry_id == content.c.entry_id)
        .where(
            feed_change.c.seq > after,
            feed_change.c.seq <= upto,
            content.c.status != ContentStatus.ACTIVE.value,
        )
        .distinct()
    )
    return {row.id: row.status for row in rows}


def note_matched_back(tx: Connection, seq: int) -> None:
    """It is done up to this step; a number below the one that is noted changes nothing."""
    tx.execute(
        update(feed_head)
        .where(feed_head.c.id == _MATCHED_BACK, feed_head.c.seq < seq)
        .values(seq=seq)
    )
