# SPDX-License-Identifier: Apache-2.0
"""Votes of regions: near in the key and near in the whole; found by every path, and bounded where many share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import pytest
from value_sets import as_tuples, distances, every_set, questions, random_values, turned

from haechi.match import Entry, Index, Kind, Sizes
from haechi.match._plan import Plan

ROWS = 1200
SETS = every_set(ROWS)
PATHS = {
    "planned": None,
    # What a probe and a candidate cost, what reading everything costs, and how many looks are allowed.
    "postings": (0, 0, 1, 1 << 40),
    "reading": (1, 1, 0, 0),
    "giving up": (0, 0, 1, 3),
}
LIMITS = [(0, 0), (8, 80), (3, 31), (8, 8), (0, 256), (24, 128), (40, 60), (64, 31), (64, 256)]
EVERYONE = 1 << 40


@pytest.fixture(params=PATHS)
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    costs = PATHS[request.param]
    if costs:
        monkeypatch.setattr(Plan, "costs", lambda *_: costs)
    return request.param


def built(values: np.ndarray, *, in_delta: int = 0, ids: np.ndarray | None = None) -> Index:
    """An index with these regions as one segment, the last `in_delta` of them in the delta."""
    index = Index(sizes=Sizes(delta_rows=64))
    ids = np.arange(len(values)) if ids is None else ids
    # Between two entries: what is added of an entry later replaces it.
    cut = int(np.searchsorted(ids, ids[len(values) - in_delta])) if in_delta else len(values)
    index.add_rows(Kind.REGION, ids[:cut], values[:cut])
    if in_delta:
        index.add_rows(Kind.REGION, ids[cut:], values[cut:])
    return index


def votes(asked: np.ndarray, known: np.ndarray, key_bits: int, whole_bits: int) -> list[tuple]:
    """Every (query, row, whole distance) that votes, by comparing with everything."""
    whole, key = distances(asked, known), distances(asked[:, :8], known[:, :8])
    queries, rows = np.nonzero((whole <= whole_bits) & (key <= key_bits))
    found = whole[queries, rows]
    return sorted(zip(queries.tolist(), rows.tolist(), found.tolist(), strict=True))


def found_by(
    index: Index, asked: np.ndarray, key_bits: int, whole_bits: int, most_entries: int = EVERYONE
) -> list[tuple]:
    found = index.search_regions(
        asked, key_bits=key_bits, whole_bits=whole_bits, most_entries=most_entries
    )
    return sorted((query, entry, distance) for query, distance, entry, _, _ in as_tuples(found))


def with_flips(values: np.ndarray, key: int | np.ndarray, rest: int | np.ndarray) -> np.ndarray:
    """The values with so many bits of the key turned over, and so many of the others."""
    out = values.copy()
    # Turned as if the part were a value of its own: at random places among its bits.
    for part, bits, seed in ((slice(0, 8), key, 1), (slice(8, 32), rest, 2)):
        width = 8 * (part.stop - part.start)
        drawn = np.random.default_rng(seed)
        for row, count in enumerate(np.broadcast_to(bits, len(values))):
            flips = np.zeros(width, dtype=np.uint8)
            flips[drawn.permutation(width)[:count]] = 1
            out[row, part] ^= np.packbits(flips)
    return out


@pytest.mark.parametrize("name", SETS)
def test_equals_brute_force_within_all_limits(name: str, path: str) -> None:
    values = SETS[name]
    known = questions(values)
    near = with_flips(known[:12], np.arange(12), np.arange(66, 78))
    asked = np.concatenate([known, near])
    index = built(values, in_delta=50)
    for key_bits, whole_bits in LIMITS:
        found = found_by(index, asked, key_bits, whole_bits)
        assert found == votes(asked, values, key_bits, whole_bits), (name, path, key_bits)


@pytest.mark.parametrize("key_bits", range(13))
def test_the_key_and_the_whole_both_decide(key_bits: int, path: str) -> None:
    """Neighbours on either side of both limits: 8 of the key, 80 of the whole."""
    values = random_values(2000, seed=3)
    rest = 80 - key_bits + np.array([-40, -1, 0, 1, 40])
    asked = with_flips(values[:5], key_bits, rest)
    expected = [(n, n, key_bits + int(rest[n])) for n in range(3)] if key_bits <= 8 else []
    assert found_by(built(values), asked, 8, 80) == expected
    assert found_by(built(values, in_delta=2000 - 1990), asked, 8, 80) == expected


def test_every_share_out_over_the_four_bands_is_found(path: str) -> None:
    """Up to 8 bits of the key differ, in all 495 ways to deal them to its bands."""
    ways = [way for way in np.ndindex(9, 9, 9, 9) if sum(way) <= 8]
    assert len(ways) == 495
    values = random_values(len(ways), seed=4)
    bits = np.zeros((len(ways), 4, 16), dtype=np.uint8)
    for row, way in enumerate(ways):
        for band, count in enumerate(way):
            bits[row, band, np.random.default_rng(row).permutation(16)[:count]] = 1
    asked = values.copy()
    asked[:, :8] ^= np.packbits(bits.reshape(len(ways), 64), axis=1, bitorder="little")
    expected = [(row, row, sum(way)) for row, way in enumerate(ways)]
    assert found_by(built(values), asked, 8, 80) == expected


def test_a_radius_counts_the_whole_value_of_a_region_too(path: str) -> None:
    """`search_values` means for regions what it means for every kind, at every radius."""
    values = np.concatenate([SETS["clustered"], SETS["random"]])
    asked = questions(values)
    index = built(values, in_delta=50)
    for radius_bits in (0, 1, 8, 20, 80, 256):
        found = as_tuples(index.search_values(Kind.REGION, asked, radius_bits))
        assert sorted((q, entry, d) for q, d, entry, _, _ in found) == votes(
            asked, values, 64, radius_bits
        )


def first_entries(found: Iterable[tuple], most: int) -> list[tuple]:
    """Of (query, entry, distance) those of each query's first entries."""
    kept, entries = [], defaultdict(set)
    for query, entry, distance in sorted(found):
        if entry in entries[query] or len(entries[query]) < most:
            entries[query].add(entry)
            kept.append((query, entry, distance))
    return kept


