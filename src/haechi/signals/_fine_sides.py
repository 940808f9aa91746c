# SPDX-License-Identifier: Apache-2.0
"""The sides of a box found in a shrunk picture, set to the pixel in the picture itself."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ._sampling import Luma

__all__ = ["fine_sides"]

Integers: TypeAlias = NDArray[np.int64]

_CORNER: Final = 8
"""One part in so many is left out at each end of a side: corners may be round."""

_DEPTH: Final = 12
"""How far inwards padding is looked for: one part in so many of the box."""

_CLEAREST_STEP: Final = 64
_FLAT_PERCENT: Final = 85
_LEVELS: Final = 32
_LEVEL_BITS: Final = 3


@njit(nogil=True, cache=True)
def _is_flat(line: Luma) -> bool:
    """Whether nearly all of a line lies on two neighbouring levels of brightness."""
    histogram = np.zeros(_LEVELS, np.int64)
    for value in line:
        histogram[value >> _LEVEL_BITS] += 1
    most = 0
    for level in range(_LEVELS - 1):
        most = max(most, histogram[level] + histogram[level + 1])
    return 100 * most >= _FLAT_PERCENT * line.size


@njit(nogil=True, cache=True)
def _place(strip: Luma, reach: int) -> int:
    """Which row of a strip, whose rows run from outside to inside, is the first of the photo.

    The strongest step in the first `reach` rows; behind padding of one brightness, the next one.
    """
    steps = np.zeros(strip.shape[0], np.int64)
    for row in range(1, strip.shape[0]):
        for x in range(strip.shape[1]):
            step = abs(np.int64(strip[row, x]) - np.int64(strip[row - 1, x]))
            steps[row] += min(step, _CLEAREST_STEP)
    found = 1 + int(np.argmax(steps[1 : reach + 1]))
    # One row may be a mixture of both sides.
    row = found + 1
    while row < strip.shape[0] - 1 and _is_flat(strip[row]):
        row += 1
    if row == found + 1:
        return found
    behind = row - 1 + int(np.argmax(steps[row - 1 : row + 2]))
    return behind if 4 * steps[behind] >= steps[found] else found


@njit(nogil=True, cache=True)
def _near_side(luma: Luma, line: int, start: int, end: int, reach: int, depth: int) -> int:
    """The row from which on the photo is seen, near `line`, with columns `start` to `end`."""
    corner = (end - start) // _CORNER
    top = max(0, line - reach - 1)
    strip = luma[top : min(luma.shape[0], line + depth), start + corner : end - corner]
    return top + _place(strip, line + reach - top)


@njit(nogil=True, cache=True)
def fine_sides(luma: Luma, factor: int, box: Integers) -> tuple[int, int, int, int]:
    """Left, top, right and bottom in a picture, of a box in that picture shrunk by `factor`.

    A side on the edge of the shrunk picture goes to the edge of the picture. The others move by at
    most `factor` pixels, and then inwards over padding of one brightness, if there is any.
    """
    height, width = luma.shape
    turned = luma.T
    left, top, right, bottom = box[0] * factor, box[1] * factor, box[2] * factor, box[3] * factor
    across = factor + 2 + (right - left) // _DEPTH
    down = factor + 2 + (bottom - top) // _DEPTH
    fine = np.array([0, 0, width, height])
    if left > 0:
        fine[0] = _near_side(turned, left, top, bottom, factor, across)
    if top > 0:
        fine[1] = _near_side(luma, top, left, right, factor, down)
    if box[2] < width // factor:
        mirrored = turned[::-1]
        fine[2] = width - _near_side(mirrored, width - right, top, bottom, factor, across)
    if box[3] < height // factor:
        flipped = luma[::-1]
        fine[3] = height - _near_side(flipped, height - bottom, left, right, factor, down)
    return fine[0], fine[1], fine[2], fine[3]
