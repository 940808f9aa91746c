# SPDX-License-Identifier: Apache-2.0
"""How long somebody has been deciding, and when to stop for a while.

Reviewers pause: after so many minutes of deciding without a break, and after so many decisions a day
(reference/survivors.md §4, reviewer trauma: caps and breaks).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Shift:
    """`decided_today` of `cap`; `pause_until` is None unless a break is due and not over."""

    decided_today: int
    cap: int
    pause_until: datetime | None

    @property
    def may_decide(self) -> bool:
        """Whether there may be one more decision now."""
        return self.pause_until is None and self.decided_today < self.cap


def shift_of(
    times: Sequence[datetime],
    *,
    now: datetime,
    day_begins_at: datetime,
    cap: int,
    break_after: timedelta,
    break_length: timedelta,
) -> Shift:
    """How somebody's shift stands, by the times of the latest decisions, newest first.

    A stretch ends with a gap of at least `break_length`. When a stretch has lasted `break_after`, a break
    is due, and lasts until `break_length` after the last decision.
    """
    today = sum(day_begins_at <= at <= now for at in times)
    stretch: list[datetime] = []
    later = now
    for at in times:
        if later - at >= break_length:
            break
        stretch.append(at)
        later = at
    pause_until = None
    if stretch and stretch[0] - stretch[-1] >= break_after:
        pause_until = stretch[0] + break_length
    return Shift(today, cap, pause_until)
