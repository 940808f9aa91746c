# SPDX-License-Identifier: Apache-2.0
"""What a change takes and refuses, what it leaves alone, and what form the tables take."""

from __future__ import annotations

import numpy as np
import pytest
from installations import digest, flipped, pdq_value
from value_sets import as_tuples, random_values, turned, within

from haechi.match import Entry, Explanation, Hit, Index, Kind, Sizes
from haechi.match._ids import are_in, both, ids_of, unique, without
from haechi.match._segment import Segment
from haechi.match._table import segments_to_merge
from haechi.values import SignalType

VALUES = random_values(40, seed=1)


def rows(*numbers: int) -> tuple[np.ndarray, np.ndarray]:
    return VALUES[list(numbers)], np.array(numbers, dtype=np.uint64)


def epoch(index: Index) -> int:
    return index.view()._state.epoch


def test_adding_and_removing_are_one_step() -> None:
    index = Index()
    index.change(add=[Entry(1, {Kind.PDQ: rows(1)}), Entry(2, {Kind.REGION: rows(2, 3)})])
    before = index.view()
    index.change(add=[Entry(3, {Kind.PDQ: rows(3)})], remove=[1, 9])
    assert (len(before), len(index)) == (2, 2)
    assert within(index, VALUES, 0) == [(3, 3, 0)]
    assert before.search_values(Kind.PDQ, VALUES, 0).entry_id.tolist() == [1]


def test_what_is_added_is_not_removed_and_the_last_of_an_id_counts() -> None:
    index = Index()
    index.change(
        add=[Entry(1, {Kind.PDQ: rows(1)}), Entry(1, {Kind.REGION: rows(2)}, group=4)], remove=[1]
    )
    assert within(index, VALUES, 0) == []
    found = index.search_values(Kind.REGION, VALUES, 0)
    assert as_tuples(found) == [(2, 0, 1, 2, 4)]


def test_the_same_rows_again_are_no_change() -> None:
    index = Index(sizes=Sizes(delta_rows=8, small_rows=8))
    first = [Entry(n, {Kind.PDQ: rows(n, n + 10), Kind.FRAME: rows(n)}, group=n) for n in range(9)]
    index.change(add=first)
    index.settle()
    before = epoch(index)
    again = [Entry(n, {Kind.FRAME: rows(n), Kind.PDQ: rows(n + 10, n)}, group=n) for n in range(9)]
    index.change(add=again, remove=[77])
    index.change()
    assert epoch(index) == before


@pytest.mark.parametrize(
    "other",
    [
        Entry(1, {Kind.PDQ: rows(1, 1)}),
        Entry(1, {Kind.PDQ: rows(1, 2)}),
        Entry(1, {Kind.PDQ: rows(1)}),
        Entry(1, {Kind.PDQ: rows(1, 3)}, group=1),
        Entry(1, {Kind.PDQ: rows(1, 3), Kind.FRAME: rows(1)}),
        Entry(1, {Kind.FRAME: rows(1, 3)}),
        Entry(1, {Kind.PDQ: (VALUES[[1, 3]], np.array([3, 1], dtype=np.uint64))}),
        Entry(1, {Kind.PDQ: (VALUES[[1, 3]], np.array([1, 4], dtype=np.uint64))}),
        Entry(1, {}),
    ],
)
@pytest.mark.parametrize("size", [8, 64])
def test_any_other_rows_replace_the_old_ones(other: Entry, size: int) -> None:
    index = Index(sizes=Sizes(delta_rows=size, small_rows=8))
    keep = Entry(2, {Kind.PDQ: rows(*range(4, 16))})
    index.change(add=[Entry(1, {Kind.PDQ: rows(1, 3)}), keep])
    index.change(add=[other, keep])
    fresh = Index()
    fresh.change(add=[other, keep])
    for kind in Kind:
        now, expected = (one.search_values(kind, VALUES, 31) for one in (index, fresh))
        assert as_tuples(now) == as_tuples(expected)
    assert len(index) == len(fresh)


