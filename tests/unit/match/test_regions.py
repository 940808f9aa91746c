# SPDX-License-Identifier: Apache-2.0
"""Two made sets of regions, and the one geometry that they agree on."""

from __future__ import annotations

import math

import numpy as np
import pytest
from made_pictures import transform_error
from value_sets import random_values, turned

from haechi.match import RegionRule, match_regions
from haechi.match._regions import _CHANCE_BITS, _FREE_SPREADS, _SPREAD_BITS
from haechi.match._regions_fit import fitted, stretch_of, votes_of
from haechi.signals import Regions

RULE = RegionRule()
SIDES = (1000, 1000)
"""Height and width of made pictures, in pixels."""


def _made(
    count: int, seed: int = 0, radius: tuple[float, float] = (40.0, 120.0)
) -> tuple[np.ndarray, np.ndarray]:
    """Values that have nothing to do with one another, and places (n, 4) in 1000×1000 pixels."""
    random = np.random.default_rng(seed)
    places = np.stack(
        [
            random.uniform(100, 900, count),
            random.uniform(100, 900, count),
            random.uniform(*radius, count),
            random.uniform(0, 2 * np.pi, count),
        ],
        axis=1,
    )
    return random_values(count, seed), places


def _with_whole_flips(values: np.ndarray, bits: np.ndarray | int, seed: int = 3) -> np.ndarray:
    """The values with so many bits turned over, none of them in the key."""
    out = values.copy()
    random = np.random.default_rng(seed)
    for row, count in enumerate(np.broadcast_to(bits, len(values))):
        flips = np.zeros(192, np.uint8)
        flips[random.permutation(192)[:count]] = 1
        out[row, 8:] ^= np.packbits(flips)
    return out


def _carried(places: np.ndarray, model: np.ndarray) -> np.ndarray:
    """The places as an affine model (2, 3) of pixels carries them."""
    out = places.copy()
    out[:, :2] = places[:, :2] @ model[:, :2].T + model[:, 2]
    out[:, 2] = places[:, 2] * math.sqrt(abs(np.linalg.det(model[:, :2])))
    ways = np.stack([np.cos(places[:, 3]), np.sin(places[:, 3])], axis=1) @ model[:, :2].T
    out[:, 3] = np.arctan2(ways[:, 1], ways[:, 0])
    return out


def _similarity(scale: float, degrees: float, x: float, y: float) -> np.ndarray:
    """Turned and scaled about the middle of 1000×1000 pixels, then moved."""
    turn = math.radians(degrees)
    linear = scale * np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    middle = np.array([500.0, 500.0])
    return np.column_stack((linear, middle - linear @ middle + [x, y]))


@pytest.mark.parametrize(
    "geometry",
    [(1.0, 0, 0, 0), (1.0, 0, 60, -80), (0.5, 25, 0, 0), (0.2, 200, 90, 0), (1.5, -70, 30, 20)],
)
@pytest.mark.parametrize("count", [3, 5, 6, 100])
def test_moved_turned_and_scaled_regions_are_found(
    count: int, geometry: tuple[float, float, float, float]
) -> None:
    values, places = _made(count)
    model = _similarity(*geometry)
    known = Regions.of(values, places, SIDES)
    # The query is of any extent, beyond the edges too: only its places count here.
    random = np.random.default_rng(1)
    others, elsewhere = _made(300, seed=8, radius=(20.0, 60.0))
    order = random.permutation(count + 300)
    query = Regions.of(
        np.concatenate([_with_whole_flips(values, 20), others])[order],
        np.concatenate([_carried(places, model), elsewhere])[order],
        SIDES,
    )
    is_inside = (_carried(places, model)[:, :2] >= 0).all(axis=1)
    is_inside &= (_carried(places, model)[:, :2] < 1000).all(axis=1)
    found = match_regions(query, known)
    assert found is not None
    assert found.regions >= is_inside.sum()
    assert {int(order[place]) for place in found.in_query} <= set(range(count))
    assert not found.is_mirrored
    if is_inside.all():
        assert found.regions == count
        assert (found.nearest_bits, found.median_bits) == (20, 20)
    if is_inside.sum() >= 3:
        assert transform_error(found.transform, model, 1000, 1000) < 0.02
        assert RULE.accepts(found.score, found.regions)


