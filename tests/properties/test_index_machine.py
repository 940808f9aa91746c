# SPDX-License-Identifier: Apache-2.0
"""Any sequence of changes, merges and restarts leaves an index that answers as a dictionary would."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from value_sets import as_tuples, distances, random_values, turned

from haechi.match import Entry, Index, Kind, Sizes, View
from haechi.match._plan import Plan

_CENTRES = random_values(4, seed=1)


def regions_near(values: np.ndarray, key_bits: int, rest_bits: int) -> np.ndarray:
    """The values with so many bits of the key turned over, and so many of the rest."""
    near = values.copy()
    for row, value in enumerate(near):
        drawn = np.random.default_rng(row)
        for first, width, count in ((0, 64, key_bits), (64, 192, rest_bits)):
            for bit in first + drawn.permutation(width)[:count]:
                value[bit // 8] ^= 1 << (bit % 8)
    return near


POOL = np.concatenate(
    [
        _CENTRES,
        *(regions_near(_CENTRES[:2], *bits) for bits in ((0, 80), (8, 72), (8, 73), (9, 20))),
        *(turned(_CENTRES, bits, seed=bits) for bits in (1, 15, 16, 31, 32, 40, 64)),
        np.zeros((1, 32), dtype=np.uint8),
        np.full((1, 32), 255, dtype=np.uint8),
    ]
)
ASKED = np.concatenate([POOL[:8], POOL[-2:], turned(_CENTRES[:2], 12, seed=99)])
ALL_DISTANCES = distances(ASKED, POOL)
KEY_DISTANCES = distances(ASKED[:, :8], POOL[:, :8])

Rows = tuple[tuple[Kind, int, int], ...]  # kind, number in the pool, payload

rows_drawn = st.lists(
    st.tuples(
        st.sampled_from([Kind.PDQ, Kind.PDQ, Kind.DIGEST, Kind.REGION, Kind.REGION]),
        st.integers(0, len(POOL) - 1),
        st.integers(0, 3),
    ),
    max_size=6,
).map(tuple)
entries_drawn = st.lists(st.tuples(st.integers(-3, 20), rows_drawn, st.integers(0, 2)), max_size=12)


def entry_of(entry_id: int, rows: Rows, group: int) -> Entry:
    columns = {}
    for kind in {kind for kind, _, _ in rows}:
        own = [(number, payload) for other, number, payload in rows if other is kind]
        values = POOL[[number for number, _ in own]]
        columns[kind] = (values, np.array([payload for _, payload in own], dtype=np.uint64))
    return Entry(entry_id, columns, group)


class IndexMachine(RuleBasedStateMachine):
    """An index with tiny thresholds beside a dictionary: entry id → (its rows, its group)."""

    sizes: ClassVar[Sizes] = Sizes(delta_rows=8, small_rows=16, growth=2, most_rows=96)

    def __init__(self) -> None:
        super().__init__()
        self.index = Index(sizes=self.sizes)
        self.known: dict[int, tuple[Rows, int]] = {}
        self.views: list[tuple[View, dict[int, tuple[Rows, int]]]] = []
        self.folder = tempfile.TemporaryDirectory()

    def teardown(self) -> None:
        for view, known in self.views:
            check(view, known, radius_bits=31)
        self.index.close()
        self.folder.cleanup()

    @initialize(count=st.integers(0, 40))
    def begin(self, count: int) -> None:
        """A first load, larger than the delta."""
        drawn = [
            (number, ((Kind.PDQ, number % len(POOL), 0), (Kind.REGION, number % 7, 0)), 0)
            for number in range(count)
        ]
        self.change(drawn, [])

    @rule(drawn=entries_drawn, gone=st.lists(st.integers(-4, 22), max_size=8))
    def change(self, drawn: list[tuple[int, Rows, int]], gone: list[int]) -> None:
        """Add, replace and remove in one step; the last of an id counts, and what is added stays."""
        self.index.change(add=[entry_of(*entry) for entry in drawn], remove=gone)
        for entry_id in gone:
            self.known.pop(entry_id, None)
        for entry_id, rows, group in drawn:
            self.known.pop(entry_id, None)
            if rows:
                self.known[entry_id] = (rows, group)

    @rule(pick=st.randoms(use_true_random=False))
    def say_again(self, pick) -> None:
        """The same rows in another order are no change."""
        chosen = sorted(self.known)[:: pick.randint(1, 3)]
        again = []
        for entry_id in chosen:
            rows, group = self.known[entry_id]
            again.append(entry_of(entry_id, tuple(pick.sample(rows, len(rows))), group))
        before = self.index.view()._state.epoch
        self.index.change(add=again)
        assert self.index.view()._state.epoch == before

    @rule()
    def forget_most(self) -> None:
        gone = [entry_id for entry_id in self.known if entry_id % 5]
        self.index.remove(gone)
        for entry_id in gone:
            del self.known[entry_id]

    @rule()
    def settle(self) -> None:
        self.index.settle()

    @rule()
    def look_later(self) -> None:
        """A view goes on showing this moment whatever comes."""
        if len(self.views) < 4:
            self.views.append((self.index.view(), dict(self.known)))

    @rule(key=st.sampled_from([None, b"k" * 32]), position=st.integers(-1, 2**40))
    def restart(self, key: bytes | None, position: int) -> None:
        path = Path(self.folder.name) / "index"
        self.index.save(path, position=position, sealing_key=key)
        self.index.close()
        self.index, found = Index.load(path, sealing_key=key, sizes=self.sizes)
        assert found == position

    @rule(radius_bits=st.sampled_from([0, 1, 15, 16, 20, 47, 64, 80, 256]))
    def search(self, radius_bits: int) -> None:
        check(self.index.view(), self.known, radius_bits)

    @rule(
        key_bits=st.sampled_from([0, 3, 8, 9, 24, 64]),
        whole_bits=st.sampled_from([0, 31, 80, 256]),
        most_entries=st.sampled_from([1, 2, 5, 1000]),
    )
    def search_regions(self, key_bits: int, whole_bits: int, most_entries: int) -> None:
        check_votes(self.index.view(), self.known, key_bits, whole_bits, most_entries)

    @invariant()
    def answers_as_the_dictionary(self) -> None:
        check(self.index.view(), self.known, radius_bits=31)
        check_votes(self.index.view(), self.known, 8, 80, 3)

    @invariant()
    def knows_the_rows_of_each(self) -> None:
        for entry_id in [*sorted(self.known)[:3], 99]:
            rows, _ = self.known.get(entry_id, ((), 0))
            for kind in (Kind.PDQ, Kind.REGION):
                values, payloads = self.index.rows(entry_id, kind)
                found = sorted(zip(map(bytes, values), payloads.tolist(), strict=True))
                assert found == sorted(
                    (bytes(POOL[number]), payload)
                    for other, number, payload in rows
                    if other is kind
                )


def check(view: View, known: dict[int, tuple[Rows, int]], radius_bits: int) -> None:
    """Each row of the dictionary within the radius is found once, and nothing else."""
    assert len(view) == len(known)
    for kind in (Kind.PDQ, Kind.DIGEST, Kind.REGION):
        expected = [
            (query, int(ALL_DISTANCES[query, number]), entry_id, payload, group)
            for entry_id, (rows, group) in known.items()
            for other, number, payload in rows
            for query in range(len(ASKED))
            if other is kind and ALL_DISTANCES[query, number] <= radius_bits
        ]
        assert as_tuples(view.search_values(kind, ASKED, radius_bits)) == sorted(expected)


def check_votes(
    view: View,
    known: dict[int, tuple[Rows, int]],
    key_bits: int,
    whole_bits: int,
    most_entries: int,
) -> None:
    """Each region of the dictionary that votes is found once, of the first entries of each query."""
    expected = []
    for query in range(len(ASKED)):
        found = [
            (query, int(ALL_DISTANCES[query, number]), entry_id, payload, group)
            for entry_id, (rows, group) in known.items()
            for kind, number, payload in rows
            if kind is Kind.REGION
            and ALL_DISTANCES[query, number] <= whole_bits
            and KEY_DISTANCES[query, number] <= key_bits
        ]
        first = sorted({entry_id for _, _, entry_id, _, _ in found})[:most_entries]
        expected += [hit for hit in found if hit[2] in first]
    limits = {"key_bits": key_bits, "whole_bits": whole_bits, "most_entries": most_entries}
    assert as_tuples(view.search_regions(ASKED, **limits)) == sorted(expected)


class MachineWithOneLevel(IndexMachine):
    """Every full delta is rewritten with all there is."""

    sizes = Sizes(delta_rows=8, small_rows=1 << 20, growth=8, most_rows=1 << 20)


class MachineWithoutSmall(IndexMachine):
    """Every full delta is a large segment at once, and segments cannot grow past 24 rows."""

    sizes = Sizes(delta_rows=8, small_rows=0, growth=8, most_rows=24)


class MachineByPostings(IndexMachine):
    """Every search that can go through postings does, however few the rows."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(Plan, "costs", lambda *_: (0, 0, 1, 1 << 40))

    def teardown(self) -> None:
        super().teardown()
        self.patch.undo()


_HOW = settings(
    max_examples=80,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestIndexMachine = IndexMachine.TestCase
TestIndexMachine.settings = _HOW
TestMachineWithOneLevel = MachineWithOneLevel.TestCase
TestMachineWithOneLevel.settings = _HOW
TestMachineWithoutSmall = MachineWithoutSmall.TestCase
TestMachineWithoutSmall.settings = _HOW
TestMachineByPostings = MachineByPostings.TestCase
TestMachineByPostings.settings = _HOW
