# SPDX-License-Identifier: Apache-2.0
"""One kind of values: large segments, a few small ones and the delta, as one reader sees them.

A log-structured merge tree (O'Neil and others, Acta Informatica 1996): new rows go to the delta, a
full delta becomes a small segment, and segments are merged when they have grown alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from haechi.match._columns import ALIVE, Rows
from haechi.match._ids import Ids
from haechi.match._merge import merged
from haechi.match._plan import Ring
from haechi.match._segment import Delta, Segment, build_segment, mark_sorted

__all__ = ["Sizes", "Table", "segments_to_merge"]

_MOST_SEGMENTS: Final = 12


@dataclass(frozen=True, slots=True)
class Sizes:
    """When a table changes its form; tests choose small ones to get past them.

    `delta_rows` (a multiple of 8) is how many rows are searched by reading all of them. A segment
    below `small_rows` is rewritten with the next full delta. A larger one is merged with all that
    are smaller than it as soon as these hold a `growth`-th of its rows, while the result has at most
    `most_rows`; that bounds what a merge needs for a moment, as much again as the rows it merges.

    Raises:
        ValueError: `delta_rows` is no multiple of 8, or a segment could have too many rows to number.
    """

    delta_rows: int = 8192
    small_rows: int = 65_536
    growth: int = 8
    most_rows: int = 1 << 24

    def __post_init__(self) -> None:
        # Eight rows are read at once, also at the end; rows are numbered by 32 bits.
        if self.delta_rows < 8 or self.delta_rows % 8 or not 0 < self.most_rows < 1 << 31:
            raise ValueError("delta_rows is a multiple of 8, most_rows below 2 to the 31")


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """What a reader sees: these segments, and the first `delta_rows` rows of the delta."""

    ring: Ring
    segments: tuple[Segment, ...]
    delta: Delta
    delta_rows: int = 0

    @classmethod
    def empty(cls, ring: Ring, sizes: Sizes) -> Table:
        """A table without rows, searched through these bands."""
        return cls(ring, (), Delta(sizes.delta_rows))

    @property
    def nbytes(self) -> int:
        """The memory this takes."""
        return self.delta.nbytes + sum(segment.nbytes for segment in self.segments)

    def mark(self, named: Ids, epoch: int, is_there: NDArray[np.uint8]) -> None:
        """See `Segment.mark`."""
        if not len(named):
            return
        for segment in self.segments:
            segment.mark(named, epoch, is_there)
        if self.delta_rows:
            self.delta.mark(self.delta_rows, named, epoch, is_there)

    def rows_of(self, named: Ids, epoch: int) -> Rows:
        """The rows of the named entries (sorted) that a reader of this epoch sees."""
        parts = [segment.rows_of(named, epoch) for segment in self.segments]
        if self.delta_rows:
            parts.append(self.delta.rows_of(self.delta_rows, named, epoch))
        return Rows.joined(parts)

    def grown(self, rows: Rows, gone: Ids, sizes: Sizes) -> Table:
        """The table with these rows, in which the entries `gone` are about to die.

        Nothing that a reader of this table sees is changed.
        """
        if self.delta_rows + len(rows) <= self.delta.capacity:
            self.delta.write(self.delta_rows, rows)
            return replace(self, delta_rows=self.delta_rows + len(rows))
        small = [segment for segment in self.segments if len(segment) < sizes.small_rows]
        kept = [segment for segment in self.segments if len(segment) >= sizes.small_rows]
        fresh = rows.sorted()
        if small or self.delta_rows:
            fresh = merged([*self._carried(small, gone), (fresh, _all_alive(fresh))])
        starts = range(0, len(fresh), sizes.most_rows)
        parts = (
            [fresh]
            if len(starts) == 1
            else [fresh.at(slice(start, start + sizes.most_rows)) for start in starts]
        )
        built = [build_segment(part, self.ring) for part in parts]
        return Table(self.ring, (*kept, *built), Delta(sizes.delta_rows))

    def _carried(self, small: Sequence[Segment], gone: Ids) -> list[tuple[Rows, NDArray[np.int64]]]:
        """The rows of these segments and of the delta, sorted, with the entries `gone` marked dead."""
        newest = self.delta.living(self.delta_rows, ALIVE - 1).sorted()
        runs = [(segment.rows, segment.died.copy()) for segment in small]
        runs.append((newest, _all_alive(newest)))
        for rows, died in runs:
            mark_sorted(rows.entry_ids, died, gone, 0, np.zeros(len(gone), dtype=np.uint8))
        return runs

    def with_merged(self, sources: Sequence[Segment], result: Segment | None) -> Table:
        """The table with one segment instead of several; None when no row of them was left."""
        kept = [segment for segment in self.segments if segment not in sources]
        return replace(self, segments=(*([result] if result else []), *kept))

    def is_behind(self, sizes: Sizes) -> bool:
        """Whether merging lags so far behind that a writer should wait for it."""
        return len(segments_to_merge(self.segments, sizes)) > _MOST_SEGMENTS


def _all_alive(rows: Rows) -> NDArray[np.int64]:
    return np.full(len(rows), ALIVE, dtype=np.int64)


def segments_to_merge(segments: Sequence[Segment], sizes: Sizes) -> list[Segment]:
    """The large segments that are due to become one; empty when none are. See `Sizes`.

    A segment of which a quarter is dead is due alone, to be written without its dead.
    """
    large = sorted((s for s in segments if len(s) >= sizes.small_rows), key=len, reverse=True)
    for place, largest in enumerate(large):
        smaller = sum(len(segment) for segment in large[place + 1 :])
        if sizes.growth * smaller >= len(largest) and smaller + len(largest) <= sizes.most_rows:
            return large[place:]
    for segment in large:
        if 4 * segment.dead_rows > len(segment):
            return [segment]
    return []
