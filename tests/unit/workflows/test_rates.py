# SPDX-License-Identifier: Apache-2.0
"""How many lookups a partner may make: bursts, debts, and one partner beside another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.workflows import _rates
from haechi.workflows._rates import Rates


class Clock:
    """A clock that goes when it is told."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(_rates, "time", made)
    return made


def test_two_seconds_worth_may_come_at_once_and_then_the_rate_holds(clock: Clock) -> None:
    rates = Rates()
    assert [rates.take("one", 1, per_min=120) for _ in range(4)] == [0.0] * 4
    assert rates.take("one", 1, per_min=120) == pytest.approx(0.5)
    clock.now_s += 0.5
    assert rates.take("one", 1, per_min=120) == 0.0
    assert rates.take("one", 1, per_min=120) > 0


def test_what_is_refused_costs_nothing(clock: Clock) -> None:
    rates = Rates()
    rates.take("one", 2, per_min=60)
    waits = [rates.take("one", 1, per_min=60) for _ in range(5)]
    assert waits == [pytest.approx(1.0)] * 5


def test_one_a_minute_is_one_a_minute(clock: Clock) -> None:
    rates = Rates()
    assert rates.take("one", 1, per_min=1) == 0.0
    assert rates.take("one", 1, per_min=1) == pytest.approx(60)


def test_more_than_a_bucket_at_once_leaves_a_debt(clock: Clock) -> None:
    rates = Rates()
    assert rates.take("one", 10_000, per_min=60_000) == 0.0
    assert rates.take("one", 1, per_min=60_000) == pytest.approx(8.001)
    clock.now_s += 8.0
    assert rates.take("one", 1, per_min=60_000) > 0
    clock.now_s += 0.01
    assert rates.take("one", 1, per_min=60_000) == 0.0
    # Not another batch before the bucket is full again.
    assert rates.take("one", 10_000, per_min=60_000) > 1.9


def test_partners_do_not_share(clock: Clock) -> None:
    rates = Rates()
    rates.take("one", 2, per_min=60)
    assert rates.take("one", 1, per_min=60) > 0
    assert rates.take("other", 1, per_min=60) == 0.0


def test_a_limit_that_is_raised_counts_at_once(clock: Clock) -> None:
    rates = Rates()
    rates.take("one", 2, per_min=60)
    clock.now_s += 0.1
    assert rates.take("one", 1, per_min=60) > 0
    clock.now_s += 0.1
    assert rates.take("one", 1, per_min=6000) == 0.0


@given(
    asks=st.lists(st.tuples(st.integers(1, 500), st.floats(0, 5)), max_size=40),
    per_min=st.integers(1, 5000),
)
def test_never_more_than_the_rate_and_one_burst(
    asks: list[tuple[int, float]], per_min: int
) -> None:
    """In the long run: what was taken is covered by the time, a burst, and one debt at most."""
    clock = Clock()
    rates, taken, begun_s, largest = Rates(), 0, clock.now_s, 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_rates, "time", clock)
        for count, pause_s in asks:
            clock.now_s += pause_s
            if rates.take("one", count, per_min=per_min) == 0.0:
                taken += count
                largest = max(largest, count)
    burst = max(1.0, per_min / 30)
    assert taken <= burst + (clock.now_s - begun_s) * per_min / 60 + largest + 1e-6
