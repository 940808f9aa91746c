# SPDX-License-Identifier: Apache-2.0
"""A plan misses nothing: the counting behind multi-index hashing and the pigeonring."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.match._plan import Plan, Ring, plan_for, quotas_for

WHOLE, ONE, KEY = Ring(16, 16), Ring(16, 1), Ring(4, 4)
RINGS = pytest.mark.parametrize("ring", [WHOLE, KEY], ids=["whole", "key"])


@pytest.mark.parametrize("ring", [WHOLE, ONE, KEY])
@pytest.mark.parametrize("radius_bits", [0, 1, 8, 15, 16, 31, 80, 255, 256])
def test_quotas_are_one_more_than_the_radius_together(radius_bits: int, ring: Ring) -> None:
    quotas = quotas_for(radius_bits, ring)
    assert len(quotas) == ring.bands
    assert quotas.sum() == radius_bits + 1
    assert not quotas[ring.posted :].any()
    assert np.ptp(quotas[: ring.posted]) <= 1


def test_the_probes_of_well_known_radii() -> None:
    """One bucket for each quota up to 15; at 31 one bit may differ in each band: 16 × 17."""
    assert [len(plan_for(radius, WHOLE).bands) for radius in (0, 15, 20, 31)] == [1, 16, 96, 272]
    assert len(plan_for(0, ONE).bands) == 1
    # Quotas 3, 2, 2 and 2 at radius 8: 137 patterns of up to two bits, and three times 17.
    assert [len(plan_for(radius, KEY).bands) for radius in (0, 3, 7, 8)] == [1, 4, 68, 188]


def test_a_radius_that_is_too_wide_for_postings_has_no_plan() -> None:
    assert plan_for(256, WHOLE) is None
    assert plan_for(128, WHOLE) is None
    assert plan_for(31, ONE) is None
    assert plan_for(64, KEY) is None


def test_a_wider_radius_never_has_fewer_probes() -> None:
    sizes = [len(plan.bands) for radius in range(90) if (plan := plan_for(radius, WHOLE))]
    assert sizes == sorted(sizes)
    # 16 × 2,517 at radius 79, and 4,368 more for each bit from there: up to 65,535.
    assert len(sizes) == 85


def finds(plan: Plan, differ: np.ndarray) -> np.ndarray:
    """Which bands find a value of whose bands so many bits differ."""
    beside = np.roll(differ, -1) + np.roll(differ, -2)
    found = (differ < plan.quotas) & (differ + beside < plan.chains)
    # The probes say the same: their masks are all patterns of few enough bits, with what is left over.
    for band in range(len(differ)):
        bits = np.bitwise_count(plan.masks[plan.bands == band])
        limits = plan.limits[plan.bands == band].astype(int)
        fitting = limits[bits == differ[band]]
        assert bool(len(fitting) and beside[band] <= fitting[0]) == found[band]
    return found


@given(st.sampled_from([(WHOLE, 80), (KEY, 24)]), st.data())
def test_some_band_finds_every_value_within_the_radius(
    rings: tuple[Ring, int], data: st.DataObject
) -> None:
    """For any share-out of at most `radius` differing bits over the bands, a probe meets its limit."""
    ring, widest = rings
    radius_bits = data.draw(st.integers(0, widest))
    left, differ = radius_bits, []
    for _ in range(ring.bands):
        differ.append(data.draw(st.integers(0, min(16, left))))
        left -= differ[-1]
    differ = np.array(data.draw(st.permutations(differ)))
    assert finds(plan_for(radius_bits, ring), differ).any()


def test_every_share_out_of_a_key_is_found() -> None:
    """All ways to let up to 8 bits differ in four bands, each of them."""
    plan = plan_for(8, KEY)
    for differ in np.ndindex(9, 9, 9, 9):
        if sum(differ) <= 8:
            assert finds(plan, np.array(differ)).any(), differ


@RINGS
@pytest.mark.parametrize("radius_bits", range(85))
def test_the_tightest_share_outs_are_found_by_their_only_band(radius_bits: int, ring: Ring) -> None:
    """As many differing bits as the quota in every band, one fewer where the count begins."""
    plan = plan_for(radius_bits, ring)
    if plan is None:
        assert ring == KEY
        assert radius_bits > 24
        return
    for band in np.flatnonzero(plan.quotas):
        differ = plan.quotas.copy()
        differ[band] -= 1
        assert differ.sum() == radius_bits
        assert np.flatnonzero(finds(plan, differ)).tolist() == [band]


def test_reading_everything_costs_less_a_query_when_there_are_many() -> None:
    plan = plan_for(31, WHOLE)
    assert plan.costs(10**6, 1)[2] > plan.costs(10**6, 100)[2] > 0