def test_the_score_is_how_far_the_bits_are_from_chance() -> None:
    values, places = _made(12)
    bits = np.array([0, 5, 10, 20, 30, 40, 50, 60, 70, 75, 79, 80])
    known = Regions.of(values, places, SIDES)
    query = Regions.of(_with_whole_flips(values, bits), places, SIDES)
    found = match_regions(query, known)
    assert found is not None
    worth = (_CHANCE_BITS - bits) / _SPREAD_BITS - _FREE_SPREADS
    assert found.score == pytest.approx(worth.clip(min=0.0).sum())
    assert (found.regions, found.expected, found.share) == (12, 12, 1.0)
    assert (found.nearest_bits, found.median_bits) == (0, 45)
    assert sorted(found.in_query) == list(range(12))
    # Those beyond `whole_bits` are not alike; those near chance add next to nothing.
    fewer = match_regions(query, known, rule=RegionRule(whole_bits=79))
    assert fewer is not None
    assert fewer.regions == 11
    assert 0.0 < found.score - fewer.score < 1.2


def test_what_is_further_than_chance_takes_nothing_away() -> None:
    values, places = _made(12)
    bits = np.array([0, 0, 0, 40, 80, 90, 95, 100, 110, 120, 130, 140])
    query = Regions.of(_with_whole_flips(values, bits), places, SIDES)
    found = match_regions(query, Regions.of(values, places, SIDES), rule=RegionRule(whole_bits=140))
    assert found is not None
    assert found.regions == 12
    worth = (_CHANCE_BITS - bits) / _SPREAD_BITS - _FREE_SPREADS
    assert worth.min() < -1.0
    assert found.score == pytest.approx(worth.clip(min=0.0).sum())


def test_the_nearest_pairs_propose() -> None:
    """Here the first known region is alike by chance to one that lies elsewhere; the rest are not."""
    values, places = _made(10)
    elsewhere = places.copy()
    elsewhere[0, :2] = 1000 - elsewhere[0, :2]
    bits = np.array([60, 9, 9, 9, 9, 9, 9, 9, 9, 9])
    query = Regions.of(_with_whole_flips(values, bits), elsewhere, SIDES)
    found = match_regions(query, Regions.of(values, places, SIDES), rule=RegionRule(most_seeds=1))
    assert found is not None
    assert sorted(found.in_query) == list(range(1, 10))


def test_of_several_geometries_the_one_with_the_best_score() -> None:
    """A few regions that are nearest of all moved one way, and more of them another."""
    values, places = _made(20, radius=(20.0, 40.0))
    moved = places.copy()
    moved[:4, 0] += 100
    bits = np.where(np.arange(20) < 4, 0, 20)
    query = Regions.of(_with_whole_flips(values, bits), moved, SIDES)
    found = match_regions(query, Regions.of(values, places, SIDES))
    assert found is not None
    assert sorted(found.in_query) == list(range(4, 20))
    assert found.transform == pytest.approx((1, 0, 0, 0, 1, 0), abs=0.01)


@pytest.mark.parametrize("straight", [4, 16])
def test_straight_or_mirrored_by_what_scores_more(straight: int) -> None:
    values, places = _made(20)
    known = Regions.of(values, places, SIDES)
    mirrored = known.mirrored()
    is_straight = np.arange(20) < straight
    columns = (
        np.where(is_straight, getattr(known, name), getattr(mirrored, name))
        for name in ("x", "y", "scale", "angle")
    )
    mixed = np.where(is_straight[:, None], known.values, mirrored.values)
    found = match_regions(Regions(mixed, *columns, known.width, known.height), known)
    assert found is not None
    assert found.is_mirrored == (straight == 4)
    assert found.regions == 16


@pytest.mark.parametrize("count", [2, 3, 5, 6, 7, 40])
def test_the_fit_is_that_of_least_squares(count: int) -> None:
    """A similarity of up to five regions, an affine model of more."""
    random = np.random.default_rng(count)
    known, query = random.uniform(0, 1, (2, count + 3, 4))
    partner = random.permutation(count + 3)
    distance = np.where(np.arange(count + 3) < count, 80, 81)
    model = fitted(known, query, distance, partner, 80)
    (x, y), (u, v) = known[:count, :2].T, query[partner[:count], :2].T
    one, none = np.ones(count), np.zeros(count)
    if count > 5:
        rows = np.column_stack((x, y, one))
        expected = np.stack([np.linalg.lstsq(rows, to, rcond=None)[0] for to in (u, v)])
    else:
        rows = np.concatenate(
            [np.column_stack((x, -y, one, none)), np.column_stack((y, x, none, one))]
        )
        a, b, dx, dy = np.linalg.lstsq(rows, np.concatenate((u, v)), rcond=None)[0]
        expected = np.array([[a, -b, dx], [b, a, dy]])
    assert model == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("count", [0, 1, 2, 8])
def test_regions_of_one_place_fit_nothing(count: int) -> None:
    one = np.full((count, 4), 0.5)
    near = np.zeros(count, np.int64)
    assert not fitted(one, one, near, np.arange(count), 80).any()


