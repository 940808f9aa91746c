# SPDX-License-Identifier: Apache-2.0
"""Breaks and caps of reviewers, by the times of their decisions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from haechi.review import Shift, shift_of

NOW = datetime(2026, 5, 4, 15, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def _shift(*minutes_ago: float, cap: int = 200) -> Shift:
    return shift_of(
        [NOW - ago * MINUTE for ago in sorted(minutes_ago)],
        now=NOW,
        day_begins_at=NOW.replace(hour=0, minute=0),
        cap=cap,
        break_after=50 * MINUTE,
        break_length=10 * MINUTE,
    )


def test_who_has_decided_nothing_may_begin() -> None:
    assert _shift() == Shift(0, 200, None)


def test_after_fifty_minutes_a_break_is_due_until_ten_after_the_last() -> None:
    times = [3 + 5 * step for step in range(11)]
    assert _shift(*times).pause_until == NOW + 7 * MINUTE
    assert not _shift(*times).may_decide


def test_a_gap_of_ten_minutes_is_a_break() -> None:
    times = [1, 5, 15.1, *(15.1 + 5 * step for step in range(12))]
    assert _shift(*times).pause_until is None
    assert _shift(*(10 + 5 * step for step in range(12))).may_decide


def test_the_cap_counts_the_day() -> None:
    assert _shift(1, 2, 3, cap=3).decided_today == 3
    assert not _shift(1, 2, 3, cap=3).may_decide
    # Before midnight is another day.
    assert _shift(1, 2, 60 * 16, cap=3).may_decide


@given(st.lists(st.floats(0, 24 * 60), max_size=80))
def test_who_pauses_long_enough_may_always_go_on(minutes_ago: list[float]) -> None:
    shift = _shift(*minutes_ago, cap=10**6)
    if shift.pause_until is not None:
        assert NOW < shift.pause_until <= NOW + 10 * MINUTE
    later = shift_of(
        [NOW - ago * MINUTE for ago in sorted(minutes_ago)],
        now=NOW + 10 * MINUTE,
        day_begins_at=NOW.replace(hour=0, minute=0),
        cap=10**6,
        break_after=50 * MINUTE,
        break_length=10 * MINUTE,
    )
    assert later.may_decide
