# SPDX-License-Identifier: Apache-2.0
"""Threads that write, merge, save and search at the same time: nobody ever sees half a change."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from value_sets import brute_force, random_values, turned, within

from haechi.match import Entry, Index, Kind, Sizes
from haechi.match._merger import Merger

SIZES = Sizes(delta_rows=64, small_rows=128, growth=4)
ROWS_EACH = 9


class Versions:
    """Entries of many rows in three tables, rewritten over and over from one version to the next."""

    def __init__(self, entries: int) -> None:
        self.entries = entries
        self.values = random_values(2, seed=1)

    def entry(self, entry_id: int, version: int) -> Entry:
        """Rows near the one value or the other, by the parity of the version, which is their payload."""
        values = turned(np.repeat(self.values[version % 2 : version % 2 + 1], ROWS_EACH, axis=0), 3)
        payloads = np.full(ROWS_EACH, version, dtype=np.uint64)
        kinds = (Kind.PDQ, Kind.REGION, Kind.FRAME)
        return Entry(entry_id, dict.fromkeys(kinds, (values, payloads)), group=version % 7)

    def check(self, index: Index) -> int:
        """Every entry is there with all its rows of one version, the same in every table."""
        view = index.view()
        seen = set()
        for kind in (Kind.PDQ, Kind.REGION, Kind.FRAME):
            found = view.search_values(kind, self.values, 20)
            assert np.bincount(found.entry_id, minlength=self.entries).tolist() == (
                [ROWS_EACH] * self.entries
            )
            versions = set(found.payload.tolist())
            assert len(versions) == 1, "rows of several versions at once"
            assert set(found.query.tolist()) == {versions.copy().pop() % 2}
            seen |= versions
        assert len(seen) == 1, "tables of several versions at once"
        return seen.pop()


def test_readers_see_a_change_of_many_entries_whole_or_not_at_all() -> None:
    """Four entries of 27 rows each change in one step, past deltas, segments and merges."""
    made, index = Versions(4), Index(sizes=SIZES)
    index.change(add=[made.entry(number, 0) for number in range(4)])
    is_over = threading.Event()

    def write() -> None:
        try:
            for version in range(1, 400):
                index.change(add=[made.entry(number, version) for number in range(4)])
        finally:
            is_over.set()

    def look() -> list[int]:
        seen = []
        while not is_over.is_set():
            seen.append(made.check(index))
        return [*seen, made.check(index)]

    with ThreadPoolExecutor(4) as pool:
        looking = [pool.submit(look) for _ in range(3)]
        pool.submit(write).result()
        for one in looking:
            versions = one.result()
            assert versions == sorted(versions), "a reader went back in time"
            assert versions[-1] == 399
    assert len(index) == 4


def test_entries_come_and_go_whole() -> None:
    """An entry of many rows is found with all of them or with none while it is added and removed."""
    value = random_values(1, seed=2)
    values = np.repeat(value, 150, axis=0)
    index = Index(sizes=SIZES)
    index.add_rows(Kind.PDQ, np.arange(1000, 1500), random_values(500, seed=3))
    is_over = threading.Event()

    def write() -> None:
        try:
            for _ in range(150):
                index.add_rows(Kind.PDQ, np.full(150, 7), values)
                index.remove([7])
        finally:
            is_over.set()

    def look() -> set[int]:
        counts = set()
        while not is_over.is_set():
            counts.add(len(index.search_values(Kind.PDQ, value, 31)))
        return counts

    with ThreadPoolExecutor(3) as pool:
        looking = [pool.submit(look) for _ in range(2)]
        pool.submit(write).result()
        assert set.union(*(one.result() for one in looking)) <= {0, 150}
    assert len(index) == 500


def test_who_dies_during_a_merge_is_dead_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Held up between reading its sources and showing its result, a merge still knows of the dead."""
    is_reading, may_go_on = threading.Event(), threading.Event()
    merge = Merger._merge

    def held_up(self, kind, sources) -> None:
        publish = self._store.publish_merge

        def late(*what) -> None:
            is_reading.set()
            assert may_go_on.wait(20)
            publish(*what)

        monkeypatch.setattr(type(self._store), "publish_merge", lambda _, *what: late(*what))
        merge(self, kind, sources)

    monkeypatch.setattr(Merger, "_merge", held_up)
    values = random_values(400, seed=4)
    index = Index(sizes=Sizes(delta_rows=8, small_rows=100, growth=8))
    index.add_rows(Kind.PDQ, np.arange(200), values[:200])
    before = index.view()
    index.add_rows(Kind.PDQ, np.arange(200, 400), values[200:])
    assert is_reading.wait(20)
    monkeypatch.undo()
    during = index.view()
    index.remove(range(0, 400, 3))
    index.add_rows(Kind.PDQ, np.array([5]), values[5:6] ^ 255)
    index.add_rows(Kind.PDQ, np.array([6]), values[6:7])  # removed and back again
    may_go_on.set()
    index.settle()
    assert index.size.segments == 1
    assert len(index) == 400 - 134 + 1
    there = [number for number in range(400) if (number % 3 or number == 6) and number != 5]
    assert within(index, values, 0) == [(number, number, 0) for number in there]
    assert within(index, values[5:6] ^ 255, 0) == [(0, 5, 0)]
    assert len(before.search_values(Kind.PDQ, values, 0)) == 200
    assert len(during.search_values(Kind.PDQ, values, 0)) == 400


