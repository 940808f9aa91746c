# SPDX-License-Identifier: Apache-2.0
"""Flat borders around a picture: letterbox bars, frames, empty margins."""

from __future__ import annotations

from typing import Final

import numpy as np

from ._pdq import Luma

__all__ = ["without_borders"]

_TOLERANCE: Final = 12
"""How far a pixel of a flat border may lie from its colour: JPEG noise, not texture."""

_FLAT_SHARE: Final = 0.99
_LEAST_CUT: Final = 0.01
"""Less than this share of a side is not worth looking at again: PDQ hardly sees it."""

_LEAST_LEFT: Final = 0.4


def _flat_lines(lines: Luma) -> int:
    """How many lines from the first on have the colour of the first line, nearly everywhere."""
    colour = int(np.median(lines[0]))
    # One comparison over all lines would cost more than hashing them; borders are few lines.
    for count, line in enumerate(lines):
        near = np.abs(line.astype(np.int16) - colour) <= _TOLERANCE
        if np.count_nonzero(near) < _FLAT_SHARE * near.size:
            return count
    return len(lines)


def _kept(lines: Luma) -> slice:
    """The lines between the flat ones at the start and at the end; empty when all are flat."""
    start = _flat_lines(lines)
    if start == len(lines):
        return slice(0, 0)
    return slice(start, len(lines) - _flat_lines(lines[::-1]))


def without_borders(luma: Luma) -> tuple[slice, slice] | None:
    """The rows and columns left when flat borders are cut away, or None: nothing worth cutting.

    A border line has one brightness within JPEG noise, the same over the border's whole width; each
    of the four may have its own. Top and bottom are cut first. None when less than 1 % of both
    sides would go, or less than 40 % of one would stay. A night sky may be taken for a border: so a
    cut picture is one more look, and never replaces the whole one.
    """
    height, width = luma.shape
    rows = _kept(luma)
    columns = _kept(luma[rows].T) if rows.stop > rows.start else slice(0, 0)
    left = (rows.stop - rows.start) / height, (columns.stop - columns.start) / width
    if min(left) < _LEAST_LEFT or min(left) > 1 - _LEAST_CUT:
        return None
    return rows, columns