@pytest.mark.parametrize("by", [1.0, 1.4, 3.0])
@pytest.mark.parametrize("degrees", [0, 33, 250])
def test_scale_and_stretch_of_a_model(by: float, degrees: float) -> None:
    turn = _similarity(1.0, degrees, 0, 0)[:, :2]
    model = np.column_stack((turn @ np.diag([0.5 * by, 0.5]) @ turn.T, [7, 8]))
    assert stretch_of(model) == pytest.approx((0.5 * math.sqrt(by), by))


@pytest.mark.parametrize("linear", [((-1, 0), (0, 1)), ((1, 2), (2, 4)), ((0, 0), (0, 0))])
def test_a_model_that_mirrors_or_flattens_has_no_scale(linear: tuple) -> None:
    assert stretch_of(np.column_stack((np.array(linear, float), [0, 0]))) == (0.0, math.inf)


def test_a_key_that_is_too_far_proposes_nothing() -> None:
    values, places = _made(20)
    known = Regions.of(values, places, SIDES)
    far = values.copy()
    far[:, 0] ^= 0xFF
    far[:, 1] ^= 0x80
    query = Regions.of(far, places, SIDES)
    assert match_regions(query, known) is None
    assert match_regions(query, known, rule=RegionRule(key_bits=9)) is not None
    # One that proposes is enough: the others are found by where they lie.
    one = far.copy()
    one[7] = values[7]
    found = match_regions(Regions.of(one, places, SIDES), known)
    assert found is not None
    assert found.regions == 20


@pytest.mark.parametrize("counts", [(1024, 1024), (1, 20_000), (100, 100)])
def test_records_made_to_take_time_have_their_votes_capped(counts: tuple[int, int]) -> None:
    """Every region like every other."""
    known, query = (np.full((count, 4), 7, np.uint64) for count in counts)
    votes = votes_of(known, query, 8, 80)
    assert len(votes) == min(counts[0] * counts[1], 1 << 14)
    assert not votes[:, 0].any()
    assert len({(i, j) for _, i, j in votes.tolist()}) == len(votes)
    assert votes[:, 1].max() < counts[0]
    assert votes[:, 2].max() < counts[1]


def test_one_region_of_the_query_serves_one_known_region() -> None:
    values, places = _made(6)
    crowd = np.repeat(places, 5, axis=0)
    crowd[:, :2] += np.random.default_rng(1).uniform(-3, 3, (30, 2))
    near = _with_whole_flips(np.repeat(values, 5, axis=0), np.tile([7, 3, 0, 9, 5], 6))
    found = match_regions(Regions.of(values, places, SIDES), Regions.of(near, crowd, SIDES))
    assert found is not None
    assert found.regions == 6
    assert sorted(found.in_query) == list(range(6))
    assert found.nearest_bits == found.median_bits == 0
    # The same the other way round.
    found = match_regions(Regions.of(near, crowd, SIDES), Regions.of(values, places, SIDES))
    assert found is not None
    assert sorted(found.in_query) == list(range(2, 30, 5))


def test_one_shared_region_is_no_match_however_often_it_stands_there() -> None:
    """A logo that is on both, and once more at every place of either."""
    values, places = _made(100, seed=1)
    others, elsewhere = _made(100, seed=2)
    values[:], others[:] = values[0], values[0]
    one = Regions.of(values[:1], places[:1], SIDES)
    many = Regions.of(others, elsewhere, SIDES)
    for query, known in ((one, many), (many, one)):
        found = match_regions(query, known)
        assert found is not None
        assert found.regions == 1
        assert not RULE.accepts(found.score, found.regions)


def test_places_that_agree_on_nothing_are_no_match() -> None:
    """The same regions, thrown about: each proposes a geometry, no two the same one."""
    values, places = _made(40, radius=(20.0, 40.0))
    _, elsewhere = _made(40, seed=5, radius=(20.0, 40.0))
    found = match_regions(Regions.of(values, elsewhere, SIDES), Regions.of(values, places, SIDES))
    assert found is not None
    assert found.regions <= 2
    assert not RULE.accepts(found.score, found.regions)


@pytest.mark.parametrize("column", [2, 3], ids=["radius", "angle"])
def test_size_and_direction_must_agree_too(column: int) -> None:
    values, places = _made(40)
    off = places.copy()
    if column == 2:
        off[::2, 2] *= 1.6
    else:
        off[::2, 3] += 0.6
    query = Regions.of(values, off, SIDES)
    found = match_regions(query, Regions.of(values, places, SIDES))
    assert found is not None
    assert found.regions == 20
    assert {place % 2 for place in found.in_query} == {1}


