# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.bench._intervals import at_most, mean_of_rows, wilson


def test_wilson_against_published_values() -> None:
    # Newcombe (1998), table I: 81 of 263, and 0 of 20.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_share_and_turns_with_it(case: tuple[int, int]) -> None:
    hits, trials = case
    low, high = wilson(hits, trials)
    assert 0 <= low <= hits / trials <= high <= 1
    assert wilson(trials - hits, trials) == pytest.approx((1 - high, 1 - low))
    wider = wilson(hits, trials)
    closer = wilson(10 * hits, 10 * trials)
    assert closer[1] - closer[0] < wider[1] - wider[0]


def test_the_rule_of_three() -> None:
    assert at_most(0, 300) == 0.01
    assert at_most(0, 2) == 1.0
    assert at_most(0, 0) == 1.0
    assert at_most(1, 300) > 0.01


def test_rows_count_the_same_whatever_their_size() -> None:
    hits = np.array([[10, 10, 10], [0, 0, 0], [0, 0, 0]])
    trials = np.array([[10, 10, 10], [1, 0, 1], [0, 0, 0]])
    mean, (low, high) = mean_of_rows(hits, trials, seed=1)
    # The last row has no trials: it does not count.
    assert mean == 0.5
    assert low <= 0.5 <= high


def test_uploads_of_one_photo_stay_together() -> None:
    """Photos that are found always or never: many uploads of each make it no surer."""
    found = np.arange(10) % 2
    few = mean_of_rows(found[None, :], np.ones((1, 10), dtype=np.int64), seed=1)
    many = mean_of_rows(100 * found[None, :], np.full((1, 10), 100), seed=1)
    assert few == many
    low, high = many[1]
    assert high - low > 0.4
    assert wilson(500, 1000)[1] - wilson(500, 1000)[0] < 0.1
