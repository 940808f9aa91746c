# SPDX-License-Identifier: Apache-2.0
"""Flat borders around a picture: letterbox bars, frames, empty margins."""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from ._sampling import Luma

__all__ = ["without_borders"]

_TOLERANCE: Final = 12
"""How far a pixel of a flat border may lie from its colour: JPEG noise, not texture."""

_FLAT_PERCENT: Final = 99
_LEAST_CUT: Final = 0.01
"""Less than this share of a side is not worth looking at again: PDQ hardly sees it."""

_LEAST_LEFT: Final = 0.15


@njit(nogil=True, cache=True)
def _flat_lines(luma: Luma, top: int, bottom: int, *, are_rows: bool, is_from_end: bool) -> int:
    """How many lines from an edge inwards have the colour of the first one, nearly everywhere.

    Lines are rows, or the stretches of columns between two rows.
    """
    count = int(luma.shape[0] if are_rows else luma.shape[1])
    line = np.zeros(luma.shape[1] if are_rows else bottom - top, np.int64)
    colour = -1
    for number in range(count):
        at = count - 1 - number if is_from_end else number
        for x in range(line.size):
            line[x] = luma[at, x] if are_rows else luma[top + x, at]
        if colour < 0:
            colour = int(np.median(line))
        near = 0
        for value in line:
            if abs(value - colour) <= _TOLERANCE:
                near += 1
        if 100 * near < _FLAT_PERCENT * line.size:
            return number
    return count


def _kept(luma: Luma, top: int, bottom: int, *, are_rows: bool) -> slice:
    """The lines between the flat ones at the start and at the end; empty when all are flat."""
    count = luma.shape[0] if are_rows else luma.shape[1]
    start = _flat_lines(luma, top, bottom, are_rows=are_rows, is_from_end=False)
    if start == count:
        return slice(0, 0)
    return slice(start, count - _flat_lines(luma, top, bottom, are_rows=are_rows, is_from_end=True))


def without_borders(luma: Luma) -> tuple[slice, slice] | None:
    """The rows and columns left when flat borders are cut away, or None: nothing worth cutting.

    A border line has one brightness within JPEG noise, the same over the border's whole width; each
    of the four may have its own. Top and bottom are cut first. None when less than 1 % of both
    sides would go, or less than 15 % of one would stay. A night sky may be taken for a border: so a
    cut picture is one more look, and never replaces the whole one.
    """
    height, width = luma.shape
    rows = _kept(luma, 0, height, are_rows=True)
    columns = slice(0, 0)
    if rows.stop > rows.start:
        columns = _kept(luma, rows.start, rows.stop, are_rows=False)
    left = (rows.stop - rows.start) / height, (columns.stop - columns.start) / width
    if min(left) < _LEAST_LEFT or min(left) > 1 - _LEAST_CUT:
        return None
    return rows, columns
