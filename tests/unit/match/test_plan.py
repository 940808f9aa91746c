# SPDX-License-Identifier: Apache-2.0
"""A plan misses nothing: the counting behind multi-index hashing and the pigeonring."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.match._plan import BANDS, plan_for, quotas_for


@pytest.mark.parametrize("bands", [1, 16])
@pytest.mark.parametrize("radius_bits", [0, 1, 15, 16, 31, 80, 255, 256])
def test_quotas_are_one_more_than_the_radius_together(radius_bits: int, bands: int) -> None:
    quotas = quotas_for(radius_bits, bands)
    assert quotas.sum() == radius_bits + 1
    assert not quotas[bands:].any()
    assert np.ptp(quotas[:bands]) <= 1


def test_the_probes_of_well_known_radii() -> None:
    """One bucket for each quota up to 15; at 31 one bit may differ in each band: 16 × 17."""
    assert [len(plan_for(radius, 16).bands) for radius in (0, 15, 20, 31)] == [1, 16, 96, 272]
    assert len(plan_for(0, 1).bands) == 1


def test_a_radius_that_is_too_wide_for_postings_has_no_plan() -> None:
    assert plan_for(256, 16) is None
    assert plan_for(128, 16) is None
    assert plan_for(31, 1) is None


def test_a_wider_radius_never_has_fewer_probes() -> None:
    sizes = [len(plan.bands) for radius in range(90) if (plan := plan_for(radius, 16))]
    assert sizes == sorted(sizes)
    # 16 × 2,517 at radius 79, and 4,368 more for each bit from there: up to 65,535.
    assert len(sizes) == 85


@given(st.integers(0, 80), st.data())
def test_some_band_finds_every_value_within_the_radius(
    radius_bits: int, data: st.DataObject
) -> None:
    """For any share-out of at most `radius` differing bits over the bands, a probe meets its limit."""
    plan = plan_for(radius_bits, BANDS)
    left, differ = radius_bits, []
    for _ in range(BANDS):
        differ.append(data.draw(st.integers(0, min(16, left))))
        left -= differ[-1]
    differ = np.array(data.draw(st.permutations(differ)))
    beside = np.roll(differ, -1) + np.roll(differ, -2)
    finds = (differ < plan.quotas) & (differ + beside < plan.chains)
    assert finds.any()
    # The probes say the same: their masks are all patterns of few enough bits, with what is left over.
    for band in range(BANDS):
        bits = np.bitwise_count(plan.masks[plan.bands == band])
        limits = plan.limits[plan.bands == band].astype(int)
        fitting = limits[bits == differ[band]]
        assert bool(len(fitting) and beside[band] <= fitting[0]) == finds[band]


@pytest.mark.parametrize("radius_bits", range(85))
def test_the_tightest_share_outs_are_found_by_their_only_band(radius_bits: int) -> None:
    """As many differing bits as the quota in every band, one fewer where the count begins."""
    plan = plan_for(radius_bits, BANDS)
    for band in np.flatnonzero(plan.quotas):
        differ = plan.quotas.copy()
        differ[band] -= 1
        assert differ.sum() == radius_bits
        beside = np.roll(differ, -1) + np.roll(differ, -2)
        finds = (differ < plan.quotas) & (differ + beside < plan.chains)
        assert np.flatnonzero(finds).tolist() == [band]
        bits = np.bitwise_count(plan.masks[plan.bands == band])
        assert beside[band] <= plan.limits[plan.bands == band][bits == differ[band]].min()


def test_reading_everything_costs_less_a_query_when_there_are_many() -> None:
    plan = plan_for(31, 16)
    assert plan.costs(10**6, 1)[2] > plan.costs(10**6, 100)[2] > 0