@pytest.mark.parametrize("most_entries", [1, 3, 30, 299, 300])
@pytest.mark.parametrize("in_delta", [0, 50])
def test_what_many_share_is_told_of_the_first_entries_only(
    most_entries: int, in_delta: int, path: str
) -> None:
    """Entries of 1 to 7 rows each, among them one sticker: those of low ids, with all of their rows."""
    drawn = np.random.default_rng(5)
    ids = np.sort(np.concatenate([np.arange(300), drawn.integers(0, 300, ROWS - 300)]))
    values = random_values(ROWS, seed=5)
    is_sticker = drawn.random(ROWS) < 0.5
    sticker = random_values(1, seed=6)
    near = with_flips(np.repeat(sticker, ROWS, axis=0), drawn.integers(0, 4, ROWS), 20)
    near[::3] = sticker
    values[is_sticker] = near[is_sticker]
    asked = np.concatenate([sticker, values[:40], with_flips(sticker, 3, 10)])
    index = built(values, in_delta=in_delta, ids=ids)
    everything = [(q, int(ids[row]), d) for q, row, d in votes(asked, values, 8, 80)]
    found = found_by(index, asked, 8, 80, most_entries)
    assert found == first_entries(everything, most_entries)
    told = index.search_regions(asked, most_entries=most_entries).entries_of_each(len(asked))
    pairs = {(query, entry) for query, entry, _ in everything}
    each = np.bincount([query for query, _ in pairs], minlength=42)
    assert told.tolist() == np.minimum(each, most_entries).tolist()


def test_the_first_entries_are_the_same_whatever_form_the_table_has() -> None:
    """Rows spread over many segments and a delta out of order, some of them dead."""
    sticker, drawn = random_values(1, seed=7), np.random.default_rng(7)
    ids = drawn.permutation(900)
    values = with_flips(np.repeat(sticker, 900, axis=0), drawn.integers(0, 5, 900), 30)
    index = Index(sizes=Sizes(delta_rows=32, small_rows=64, growth=2))
    for start in range(0, 900, 45):
        index.add_rows(Kind.REGION, ids[start : start + 45], values[start : start + 45])
    index.remove(range(0, 900, 2))
    found = index.search_regions(sticker, most_entries=100)
    assert sorted(found.entry_id.tolist()) == list(range(1, 200, 2))
    by_distance = np.lexsort((found.entry_id, found.distance_bits))
    assert by_distance.tolist() == list(range(100))


