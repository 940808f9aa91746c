# SPDX-License-Identifier: Apache-2.0
"""The two forms in which a table keeps rows: segments, which never change, and the delta, which grows.

In both a row may die: its epoch of death is written once, and a reader of an earlier epoch goes on
seeing the row. Nothing else is ever changed where a reader may look.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from haechi.match._columns import ALIVE, WORDS, Rows
from haechi.match._ids import Ids, are_in
from haechi.match._plan import Ring
from haechi.match._postings import Postings, build_postings

__all__ = ["LOOK_ONLY", "Delta", "Segment", "build_segment", "mark_sorted"]

LOOK_ONLY: Final = -1
"""Stands for an epoch where marking shall change nothing."""


@dataclass(slots=True, eq=False)
class Segment:
    """Rows by rising entry id, when each died, and their postings. `dead_rows` is the writer's own."""

    rows: Rows
    died: NDArray[np.int64]
    postings: Postings
    dead_rows: int = 0

    def __len__(self) -> int:
        return len(self.died)

    def mark(self, named: Ids, epoch: int, is_there: NDArray[np.uint8]) -> None:
        """Flag the named entries (sorted) that have a living row here; unless LOOK_ONLY, let it die."""
        count = mark_sorted(self.rows.entry_ids, self.died, named, epoch, is_there)
        self.dead_rows += count if epoch != LOOK_ONLY else 0

    def rows_of(self, named: Ids, epoch: int) -> Rows:
        """The rows of the named entries (sorted) that a reader of this epoch sees."""
        first = np.searchsorted(self.rows.entry_ids, named, side="left")
        counts = np.searchsorted(self.rows.entry_ids, named, side="right") - first
        steps = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        places = np.repeat(first, counts) + steps
        return self.rows.at(places[self.died[places] > epoch])

    @property
    def nbytes(self) -> int:
        """The memory this takes."""
        return self.rows.nbytes + self.died.nbytes + self.postings.nbytes


def build_segment(rows: Rows, ring: Ring, **how: Any) -> Segment:
    """A segment of these rows, sorted by entry id and all of them alive; `how` is for `build_postings`."""
    died = np.full(len(rows), ALIVE, dtype=np.int64)
    return Segment(rows, died, build_postings(rows.values, ring, **how))


@dataclass(slots=True, eq=False)
class Delta:
    """The newest rows, in the order they came. How many count, the table says: rows behind are unborn.

    Values stand word by word, (4, capacity), so that a vector of rows can be read at once.
    """

    capacity: int
    entry_ids: NDArray[np.int64] = field(init=False)
    words: NDArray[np.uint64] = field(init=False)
    payloads: NDArray[np.uint64] = field(init=False)
    groups: NDArray[np.uint16] = field(init=False)
    died: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self.entry_ids = np.zeros(self.capacity, dtype=np.int64)
        self.words = np.zeros((WORDS, self.capacity), dtype=np.uint64)
        self.payloads = np.zeros(self.capacity, dtype=np.uint64)
        self.groups = np.zeros(self.capacity, dtype=np.uint16)
        self.died = np.zeros(self.capacity, dtype=np.int64)

    def write(self, count: int, rows: Rows) -> None:
        """Put rows behind the first `count`."""
        where = slice(count, count + len(rows))
        self.entry_ids[where] = rows.entry_ids
        self.words[:, where] = rows.values.T
        self.payloads[where] = rows.payloads
        self.groups[where] = rows.groups
        self.died[where] = ALIVE

    def at(self, places: Any) -> Rows:
        """The rows at these places, copied."""
        values = np.ascontiguousarray(self.words.T[places])
        return Rows(self.entry_ids[places], values, self.payloads[places], self.groups[places])

    def living(self, count: int, epoch: int) -> Rows:
        """Those of the first `count` rows that a reader of this epoch sees."""
        return self.at(np.flatnonzero(self.died[:count] > epoch))

    def mark(self, count: int, named: Ids, epoch: int, is_there: NDArray[np.uint8]) -> None:
        """As `Segment.mark`, for the first `count` rows."""
        mark_unsorted(self.entry_ids, count, self.died, named, epoch, is_there)

    def rows_of(self, count: int, named: Ids, epoch: int) -> Rows:
        """As `Segment.rows_of`, for the first `count` rows."""
        is_seen = are_in(self.entry_ids[:count], named) & (self.died[:count] > epoch)
        return self.at(np.flatnonzero(is_seen))

    @property
    def nbytes(self) -> int:
        """The memory this takes."""
        columns = (self.entry_ids, self.words, self.payloads, self.groups, self.died)
        return sum(column.nbytes for column in columns)


@njit(nogil=True, cache=True)
def _first_from(sorted_ids: Any, entry_id: Any) -> Any:
    """The first place whose id is not below `entry_id`."""
    low, high = 0, len(sorted_ids)
    while low < high:
        middle = (low + high) // 2
        if sorted_ids[middle] < entry_id:
            low = middle + 1
        else:
            high = middle
    return low


@njit(nogil=True, cache=True)
def mark_sorted(entry_ids: Any, died: Any, named: Any, epoch: Any, is_there: Any) -> Any:
    """See `Segment.mark`; how many living rows the named entries had."""
    count = 0
    for at in range(len(named)):
        row = _first_from(entry_ids, named[at])
        while row < len(entry_ids) and entry_ids[row] == named[at]:
            if died[row] == ALIVE:
                is_there[at] = 1
                count += 1
                if epoch != LOOK_ONLY:
                    died[row] = epoch
            row += 1
    return count


@njit(nogil=True, cache=True)
def mark_unsorted(
    entry_ids: Any, rows: Any, died: Any, named: Any, epoch: Any, is_there: Any
) -> Any:
    """See `Delta.mark`; how many living rows the named entries had."""
    count = 0
    for row in range(rows):
        if died[row] == ALIVE:
            at = _first_from(named, entry_ids[row])
            if at < len(named) and named[at] == entry_ids[row]:
                is_there[at] = 1
                count += 1
                if epoch != LOOK_ONLY:
                    died[row] = epoch
    return count
