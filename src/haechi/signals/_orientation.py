# SPDX-License-Identifier: Apache-2.0
"""Which way a keypoint points: the directions that most of the slopes around it have.

(Lowe, IJCV 2004, section 5; a slope is shared between the two directions it lies between.)
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numba import njit

from ._resized import Plane

__all__ = ["angles_of"]

_DIRECTIONS: Final = 36
_WINDOW_SIGMAS: Final = 1.5
_REACH_WINDOWS: Final = 3.0
_NEARLY_AS_MUCH: Final = 0.8


@njit(nogil=True, cache=True)
def angles_of(
    plane: Plane, spots: Any, chosen: Any, size: float, angles: int, rows: Any, count: int
) -> int:
    """Write the chosen extrema into `rows` from `count` on, once for each angle; how many rows there are.

    `plane` is the level of their octave whose blur is nearest. See `keypoints` for the columns.
    """
    directions = np.zeros(_DIRECTIONS, np.float64)
    for at in chosen:
        _count_directions(plane, spots[at, 0], spots[at, 1], spots[at, 2], directions)
        most = directions.max()
        for _ in range(angles):
            peak = _highest_peak(directions, _NEARLY_AS_MUCH * most)
            if peak < 0:
                break
            rows[count, 0] = spots[at, 0] * size
            rows[count, 1] = spots[at, 1] * size
            rows[count, 2] = spots[at, 2] * size
            rows[count, 3] = spots[at, 3]
            rows[count, 4] = _between(directions, peak) * (2.0 * math.pi / _DIRECTIONS)
            count += 1
            # Never again, and its neighbours are no peaks beside it.
            directions[peak] = -directions[peak]
    return count


@njit(nogil=True, cache=True)
def _count_directions(plane: Plane, x: float, y: float, sigma: float, out: Any) -> None:
    """Fill `out` with how much slope there is in each direction, smoothed twice."""
    height, width = plane.shape
    window = _WINDOW_SIGMAS * sigma
    reach = int(_REACH_WINDOWS * window + 0.5)
    column, row = int(x + 0.5), int(y + 0.5)
    out[:] = 0.0
    for dy in range(max(-reach, 1 - row), min(reach, height - 2 - row) + 1):
        for dx in range(max(-reach, 1 - column), min(reach, width - 2 - column) + 1):
            far = dx * dx + dy * dy
            if far > reach * reach:
                continue
            i, j = row + dy, column + dx
            gx, gy = plane[i, j + 1] - plane[i, j - 1], plane[i + 1, j] - plane[i - 1, j]
            slope = math.sqrt(gx * gx + gy * gy) * math.exp(-far / (2.0 * window * window))
            place = math.atan2(gy, gx) * _DIRECTIONS / (2.0 * math.pi)
            if place < 0.0:
                place += _DIRECTIONS
            whole = int(place)
            share = place - whole
            out[whole % _DIRECTIONS] += slope * (1.0 - share)
            out[(whole + 1) % _DIRECTIONS] += slope * share
    for _ in range(2):
        before = out.copy()
        for n in range(_DIRECTIONS):
            near = before[(n - 1) % _DIRECTIONS] + before[(n + 1) % _DIRECTIONS]
            far_off = before[(n - 2) % _DIRECTIONS] + before[(n + 2) % _DIRECTIONS]
            out[n] = (6.0 * before[n] + 4.0 * near + far_off) / 16.0


@njit(nogil=True, cache=True)
def _highest_peak(directions: Any, least: float) -> int:
    """The direction with the most slope among the local peaks of at least `least`; -1: there is none."""
    best = -1
    for n in range(_DIRECTIONS):
        value = directions[n]
        before = abs(directions[(n - 1) % _DIRECTIONS])
        after = abs(directions[(n + 1) % _DIRECTIONS])
        is_peak = value > before and value >= after and value >= least
        if is_peak and (best < 0 or value > directions[best]):
            best = n
    return best


@njit(nogil=True, cache=True)
def _between(directions: Any, peak: int) -> float:
    """Where the top of a parabola through a peak and its neighbours lies."""
    before = abs(directions[(peak - 1) % _DIRECTIONS])
    after = abs(directions[(peak + 1) % _DIRECTIONS])
    bend = before - 2.0 * directions[peak] + after
    return peak + (0.5 * (before - after) / bend if bend != 0.0 else 0.0)
