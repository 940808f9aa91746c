# SPDX-License-Identifier: Apache-2.0
"""Keypoints: blobs that are found again at another size, turned, cut, and among other things.

Extrema of the difference of Gaussians in place and scale, refined by one step of a quadratic fit,
without those of little contrast and those on edges (Lowe, IJCV 2004, sections 3 and 4).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ._orientation import angles_of
from ._resized import Plane
from ._scale_space import FIRST_SIGMA, INTERVALS

__all__ = ["ANGLE", "RESPONSE", "SIGMA", "X", "Y", "keypoints"]

X, Y, SIGMA, RESPONSE, ANGLE = range(5)
"""The columns of a keypoint."""

_LEAST_CONTRAST: Final = 1.7
_EDGE_RATIO: Final = 12.0
_BORDER: Final = 5
_MOST_AN_OCTAVE: Final = 20_000


def keypoints(
    octaves: list[list[Plane]], *, least_sigma: float, angles: int
) -> NDArray[np.float64]:
    """The keypoints of a scale space of at least `least_sigma`, float64 (n, 5): see the columns above.

    `x`, `y` and `sigma` are in the picture's pixels, a pixel's centre at whole numbers. The response
    is the contrast in levels of brightness. A keypoint stands here once for each of its angles
    (radians, clockwise as y goes down), the strongest first, at most `angles` times. In the order
    of the octaves, levels, rows and columns.
    """
    found = [np.zeros((0, 5))]
    for number, levels in enumerate(octaves):
        size = 2.0**number
        if FIRST_SIGMA * 2.0 ** ((INTERVALS + 1.5) / INTERVALS) * size < least_sigma:
            continue
        differences = [after - before for before, after in pairwise(levels)]
        for layer in range(1, INTERVALS + 1):
            below, here, above = differences[layer - 1 : layer + 2]
            spots = _extrema(below, here, above, layer, np.zeros((_MOST_AN_OCTAVE, 4)))
            spots = spots[spots[:, SIGMA] * size >= least_sigma]
            found.append(_turned(levels, spots, size, angles))
    return np.concatenate(found)


def _turned(
    levels: list[Plane], spots: NDArray[np.float64], size: float, angles: int
) -> NDArray[np.float64]:
    """The keypoints that these extrema of an octave come to, in the picture's pixels."""
    nearest = np.rint(np.log2(spots[:, SIGMA] / FIRST_SIGMA) * INTERVALS).astype(np.int64)
    nearest = np.clip(nearest, 0, len(levels) - 1)
    rows = np.zeros((len(spots) * angles, 5))
    count = 0
    for level in np.unique(nearest):
        mine = np.flatnonzero(nearest == level)
        count = angles_of(levels[level], spots, mine, size, angles, rows, count)
    return rows[:count]


@njit(nogil=True, cache=True)
def _extrema(below: Plane, here: Plane, above: Plane, layer: int, out: Any) -> Any:
    """The extrema of one layer, (n, 4): x, y, sigma in the octave's pixels, contrast."""
    height, width = here.shape
    count = 0
    for y in range(_BORDER, height - _BORDER):
        for x in range(_BORDER, width - _BORDER):
            if abs(here[y, x]) < 0.5 * _LEAST_CONTRAST or not _is_extreme(below, here, above, y, x):
                continue
            if count < len(out) and _refined(below, here, above, y, x, layer, out[count]):
                count += 1
    return out[:count].copy()


@njit(nogil=True, cache=True)
def _is_extreme(below: Plane, here: Plane, above: Plane, y: int, x: int) -> bool:
    """Whether no neighbour in place or scale goes further from zero on the same side."""
    value = here[y, x]
    side = np.float32(1.0) if value > 0 else np.float32(-1.0)
    value *= side
    for i in range(y - 1, y + 2):
        for j in range(x - 1, x + 2):
            if (
                side * here[i, j] > value
                or side * below[i, j] > value
                or side * above[i, j] > value
            ):
                return False
    return True


@njit(nogil=True, cache=True)
def _refined(below: Any, here: Any, above: Any, y: int, x: int, layer: int, row: Any) -> bool:
    """Write the extremum into `row` as a quadratic fit moves it; False when it is not worth keeping."""
    value = np.float64(here[y, x])
    # Slopes and curvatures along x, y and scale.
    gx = (here[y, x + 1] - here[y, x - 1]) * 0.5
    gy = (here[y + 1, x] - here[y - 1, x]) * 0.5
    gs = (above[y, x] - below[y, x]) * 0.5
    xx = here[y, x + 1] + here[y, x - 1] - 2.0 * value
    yy = here[y + 1, x] + here[y - 1, x] - 2.0 * value
    ss = above[y, x] + below[y, x] - 2.0 * value
    xy = (here[y + 1, x + 1] - here[y + 1, x - 1] - here[y - 1, x + 1] + here[y - 1, x - 1]) * 0.25
    xs = (above[y, x + 1] - above[y, x - 1] - below[y, x + 1] + below[y, x - 1]) * 0.25
    ys = (above[y + 1, x] - above[y - 1, x] - below[y + 1, x] + below[y - 1, x]) * 0.25
    flat = xx * (yy * ss - ys * ys) - xy * (xy * ss - ys * xs) + xs * (xy * ys - yy * xs)
    if flat == 0.0:
        return False
    # Cramer's rule; a step of more than a pixel is cut to one.
    dx = -(gx * (yy * ss - ys * ys) - xy * (gy * ss - ys * gs) + xs * (gy * ys - yy * gs)) / flat
    dy = -(xx * (gy * ss - gs * ys) - gx * (xy * ss - ys * xs) + xs * (xy * gs - gy * xs)) / flat
    ds = -(xx * (yy * gs - ys * gy) - xy * (xy * gs - gy * xs) + gx * (xy * ys - yy * xs)) / flat
    dx, dy, ds = min(max(dx, -1.0), 1.0), min(max(dy, -1.0), 1.0), min(max(ds, -1.0), 1.0)
    contrast = abs(value + 0.5 * (gx * dx + gy * dy + gs * ds))
    both, product = xx + yy, xx * yy - xy * xy
    is_edge = product <= 0.0 or both * both * _EDGE_RATIO >= (_EDGE_RATIO + 1.0) ** 2 * product
    if contrast < _LEAST_CONTRAST or is_edge:
        return False
    row[0], row[1] = x + dx, y + dy
    row[2] = FIRST_SIGMA * 2.0 ** ((layer + ds) / INTERVALS)
    row[3] = contrast
    return True
