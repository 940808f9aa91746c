# SPDX-License-Identifier: Apache-2.0
"""Long straight edges along the rows of a picture: where something was pasted, framed or cut.

A line is the boundary between two rows of pixels, numbered by the lower one; line 0 and the last
one are the picture's own edges. Columns are the rows of the transposed picture. Everything is
integer arithmetic in a fixed order, so that the device finds the same lines.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ._sampling import Luma

__all__ = ["COVERED", "Counts", "Sides", "edge_counts", "measured_sides", "shrunk", "strong_lines"]

Counts: TypeAlias = NDArray[np.int32]
Sides: TypeAlias = NDArray[np.int32]

COVERED: Final = 1000
"""The coverage of a stretch that is an edge all along, and of the picture's own edges."""

_LEAST_STEP: Final = 4
_REACH: Final = 4
_MOST_LINES: Final = 32
_LINE_GAP: Final = 2
_CORNER: Final = 12
"""One part in so many is left out at each end of a side: corners may be round."""

_QUARTERS: Final = 4
_FOR, _AGAINST = 5, 3


@njit(nogil=True, cache=True)
def shrunk(luma: Luma, factor: int) -> Luma:
    """The means of `factor`×`factor` pixels, rounded half up; what is left over at the end is cut."""
    height, width = luma.shape[0] // factor, luma.shape[1] // factor
    small = np.zeros((height, width), np.uint8)
    sums = np.zeros(width * factor, np.int32)
    area = factor * factor
    for y in range(height):
        sums[:] = 0
        for row in luma[y * factor : (y + 1) * factor]:
            for x in range(sums.size):
                sums[x] += row[x]
        for x in range(width):
            total = area // 2
            for column in range(x * factor, (x + 1) * factor):
                total += sums[column]
            small[y, x] = total // area
    return small


@njit(nogil=True, cache=True)
def edge_counts(luma: Luma) -> Counts:
    """How many pixels of a line are edges before each column: int32 (height + 1, width + 1).

    A pixel is an edge when brightness steps there by 4 more than it does, taken together, in the
    four nearest steps on the calmer side, the very next left out: an edge may lie half in a pixel.
    A side where the picture ends before that is not looked at.
    """
    height, width = luma.shape
    margin = _REACH + 2
    steps = np.zeros((height + 1 + 2 * margin, width), np.int16)
    for y in range(1, height):
        for x in range(width):
            steps[y + margin, x] = abs(np.int16(luma[y, x]) - np.int16(luma[y - 1, x]))
    counts = np.zeros((height + 1, width + 1), np.int32)
    before = np.zeros(width, np.int16)
    behind = steps[margin + 2 : margin + 2 + _REACH].sum(axis=0).astype(np.int16)
    for line in range(1, height):
        at = line + margin
        for x in range(width):
            before[x] += steps[at - 2, x] - steps[at - 2 - _REACH, x]
            behind[x] += steps[at + 1 + _REACH, x] - steps[at + 1, x]
        count = 0
        for x in range(width):
            calmer = min(before[x], behind[x])
            if line < margin:
                calmer = behind[x]
            elif line > height - margin:
                calmer = before[x]
            count += steps[at, x] >= _LEAST_STEP + calmer
            counts[line, x + 1] = count
    return counts


@njit(nogil=True, cache=True)
def _strengths(counts: Counts) -> Counts:
    """For each line, the most by which edges outnumber the other pixels on any stretch of it."""
    strengths = np.zeros(counts.shape[0], np.int32)
    for line in range(1, counts.shape[0] - 1):
        here = 0
        for x in range(counts.shape[1] - 1):
            is_edge = counts[line, x + 1] > counts[line, x]
            here = max(0, here + 1 if is_edge else here - 1)
            strengths[line] = max(strengths[line], here)
    return strengths


@njit(nogil=True, cache=True)
def strong_lines(counts: Counts, least: int) -> Counts:
    """The strongest lines, at most 32 of strength `least` or more, in order; and both outer edges.

    None is within two rows of a stronger one.
    """
    strengths = _strengths(counts)
    is_taken = np.zeros(strengths.size, np.bool_)
    is_taken[0] = is_taken[-1] = True
    found = 0
    for line in np.argsort(-strengths, kind="mergesort"):
        if strengths[line] < least or found == _MOST_LINES:
            break
        if not is_taken[
            max(1, line - _LINE_GAP) : min(strengths.size - 1, line + _LINE_GAP + 1)
        ].any():
            is_taken[line] = True
            found += 1
    return np.flatnonzero(is_taken).astype(np.int32)


@njit(nogil=True, cache=True)
def _measured(counts: Counts, line: int, start: int, end: int) -> tuple[int, int, int]:
    if line in (0, counts.shape[0] - 1):
        return 0, COVERED, COVERED
    corner = (end - start) // _CORNER
    start, end = start + corner, end - corner
    most, best = -1, line
    for near in range(max(1, line - 1), min(counts.shape[0] - 2, line + 1) + 1):
        count = counts[near, end] - counts[near, start]
        if count > most:
            most, best = count, near
    length = end - start
    lowest = COVERED
    for quarter in range(_QUARTERS):
        low = start + length * quarter // _QUARTERS
        high = start + length * (quarter + 1) // _QUARTERS
        share = COVERED * (counts[best, high] - counts[best, low]) // max(1, high - low)
        lowest = min(lowest, share)
    return _FOR * most - _AGAINST * length, COVERED * most // length, lowest


@njit(nogil=True, cache=True)
def measured_sides(counts: Counts, lines: Counts, ends: Counts, least: int) -> Sides:
    """What speaks for a side on each line between each two ends: int32 (lines, ends, ends, 3).

    Evidence (five for each edge pixel, less three for each pixel), coverage, and the coverage of
    the worst quarter, in thousandths. The best of the line and its two neighbours counts. The
    picture's own edges have no evidence and are covered. Left at 0 where the ends are less than
    `least` apart, and below the diagonal.
    """
    sides = np.zeros((lines.size, ends.size, ends.size, 3), np.int32)
    for i in range(lines.size):
        for j in range(ends.size):
            for k in range(j + 1, ends.size):
                if ends[k] - ends[j] >= least:
                    evidence, coverage, worst = _measured(counts, lines[i], ends[j], ends[k])
                    sides[i, j, k, 0] = evidence
                    sides[i, j, k, 1] = coverage
                    sides[i, j, k, 2] = worst
    return sides
