# SPDX-License-Identifier: Apache-2.0
"""The feed by time: for those who ask what has changed since a moment, and not since a step."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select

from haechi.bank._tables import content, feed_change
from haechi.values import ContentStatus

_MOST_NUMBERS: Final = 500


def step_times(tx: Connection, first_seq: int, last_seq: int) -> dict[int, datetime]:
    """When each step from the first to the last was made, by its number."""
    rows = tx.execute(
        select(feed_change.c.seq, feed_change.c.changed_at).where(
            feed_change.c.seq.between(first_seq, last_seq)
        )
    )
    return {row.seq: row.changed_at for row in rows}


def first_step_since(tx: Connection, at: datetime) -> int | None:
    """The lowest number of a step that was made at this moment or later; None if there is none.

    Steps are numbered as they are committed, so one with a higher number may have been made a little
    earlier: whoever begins at this step misses none of them.
    """
    seq = tx.scalar(select(func.min(feed_change.c.seq)).where(feed_change.c.changed_at >= at))
    return None if seq is None else int(seq)


def withdrawn_before(tx: Connection, entry_ids: Collection[int], at: datetime) -> list[int]:
    """Which of these entries were withdrawn before this moment, or are none any more."""
    numbers = list(entry_ids)
    kept: set[int] = set()
    for first in range(0, len(numbers), _MOST_NUMBERS):
        rows = tx.execute(
            select(content.c.entry_id, content.c.status, content.c.changed_at).where(
                content.c.entry_id.in_(numbers[first : first + _MOST_NUMBERS])
            )
        )
        kept |= {
            row.entry_id
            for row in rows
            if row.status != ContentStatus.WITHDRAWN.value or row.changed_at >= at
        }
    return [number for number in numbers if number not in kept]