def test_a_sticker_in_many_pictures_costs_no_more_than_it_may() -> None:
    """One patch in 20,000 contents, equal or nearly so: of each no more than the first 1000 are told."""
    sticker = random_values(3, seed=8)
    values = np.repeat(sticker, 20_000, axis=0)
    values[20_000:40_000] = with_flips(values[20_000:40_000], 2, 9)
    index = Index()
    index.add_rows(Kind.REGION, np.tile(np.arange(20_000), 3), values)
    found = index.search_regions(np.repeat(sticker, 400, axis=0))
    assert found.entries_of_each(1200).tolist() == [1000] * 1200
    assert found.entry_id.max() == 999
    assert len(found) == 1200 * 1000


def test_frames_that_many_share_are_bounded_as_well() -> None:
    values = np.repeat(random_values(1, seed=9), 500, axis=0)
    index = Index(sizes=Sizes(delta_rows=8))
    index.add_rows(Kind.FRAME, np.arange(500)[::-1].copy(), values)
    found = index.search_values(Kind.FRAME, values[:2], 31, most_entries=3)
    assert found.entry_id.tolist() == [0, 1, 2] * 2
    assert len(index.search_values(Kind.FRAME, values[:2], 31)) == 1000


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_more_threads_find_the_same(threads: int) -> None:
    values = SETS["mixed"]
    index = built(values, in_delta=50)
    asked = np.tile(questions(values), (8, 1))
    for count in (0, 1, 2, 256, 257, len(asked)):
        one = index.search_regions(asked[:count], most_entries=EVERYONE)
        many = index.search_regions(asked[:count], threads=threads, most_entries=1 << 30)
        assert as_tuples(one) == as_tuples(many)


def test_regions_take_less_memory_than_pictures() -> None:
    """Four bands of postings: 32 bytes of value, 26 beside it, 8 a band."""
    index, values = Index(), random_values(100_000, seed=10)
    before = index.size.memory_bytes
    index.add_rows(Kind.REGION, np.arange(100_000), values)
    directories = 4 * 65537 * 4
    assert index.size.memory_bytes - before - directories <= 100_000 * 91


@pytest.mark.parametrize(
    ("limits", "word"),
    [
        ({"key_bits": -1}, "radius"),
        ({"whole_bits": -1}, "radius"),
        ({"most_entries": 0}, "one entry"),
    ],
)
def test_limits_that_cannot_be(limits: dict[str, int], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        Index().search_regions(random_values(1), **limits)
    with pytest.raises(ValueError, match="uint8"):
        Index().search_regions(random_values(1)[0])


def test_the_explanation_of_a_vote_speaks_of_the_key() -> None:
    value = random_values(1, seed=11)
    far_key, near_key = with_flips(value, 9, 5), with_flips(value, 8, 60)
    index = Index()
    index.change(
        add=[
            Entry(1, {Kind.REGION: (np.concatenate([far_key, near_key]), np.zeros(2, np.uint64))}),
            Entry(2, {Kind.REGION: (far_key, np.zeros(1, np.uint64))}),
            Entry(3, {Kind.REGION: (turned(value, 100), np.zeros(1, np.uint64))}),
        ]
    )
    voters = set(index.search_regions(value).entry_id.tolist())
    told = {
        entry_id: index.explain(Kind.REGION, value[0], entry_id, radius_bits=80, key_bits=8)
        for entry_id in (1, 2, 3)
    }
    assert voters == {entry_id for entry_id, one in told.items() if one.holds} == {1}
    assert (told[1].distance_bits, told[1].key_distance_bits) == (68, 8)
    assert told[1].rule == (
        "Only 68 of 256 bits differ from the nearest of the picture's regions, 8 of them among the "
        "64 of its key; up to 80 and 8 count as a match."
    )
    assert told[2].rule.startswith("As many as 14 of 256 bits differ")
    assert told[2].rule.endswith("no more than 80 and 8 count as a match.")
    # Asked by the radius alone, it is the nearest of all.
    assert index.explain(Kind.REGION, value[0], 1, radius_bits=80).distance_bits == 14