def test_entries_without_rows_are_none() -> None:
    index = Index()
    index.change(add=[Entry(1, {}), Entry(2, {Kind.PDQ: rows()}), Entry(3, {Kind.PDQ: rows(3)})])
    assert len(index) == 1
    index.change(add=[Entry(3, {})])
    assert len(index) == 0
    assert index.rows(3, Kind.PDQ)[0].shape == (0, 32)


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        (Entry(2**63, {Kind.PDQ: rows(1)}), "64 bits"),
        (Entry(1, {Kind.PDQ: rows(1)}, group=65536), "group"),
        (Entry(1, {Kind.PDQ: rows(1)}, group=-1), "group"),
        (Entry(1, {Kind.PDQ: (VALUES[:2], np.zeros(1, dtype=np.uint64))}), "payloads"),
        (Entry(1, {Kind.PDQ: (VALUES[:1], np.zeros(1, dtype=np.int64))}), "payloads"),
        (Entry(1, {Kind.PDQ: (VALUES[0], np.zeros(1, dtype=np.uint64))}), "values"),
        (Entry(1, {Kind.PDQ: (VALUES[:, :31], np.zeros(40, dtype=np.uint64))}), "values"),
    ],
)
def test_a_malformed_entry_changes_nothing(entry: Entry, word: str) -> None:
    index = Index()
    index.change(add=[Entry(5, {Kind.PDQ: rows(5)})])
    with pytest.raises(ValueError, match=word):
        index.change(add=[Entry(6, {Kind.PDQ: rows(6)}), entry], remove=[5])
    with pytest.raises(ValueError, match="64 bits"):
        index.remove([5, -(2**63) - 1])
    assert within(index, VALUES, 0) == [(5, 5, 0)]


@pytest.mark.parametrize(
    "columns",
    [
        {"entry_ids": np.arange(3, dtype=np.int32)},
        {"entry_ids": np.arange(4)},
        {"values": VALUES[:2]},
        {"values": VALUES[:3].astype(np.int16)},
        {"payloads": np.zeros(2, dtype=np.uint64)},
        {"payloads": np.zeros(3, dtype=np.int64)},
        {"groups": np.zeros(3, dtype=np.uint32)},
    ],
)
def test_columns_that_do_not_fit_are_refused(columns: dict) -> None:
    index = Index()
    with pytest.raises(ValueError, match="uint8"):
        index.add_rows(Kind.PDQ, **{"entry_ids": np.arange(3), "values": VALUES[:3]} | columns)
    assert len(index) == 0


def test_rows_given_as_columns_are_whole_entries() -> None:
    index = Index()
    index.change(add=[Entry(1, {Kind.PDQ: rows(1), Kind.FRAME: rows(2)})])
    index.add_rows(Kind.PDQ, np.array([2, 1, 2]), VALUES[:3])
    assert within(index, VALUES, 0) == [(0, 2, 0), (1, 1, 0), (2, 2, 0)]
    assert within(index, VALUES, 0, Kind.FRAME) == []
    assert len(index) == 2


def test_the_largest_and_smallest_ids() -> None:
    index = Index(sizes=Sizes(delta_rows=8, small_rows=8))
    ids = [-(2**63), -1, 0, 2**63 - 1]
    index.add_rows(Kind.PDQ, np.repeat(ids, 5), VALUES[:20])
    assert [len(index.rows(entry_id, Kind.PDQ)[0]) for entry_id in ids] == [5] * 4
    index.remove([2**63 - 1, -(2**63)])
    assert sorted(set(index.search_values(Kind.PDQ, VALUES, 0).entry_id.tolist())) == [-1, 0]


def test_a_callers_arrays_are_not_kept() -> None:
    values, ids = VALUES[:30].copy(), np.arange(30)
    for size in (8, 64):
        index = Index(sizes=Sizes(delta_rows=size))
        index.add_rows(Kind.PDQ, ids, values)
        values[:], ids[:] = 0, 7
        assert within(index, VALUES[:30], 0) == [(n, n, 0) for n in range(30)]
        values[:], ids[:] = VALUES[:30], np.arange(30)


def test_signals_become_rows_of_their_kind() -> None:
    index = Index()
    low = pdq_value(3, quality=10)
    signals = [pdq_value(1), pdq_value(1), digest(1), digest(1, SignalType.MD5), low]
    index.add([(1, signals)], group=12)
    assert [len(index.rows(1, kind)[0]) for kind in Kind] == [1, 2, 0, 0]
    near = flipped(pdq_value(1), 4)
    assert index.search([near, digest(1, SignalType.MD5)]) == [[Hit(4, 1, 12)], [Hit(0, 1, 12)]]


def test_an_md5_is_not_a_sha256_that_ends_in_zeros() -> None:
    index = Index()
    md5 = digest(1, SignalType.MD5)
    sha256 = type(md5)(SignalType.SHA256, md5.value + bytes(16))
    index.add([(1, [md5])])
    assert index.search([sha256, md5]) == [[], [Hit(0, 1)]]


