# SPDX-License-Identifier: Apache-2.0
"""Both ways to search, by postings and by reading everything, on every kind of set, against brute force."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from value_sets import (
    RADII,
    as_tuples,
    brute_force,
    clustered,
    every_set,
    questions,
    random_values,
    turned,
    within,
)

from haechi.match import Index, Kind, Sizes
from haechi.match._plan import Plan, Ring, plan_for, quotas_for

CONFORMANCE = Path(__file__).parents[4] / "shared" / "conformance" / "index"
ROWS = 1200
SETS = every_set(ROWS)
PATHS = {
    "planned": None,
    # What a probe and a candidate cost, what reading everything costs, and how many looks are allowed.
    "postings": (0, 0, 1, 1 << 40),
    "reading": (1, 1, 0, 0),
    "giving up": (0, 0, 1, 3),
}


@pytest.fixture(params=PATHS)
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    costs = PATHS[request.param]
    if costs:
        monkeypatch.setattr(Plan, "costs", lambda *_: costs)
    return request.param


def built(values: np.ndarray, *, in_delta: int = 0) -> Index:
    """An index with these values as one segment, the last `in_delta` of them in the delta."""
    index = Index(sizes=Sizes(delta_rows=64))
    ids = np.arange(len(values))
    cut = len(values) - in_delta
    index.add_rows(Kind.PDQ, ids[:cut], values[:cut])
    if in_delta:
        index.add_rows(Kind.PDQ, ids[cut:], values[cut:])
    return index


@pytest.mark.parametrize("name", SETS)
def test_equals_brute_force_at_every_radius(name: str, path: str) -> None:
    values = SETS[name]
    asked = questions(values)
    index = built(values, in_delta=50)
    for radius_bits in RADII:
        found = within(index, asked, radius_bits)
        assert found == sorted(brute_force(asked, values, radius_bits)), (name, path, radius_bits)


@pytest.mark.parametrize("radius_bits", range(0, 41, 1))
def test_a_neighbour_at_every_distance_is_found(radius_bits: int, path: str) -> None:
    """Planted at 0 to 40 bits: those within the radius are found, and only those."""
    values = random_values(3000, seed=3)
    asked = turned(values[:41], np.arange(41), seed=radius_bits)
    expected = [(query, query, query) for query in range(radius_bits + 1)]
    assert within(built(values), asked, radius_bits) == expected


@pytest.mark.parametrize("band", range(16))
@pytest.mark.parametrize("radius_bits", [0, 1, 15, 16, 31, 47])
def test_bits_that_differ_side_by_side(band: int, radius_bits: int, path: str) -> None:
    """All differences in as few bands as can be, wherever on the ring they begin."""
    values = random_values(500, seed=4)
    bits = np.zeros(256, dtype=np.uint8)
    bits[(16 * band + np.arange(radius_bits)) % 256] = 1
    asked = values[:5] ^ np.packbits(bits, bitorder="little")
    assert within(built(values), asked, radius_bits) == [(n, n, radius_bits) for n in range(5)]


@pytest.mark.parametrize("radius_bits", range(0, 85, 3))
def test_bits_that_only_one_band_can_find(radius_bits: int, path: str) -> None:
    """The tightest share-outs of `test_plan`, on real values: every radius, every band to begin from."""
    quotas = quotas_for(radius_bits, Ring(16, 16))
    values = random_values(600, seed=14)
    bands = np.flatnonzero(quotas)
    bits = np.zeros((len(bands), 16, 16), dtype=np.uint8)
    for row, first in enumerate(bands):
        for band, quota in enumerate(quotas - (np.arange(16) == first)):
            bits[row, band, np.random.default_rng(band).permutation(16)[:quota]] = 1
    flips = np.packbits(bits.reshape(len(bands), 256), axis=1, bitorder="little")
    found = within(built(values), values[: len(bands)] ^ flips, radius_bits)
    expected = brute_force(values[: len(bands)] ^ flips, values, radius_bits)
    assert found == sorted(expected)
    assert {(row, row, radius_bits) for row in range(len(bands))} <= expected


@pytest.mark.parametrize("power", range(13))
def test_two_to_the_n_equal_values(power: int, path: str) -> None:
    """2 to the n, one less and one more; all in the delta, then all in a segment."""
    value = random_values(1, seed=5)
    for count in sorted({2**power - 1, 2**power, 2**power + 1} - {0}):
        index = Index(sizes=Sizes(delta_rows=1024))
        index.add_rows(Kind.PDQ, np.arange(count), np.repeat(value, count, axis=0))
        near = turned(value, 31, seed=power)
        assert within(index, near, 31) == [(0, number, 31) for number in range(count)]
        assert within(index, near, 30) == []


@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 9])
def test_few_rows_or_none(count: int, path: str) -> None:
    values = random_values(count, seed=6)
    index = Index(sizes=Sizes(delta_rows=8, small_rows=8))
    for number in range(count):
        index.add_rows(Kind.PDQ, np.array([number]), values[number : number + 1])
    asked = random_values(3, seed=6)
    for radius_bits in (0, 31, 256):
        assert within(index, asked, radius_bits) == sorted(brute_force(asked, values, radius_bits))


def test_the_dead_are_not_found(path: str) -> None:
    values = np.concatenate([clustered(900, seed=7), SETS["repeated"][:300]])
    index = built(values, in_delta=40)
    gone = set(np.random.default_rng(7).permutation(ROWS)[:500].tolist())
    index.remove(gone)
    asked = questions(values)
    for radius_bits in (0, 20, 31, 63, 256):
        expected = [t for t in brute_force(asked, values, radius_bits) if t[1] not in gone]
        assert within(index, asked, radius_bits) == sorted(expected)


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_more_threads_find_the_same(threads: int) -> None:
    values = SETS["mixed"]
    index = built(values, in_delta=50)
    for count in (0, 1, 2, 5, 90):
        asked = questions(values)[:count]
        one = index.search_values(Kind.PDQ, asked, 47)
        many = index.search_values(Kind.PDQ, asked, 47, threads=threads)
        assert as_tuples(one) == as_tuples(many)


def test_found_is_sorted_and_says_whose_it_is() -> None:
    value = random_values(1, seed=8)
    values = np.concatenate([turned(value, bits, seed=bits) for bits in (5, 0, 5, 2)])
    index = Index()
    index.add_rows(
        Kind.REGION,
        np.array([9, 9, 4, 7]),
        values,
        np.array([3, 2**64 - 1, 1, 0], dtype=np.uint64),
        np.array([1, 1, 65535, 0], dtype=np.uint16),
    )
    found = index.search_values(Kind.REGION, np.concatenate([value, value]), 31)
    one = [(0, 9, 2**64 - 1, 1), (2, 7, 0, 0), (5, 4, 1, 65535), (5, 9, 3, 1)]
    assert as_tuples(found) == [(query, *hit) for query in (0, 1) for hit in one]
    dtypes = [column.dtype.str[1:] for column in found.columns]
    assert dtypes == ["i8", "i8", "u2", "u8", "u2"]


def test_kinds_never_meet() -> None:
    value = random_values(1, seed=10)
    index = Index()
    for number, kind in enumerate(Kind):
        index.add_rows(kind, np.array([number]), value)
    for number, kind in enumerate(Kind):
        assert within(index, value, 256, kind) == [(0, number, 0)]


def test_digests_have_one_band_and_are_found_at_any_radius() -> None:
    """Their single band answers radius 0; wider radii, which nobody asks for, read everything."""
    values = random_values(3000, seed=11)
    index = Index(sizes=Sizes(delta_rows=64))
    index.add_rows(Kind.DIGEST, np.arange(3000), values)
    asked = np.concatenate([values[:20], turned(values[:20], 1), turned(values[:20], 31)])
    for radius_bits in (0, 1, 31):
        found = within(index, asked, radius_bits, Kind.DIGEST)
        assert found == sorted(brute_force(asked, values, radius_bits))


def test_a_long_answer_needs_more_room_than_was_made(path: str) -> None:
    values = np.repeat(random_values(2, seed=12), 3000, axis=0)
    found = within(built(values), values[[0, 5999]], 0)
    assert found == [(0, n, 0) for n in range(3000)] + [(1, n, 0) for n in range(3000, 6000)]


def test_asking_for_nothing_finds_nothing() -> None:
    assert len(built(SETS["random"]).search_values(Kind.PDQ, random_values(0), 31)) == 0


@pytest.mark.parametrize(
    "values",
    [
        np.zeros((2, 31), dtype=np.uint8),
        np.zeros(32, dtype=np.uint8),
        np.zeros((2, 32), dtype=np.int8),
        np.zeros((2, 4), dtype=np.uint64),
    ],
)
def test_values_of_another_shape_are_refused(values: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        Index().search_values(Kind.PDQ, values, 31)
    with pytest.raises(ValueError, match="radius"):
        Index().search_values(Kind.PDQ, random_values(1), -1)


def test_values_that_may_not_be_written_to_are_taken_too() -> None:
    values = random_values(100, seed=13)
    values.flags.writeable = False
    index = built(values)
    assert within(index, values[::2], 0) == [(n, 2 * n, 0) for n in range(50)]
    assert within(index, np.asfortranarray(values)[::-1], 0)[0] == (0, 99, 0)


def test_what_the_planner_chooses_is_worth_it() -> None:
    """A narrow radius in a large set goes by postings, a wide one in a small set does not."""
    narrow, wide = plan_for(31, Ring(16, 16)), plan_for(80, Ring(16, 16))
    probe, candidate, everything, _ = narrow.costs(10**6, 100)
    assert probe * 272 + candidate * 272 * 10**6 // 65536 < everything
    probe, _, everything, _ = wide.costs(10**4, 100)
    assert probe * len(wide.bands) > everything


@pytest.mark.skipif(not CONFORMANCE.exists(), reason="no ../shared/conformance/index here")
def test_needles_in_the_haystack(path: str) -> None:
    """The sets that facebook/ThreatExchange tests its index with."""
    haystack, needles = (
        np.frombuffer(bytes.fromhex((CONFORMANCE / name).read_text()), dtype=np.uint8).reshape(
            -1, 32
        )
        for name in ("haystack.txt", "needles.txt")
    )
    assert (len(haystack), len(needles)) == (1350, 100)
    index = built(haystack, in_delta=50)
    for radius_bits in RADII:
        expected = sorted(brute_force(needles, haystack, radius_bits))
        assert within(index, needles, radius_bits) == expected
        assert radius_bits < 20 or expected