def _stretched(by: float) -> tuple[Regions, Regions, np.ndarray]:
    """Query and known regions, and the model: a picture that is so many times as wide."""
    values, places = _made(60, radius=(150.0, 260.0))
    model = np.array([[math.sqrt(by), 0, 0], [0, 1 / math.sqrt(by), 0]]) * 0.7
    # Neither is turned: a stretch bends slanting directions more than regions are turned by it.
    places[:, 3] = np.round(places[:, 3] / (np.pi / 2)) * (np.pi / 2)
    query = Regions.of(_with_whole_flips(values, 10), _carried(places, model), SIDES)
    return query, Regions.of(values, places, SIDES), model


def test_a_stretched_picture_is_found_with_its_stretch() -> None:
    query, known, model = _stretched(1.4)
    found = match_regions(query, known)
    assert found is not None
    assert found.regions == 60
    assert transform_error(found.transform, model, 1000, 1000) < 0.01
    a, b, c, d = np.array(found.transform).reshape(2, 3)[:, :2].ravel()
    assert a / d == pytest.approx(1.4, rel=0.02)
    assert (b, c) == pytest.approx((0, 0), abs=0.01)


def test_a_geometry_that_stretches_more_than_the_rule_allows_is_none() -> None:
    query, known, _ = _stretched(1.4)
    loose = match_regions(query, known, rule=RegionRule(most_stretch=1.5))
    tight = match_regions(query, known, rule=RegionRule(most_stretch=1.2))
    assert loose is not None
    assert tight is not None
    assert loose.regions == 60 > tight.regions
    assert loose.score > tight.score
    linear = np.array(tight.transform).reshape(2, 3)[:, :2]
    large, small = np.linalg.svd(linear, compute_uv=False)
    assert large / small <= 1.2


def _expected(places: np.ndarray, model: np.ndarray, height: float, width: float) -> int:
    """How many known places a query of these sides should show: inside, and large enough."""
    seen = _carried(places, model)
    room = RULE.frame_margin * seen[:, 2]
    is_inside = (seen[:, 0] >= room) & (seen[:, 0] <= width - room)
    is_inside &= (seen[:, 1] >= room) & (seen[:, 1] <= height - room)
    return int((is_inside & (seen[:, 2] >= RULE.least_radius * min(height, width))).sum())


@pytest.mark.parametrize("sides", [(1000, 500), (500, 1000), (700, 700)])
def test_only_what_lies_within_the_query_is_expected(sides: tuple[int, int]) -> None:
    values, places = _made(100, radius=(20.0, 60.0))
    model = np.eye(2, 3)
    expected = _expected(places, model, *sides)
    assert 10 < expected < 60
    is_seen = (places[:, 0] < sides[1]) & (places[:, 1] < sides[0])
    # Half of those that it should show are gone.
    left = np.flatnonzero(is_seen)[::2]
    found = match_regions(
        Regions.of(values[left], places[left], sides), Regions.of(values, places, SIDES)
    )
    assert found is not None
    assert found.regions == len(left)
    assert abs(found.expected - max(expected, len(left))) <= 1
    assert found.share == pytest.approx(len(left) / found.expected)


def test_what_is_too_small_to_be_found_is_not_expected() -> None:
    values, places = _made(100, radius=(20.0, 200.0))
    model = _similarity(0.1, 0, 0, 0)
    expected = _expected(places, model, *SIDES)
    assert 20 < expected < 80
    seen = _carried(places, model)
    is_seen = seen[:, 2] >= 15.0
    query = Regions.of(values[is_seen], seen[is_seen], SIDES)
    found = match_regions(query, Regions.of(values, places, SIDES))
    assert found is not None
    assert found.regions == is_seen.sum()
    assert abs(found.expected - expected) <= 3


@pytest.mark.parametrize("sides", [(1000, 1000), (1000, 600)])
def test_mirrored_regions_are_found_as_mirrored(sides: tuple[int, int]) -> None:
    values, places = _made(50)
    places[:, 0] *= sides[1] / 1000
    known = Regions.of(values, places, sides)
    query = Regions.of(turned(values, 3), places, sides).mirrored()
    found = match_regions(query, known)
    assert found is not None
    assert found.is_mirrored
    assert (found.regions, found.share) == (50, 1.0)
    assert found.sides == pytest.approx((1.0, sides[1] / 1000), abs=1e-4)
    # Of the mirrored query: nothing is moved.
    assert found.transform == pytest.approx((1, 0, 0, 0, 1, 0), abs=0.005)
    straight = match_regions(query.mirrored(), known)
    assert straight is not None
    assert not straight.is_mirrored
    assert straight.score == pytest.approx(found.score)


def test_the_rule_wants_both_regions_and_a_score() -> None:
    rule = RegionRule(min_regions=4, min_score=20.0, min_pointers=3, min_pointer_score=9.0)
    for asks, score, count in ((rule.accepts, 20.0, 4), (rule.is_worth_a_look, 9.0, 3)):
        assert asks(score, count)
        assert not asks(score - 0.1, 400)
        assert not asks(1000.0, count - 1)