def test_an_explanation_is_worked_out_anew() -> None:
    index = Index()
    values = np.concatenate([turned(VALUES[:1], 40), turned(VALUES[:1], 12)])
    index.change(add=[Entry(1, {Kind.REGION: (values, np.zeros(2, dtype=np.uint64))})])
    near = index.explain(Kind.REGION, VALUES[0], 1, radius_bits=31)
    assert near == Explanation(Kind.REGION, 12, 31, near.rule)
    assert near.holds
    assert near.rule == (
        "Only 12 of 256 bits differ from the nearest of the picture's regions; "
        "up to 31 count as a match."
    )
    far = index.explain(Kind.REGION, VALUES[0], 1, radius_bits=11)
    assert not far.holds
    assert far.rule.startswith("As many as 12 of 256 bits differ")
    assert index.explain(Kind.REGION, VALUES[0], 2, radius_bits=31) is None
    assert index.explain(Kind.PDQ, VALUES[0], 1, radius_bits=31) is None


@pytest.mark.parametrize(("number", "rule"), [(3, "are equal"), (4, "are not equal")])
def test_digests_are_equal_or_not(number: int, rule: str) -> None:
    index = Index()
    index.change(add=[Entry(1, {Kind.DIGEST: rows(3)})])
    found = index.explain(Kind.DIGEST, VALUES[number], 1, radius_bits=0)
    assert rule in found.rule
    assert found.holds == (number == 3)


class Long(Segment):
    """A segment that only says how long it is."""

    def __init__(self, length: int, dead_rows: int = 0) -> None:
        self.length, self.dead_rows = length, dead_rows

    def __len__(self) -> int:
        return self.length


@pytest.mark.parametrize(
    ("lengths", "due"),
    [
        ([], []),
        ([1000], []),
        ([99, 99, 99], []),  # small ones are the writer's
        ([1000, 100], []),
        ([1000, 100, 25], []),
        ([800, 100], [800, 100]),
        ([100, 100], [100, 100]),
        ([100, 5000, 100, 110], [110, 100, 100]),
        ([9000, 8000], [9000, 8000]),
        ([9500, 9000, 1200], [9000, 1200]),  # all three would be too many rows
    ],
)
def test_which_segments_are_merged(lengths: list[int], due: list[int]) -> None:
    sizes = Sizes(delta_rows=8, small_rows=100, growth=8, most_rows=18_000)
    segments = [Long(length) for length in lengths]
    found = [len(segment) for segment in segments_to_merge(segments, sizes)]
    assert found == due


def test_a_segment_with_many_dead_is_rewritten_alone() -> None:
    sizes = Sizes(delta_rows=8, small_rows=100)
    assert segments_to_merge([Long(5000), Long(400, 100)], sizes) == []
    segments = [Long(5000), Long(400, 101)]
    assert segments_to_merge(segments, sizes) == [segments[1]]


@pytest.mark.parametrize("sizes", [{"delta_rows": 12}, {"delta_rows": 0}, {"most_rows": 1 << 31}])
def test_sizes_that_cannot_be(sizes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="multiple of 8"):
        Sizes(**sizes)


def test_the_form_that_tables_take() -> None:
    """Few segments however the rows came, and the dead do not take room for long."""
    index = Index(sizes=Sizes(delta_rows=64, small_rows=512))
    values = random_values(20_000, seed=2)
    for start in range(0, 20_000, 50):
        index.add_rows(Kind.PDQ, np.arange(start, start + 50), values[start : start + 50])
    index.settle()
    size = index.size
    assert size.entries == size.rows == 20_000
    assert 1 <= size.segments <= 4
    index.remove(range(0, 20_000, 2))
    index.settle()
    assert len(index) == 10_000
    assert index.size.rows < 11_000
    index.remove(range(20_000))
    index.settle()
    assert index.size.rows <= 64 + 512


def test_equal_values_cost_no_postings() -> None:
    """One meme 50,000 times takes what its rows take, not 16 postings each."""
    index = Index()
    index.add_rows(Kind.PDQ, np.arange(50_000), np.repeat(VALUES[:1], 50_000, axis=0))
    directories, delta = 16 * 65537 * 4, 8192 * 58
    assert index.size.memory_bytes - directories - 4 * delta < 50_000 * 63
    assert within(index, VALUES[:2], 0) == [(0, number, 0) for number in range(50_000)]


def test_sets_of_ids() -> None:
    one, other = ids_of([5, 1, 5, 3]), ids_of([3, 4])
    assert one.tolist() == [1, 3, 5]
    assert both(one, other).tolist() == [1, 3, 4, 5]
    assert both(one, ids_of([])).tolist() == both(ids_of([]), one).tolist() == [1, 3, 5]
    assert without(one, other).tolist() == [1, 5]
    assert without(one, ids_of([])).tolist() == [1, 3, 5]
    assert are_in(np.array([9, 3, -1, 4, 3]), other).tolist() == [False, True, False, True, True]
    assert unique(np.array([2, 2, 1])).tolist() == [1, 2]