def test_a_merge_that_runs_out_of_memory_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    values = random_values(600, seed=5)
    index = Index(sizes=Sizes(delta_rows=8, small_rows=100, growth=8))
    with monkeypatch.context() as patch:
        patch.setattr("haechi.match._merger.merged", fail)
        for start in range(0, 600, 150):
            index.add_rows(Kind.PDQ, np.arange(start, start + 150), values[start : start + 150])
        index.settle()
        assert index.size.segments == 4
    index.remove(range(300))
    expected = [(n, 300 + n, 0) for n in range(300)]
    assert within(index, values[300:], 0) == expected
    index.settle()
    assert index.size.segments == 1
    assert within(index, values[300:], 0) == expected
    assert within(index, values[:300], 0) == []


def test_a_change_that_cannot_be_made_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second table fails after the first has grown: neither shows anything, and no row has died."""
    values = random_values(60, seed=6)
    index = Index(sizes=Sizes(delta_rows=8, small_rows=100))
    kinds = (Kind.PDQ, Kind.REGION)

    def entry(part: np.ndarray) -> Entry:
        return Entry(1, dict.fromkeys(kinds, (part, np.zeros(len(part), dtype=np.uint64))))

    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    index.change(add=[entry(values[:4])])
    few_and_many = Entry(
        1,
        {
            Kind.PDQ: (values[4:6], np.zeros(2, dtype=np.uint64)),
            Kind.REGION: (values[4:], np.zeros(56, dtype=np.uint64)),
        },
    )
    with monkeypatch.context() as patch:
        patch.setattr("haechi.match._table.build_segment", fail)
        with pytest.raises(MemoryError):
            index.change(add=[few_and_many])
    for kind in kinds:
        assert within(index, values, 0, kind) == [(n, 1, 0) for n in range(4)]
    index.change(add=[Entry(2, {Kind.PDQ: (values[20:22], np.zeros(2, dtype=np.uint64))})])
    assert within(index, values, 0) == [*((n, 1, 0) for n in range(4)), (20, 2, 0), (21, 2, 0)]
    index.change(add=[few_and_many])
    assert within(index, values, 0) == [(4, 1, 0), (5, 1, 0), (20, 2, 0), (21, 2, 0)]
    assert len(within(index, values, 0, Kind.REGION)) == 56


def test_saving_while_others_write_gives_one_moment(tmp_path: Path) -> None:
    made, index = Versions(3), Index(sizes=SIZES)
    index.change(add=[made.entry(number, 0) for number in range(3)])
    is_over = threading.Event()

    def write() -> None:
        version = 0
        while not is_over.is_set():
            version += 1
            index.change(add=[made.entry(number, version) for number in range(3)])

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        try:
            for turn in range(12):
                path = tmp_path / f"index {turn}"
                index.save(path, position=turn, sealing_key=b"k" * 32 if turn % 2 else None)
        finally:
            is_over.set()
        writing.result()
    for turn in range(12):
        key = b"k" * 32 if turn % 2 else None
        loaded, position = Index.load(tmp_path / f"index {turn}", sealing_key=key, sizes=SIZES)
        assert position == turn
        made.check(loaded)
        assert len(loaded) == 3


def test_writers_wait_for_a_merging_that_is_far_behind() -> None:
    """However fast rows come, there are never many segments for a search to go through."""
    values = random_values(6000, seed=7)
    index = Index(sizes=Sizes(delta_rows=8, small_rows=0, growth=8))
    most = 0
    for start in range(0, 6000, 10):
        index.add_rows(Kind.PDQ, np.arange(start, start + 10), values[start : start + 10])
        most = max(most, index.size.segments)
    assert most < 40
    index.settle()
    assert index.size.segments < 8
    asked = values[::100]
    assert within(index, asked, 31) == sorted(
        (query, row, bits) for query, row, bits in brute_force(asked, values, 31)
    )


def test_no_thread_is_left_when_nothing_is_due() -> None:
    index = Index(sizes=Sizes(delta_rows=8, small_rows=16, growth=8))
    for start in range(0, 640, 40):
        index.add_rows(Kind.PDQ, np.arange(start, start + 40), random_values(40, seed=start))
    index.settle()
    assert not any(thread.name == "index-merger" for thread in threading.enumerate())


def test_a_closed_index_still_answers_and_takes_changes() -> None:
    values = random_values(300, seed=8)
    index = Index(sizes=Sizes(delta_rows=8, small_rows=16, growth=8))
    index.close()
    for start in range(0, 300, 20):
        index.add_rows(Kind.PDQ, np.arange(start, start + 20), values[start : start + 20])
    index.close()
    index.settle()
    assert within(index, values, 0) == [(n, n, 0) for n in range(300)]


@pytest.mark.parametrize("is_closed", [False, True])
def test_the_interpreter_ends_during_a_merge(is_closed: bool) -> None:
    """A merge that is under way is given up: no crash, and no word on stderr."""
    program = """
import numpy as np, sys, threading
from haechi.match import Index, Kind
from haechi.match import _merger
values = np.random.default_rng(1).integers(0, 256, (400_000, 32), dtype=np.uint8)
index = Index()
index.add_rows(Kind.PDQ, np.arange(200_000), values[:200_000])
index.add_rows(Kind.PDQ, np.arange(200_000, 400_000), values[200_000:])
assert any(thread.name == "index-merger" for thread in threading.enumerate())
if sys.argv[1] == "True":
    index.close()
print("at its end")
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(is_closed)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "at its end\n", "")
