# SPDX-License-Identifier: Apache-2.0
"""Rectangles whose four sides are straight edges of a picture, or the picture's own."""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ._lines import COVERED, Counts, Sides, edge_counts, measured_sides, strong_lines
from ._sampling import Luma

__all__ = ["COVERAGE", "EVIDENCE", "WORST", "WORTH", "Integers", "rectangles"]

Integers: TypeAlias = NDArray[np.int64]

EVIDENCE, WORTH, WORST, COVERAGE = range(4, 8)
"""Columns of the table of rectangles, behind left, top, right and bottom."""

_MOST: Final = 300
_KEPT: Final = 4096
_LARGEST_PERCENT: Final = 96
_LEAST_COVERED: Final = 500
_LEAST_COVERAGE: Final = (500, 500, 650, 750, 1001)
"""How well the sides are covered on average, at least, by how many are the picture's own.
With all four it is the picture."""

_LEAST_SIDE_PIXELS: Final = 16
_LEAST_SIDE_PART: Final = 8
_INNER_MARGIN: Final = 4
_INNER_WEIGHT: Final = 4


class _Lines(NamedTuple):
    """The lines found in a picture, and what speaks for a side on each between each two others."""

    ys: Counts
    xs: Counts
    rows: Sides
    columns: Sides


@njit(nogil=True, cache=True)
def _lines_of(luma: Luma) -> _Lines:
    least = max(_LEAST_SIDE_PIXELS, min(luma.shape) // _LEAST_SIDE_PART)
    row_counts = edge_counts(luma)
    column_counts = edge_counts(np.ascontiguousarray(luma.T))
    ys = strong_lines(row_counts, least // 2)
    xs = strong_lines(column_counts, least // 2)
    rows = measured_sides(row_counts, ys, xs, least)
    return _Lines(ys, xs, rows, measured_sides(column_counts, xs, ys, least))


@njit(nogil=True, cache=True)
def _fill(record: Integers, lines: _Lines) -> bool:
    """Complete the record of the rectangle between four lines; False when there is little to it."""
    p, i, q, j = record[:4]
    top, bottom = lines.rows[i, p, q], lines.rows[j, p, q]
    left, right = lines.columns[p, i, j], lines.columns[q, i, j]
    outer = (i == 0) + (j == lines.ys.size - 1) + (p == 0) + (q == lines.xs.size - 1)
    covered = top[1] + bottom[1] + left[1] + right[1] - COVERED * outer
    width, height = lines.xs[q] - lines.xs[p], lines.ys[j] - lines.ys[i]
    if 100 * width * height > _LARGEST_PERCENT * lines.xs[-1] * lines.ys[-1]:
        return False
    record[EVIDENCE] = top[0] + bottom[0] + left[0] + right[0]
    record[WORST] = min(min(top[2], bottom[2]), min(left[2], right[2]))  # noqa: PLW3301 - for Numba
    record[COVERAGE] = covered // max(1, 4 - outer)
    return bool(record[EVIDENCE] > 0 and record[COVERAGE] >= _LEAST_COVERAGE[outer])


@njit(nogil=True, cache=True)
def _best(table: Integers, column: int, most: int) -> Integers:
    """The rows with most in a column; equal ones in the order in which they came."""
    return table[np.argsort(-table[:, column], kind="mergesort")[:most]]


@njit(nogil=True, cache=True)
def _searched(lines: _Lines) -> Integers:
    """The rectangles with covered sides, as numbers of lines; of very many, those of most evidence."""
    rows, columns = lines.rows, lines.columns
    table = np.zeros((_KEPT, 8), np.int64)
    count, least_evidence = 0, 0
    for p in range(lines.xs.size):
        for q in range(p + 1, lines.xs.size):
            for i in range(lines.ys.size):
                if rows[i, p, q, 1] < _LEAST_COVERED:
                    continue
                for j in range(i + 1, lines.ys.size):
                    covered = min(rows[j, p, q, 1], columns[p, i, j, 1], columns[q, i, j, 1])
                    if covered < _LEAST_COVERED:
                        continue
                    table[count, :4] = p, i, q, j
                    if not _fill(table[count], lines) or table[count, EVIDENCE] < least_evidence:
                        continue
                    count += 1
                    if count == _KEPT:
                        count = _KEPT // 4
                        table[:count] = _best(table, EVIDENCE, count)
                        least_evidence = table[count - 1, EVIDENCE]
    return table[:count]


@njit(nogil=True, cache=True)
def _strongest_inner(lines: Counts, sides: Sides, low: int, high: int, j: int, k: int) -> int:
    """The evidence of the best line that runs right through between two others."""
    strongest = 0
    for i in range(low + 1, high):
        if lines[low] + _INNER_MARGIN < lines[i] < lines[high] - _INNER_MARGIN:
            strongest = max(strongest, sides[i, j, k, 0])
    return strongest


@njit(nogil=True, cache=True)
def rectangles(luma: Luma) -> Integers:
    """The at most 300 rectangles of most worth, those first: int64 (count, 8).

    Left, top, right and bottom (where the next pixel begins); evidence, worth, and coverage of the
    worst quarter of a side and of all, in thousandths. Evidence grows with the length of the sides
    and falls with every gap in them. Worth is evidence, less what a line right through takes away:
    that is rather two photos. None is as large as the picture, or narrower than an eighth of it.
    """
    lines = _lines_of(luma)
    table = _searched(lines)
    for record in table:
        p, i, q, j = record[:4]
        inner = max(
            _strongest_inner(lines.ys, lines.rows, i, j, p, q),
            _strongest_inner(lines.xs, lines.columns, p, q, i, j),
        )
        record[WORTH] = max(record[EVIDENCE] - _INNER_WEIGHT * inner, 3 * record[EVIDENCE] // 10)
        record[0], record[1], record[2], record[3] = (
            lines.xs[p],
            lines.ys[i],
            lines.xs[q],
            lines.ys[j],
        )
    return _best(table, WORTH, _MOST)
