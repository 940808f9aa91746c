# SPDX-License-Identifier: Apache-2.0
"""When to look at a sighting again. Our own practice, no law: what is gone can come back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from haechi.notices._checks import Check, CheckOutcome, by_time

# After it was found gone: soon, then ever more seldom, for a year.
_AFTER_GONE: Final = (
    *(timedelta(hours=hours) for hours in (1, 6, 24, 48, 72)),
    *(timedelta(days=days) for days in (7, 14, 30, 60, 90, 180, 365)),
)
_WHILE_THERE: Final = timedelta(days=7)

OUT_OF_SIGHT: Final = frozenset(
    (CheckOutcome.REMOVED, CheckOutcome.BLOCKED_IN, CheckOutcome.DEINDEXED)
)
"""What a look finds where it cannot be seen, for all or for some; it can be seen again after that."""


def next_look_at(checks: Iterable[Check], *, is_watched: bool) -> datetime | None:
    """When the next look at one sighting is planned; later than the last look.

    Counted from the first of the unbroken looks that found it gone, blocked or out of a search, at
    1, 6, 24, 48 and 72 hours and 7, 14, 30, 60, 90, 180 and 365 days; where it is still there, or
    nobody answers, a week after the last look. None before the first look, a year after it was found
    gone, and when she does not want it watched. The planned time may have passed.
    """
    looks = sorted(checks, key=by_time)
    if not looks or not is_watched:
        return None
    last = looks[-1]
    if last.outcome not in OUT_OF_SIGHT:
        return last.looked_at + _WHILE_THERE
    gone_at = _last_run(looks)[-1].looked_at
    planned = (gone_at + offset for offset in _AFTER_GONE)
    return next((at for at in planned if at > last.looked_at), None)


def _last_run(looks: Sequence[Check]) -> list[Check]:
    """The latest looks that found the same as the last one, latest first."""
    outcome = looks[-1].outcome
    return list(takewhile(lambda look: look.outcome is outcome, reversed(looks)))
