# SPDX-License-Identifier: Apache-2.0
"""Regions that are drawn and not photographed: letters, buttons, logos, bubbles, stickers.

Unrelated pictures share them, to the pixel, and their geometry agrees too. They are told by how few
brightnesses they are made of: a share of a glyph is paper and another is ink, and along its edges
one side is always the same. A photograph has neither, or, where it is dim and smooth, it has no steep
edge and no even ground, and what is drawn has one or the other. Drawn regions are no part of a report; on the side of the
query nothing is left out, since there they find nothing.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["is_photographed"]

_SIDE: Final = 64
_LEVELS: Final = 256
_BAND_LEVELS: Final = 4
_EDGE_BAND_LEVELS: Final = 6
_MOST_PLAIN: Final = 0.40
_MOST_ONE_SIDED: Final = 0.55
_EDGE_SHARE: Final = 0.15
_LEAST_SLOPE: Final = 6
_STEEPEST_SHARE: Final = 0.03
_STEEP: Final = 20
_MOST_OF_ONE: Final = 0.30
_REACH: Final = 2


@njit(nogil=True, cache=True)
def is_photographed(luma: Any, regions: Any) -> NDArray[np.bool_]:
    """Which regions, (n, 4) of x, y, radius and angle in the pixels of `luma` (uint8), are photographed."""
    square, slopes = np.zeros((_SIDE, _SIDE), np.int64), np.zeros((_SIDE, _SIDE), np.int64)
    kept = np.zeros(len(regions), np.bool_)
    for number in range(len(regions)):
        _sample(luma, regions[number], square)
        steep = _slopes(square, slopes, _EDGE_SHARE)
        is_rich = _plainness(square) <= _MOST_PLAIN and (
            _sidedness(square, slopes, max(steep, _LEAST_SLOPE)) <= _MOST_ONE_SIDED
        )
        kept[number] = is_rich or _is_soft(square, slopes)
    return kept


@njit(nogil=True, cache=True)
def _sample(luma: Any, region: Any, square: Any) -> None:
    """Fill the square with the nearest pixels of the turned region."""
    height, width = luma.shape
    along = math.cos(region[3]) * region[2] / (_SIDE / 2)
    across = math.sin(region[3]) * region[2] / (_SIDE / 2)
    middle = (_SIDE - 1) / 2
    for v in range(_SIDE):
        for u in range(_SIDE):
            x = region[0] + along * (u - middle) - across * (v - middle)
            y = region[1] + across * (u - middle) + along * (v - middle)
            column = min(max(math.floor(x + 0.5), 0), width - 1)
            row = min(max(math.floor(y + 0.5), 0), height - 1)
            square[v, u] = luma[row, column]


@njit(nogil=True, cache=True)
def _fullest_band(histogram: Any, levels: int) -> tuple[int, int]:
    """How many lie in the fullest band of `levels` to both sides of a level, and that level."""
    best, level = 0, 0
    for middle in range(_LEVELS):
        count = 0
        for at in range(max(0, middle - levels), min(_LEVELS, middle + levels + 1)):
            count += histogram[at]
        if count > best:
            best, level = count, middle
    return best, level


@njit(nogil=True, cache=True)
def _plainness(square: Any) -> float:
    """The share of the two commonest brightnesses, bands that do not overlap."""
    histogram = np.zeros(_LEVELS, np.int64)
    for v in range(_SIDE):
        for u in range(_SIDE):
            histogram[square[v, u]] += 1
    first, level = _fullest_band(histogram, _BAND_LEVELS)
    histogram[max(0, level - 2 * _BAND_LEVELS) : level + 2 * _BAND_LEVELS + 1] = 0
    second, _ = _fullest_band(histogram, _BAND_LEVELS)
    return (first + second) / (_SIDE * _SIDE)


@njit(nogil=True, cache=True)
def _slopes(square: Any, slopes: Any, share: float) -> int:
    """Fill `slopes` with the larger central difference; what so large a share of the places exceeds."""
    counts = np.zeros(_LEVELS, np.int64)
    for v in range(_SIDE):
        for u in range(_SIDE):
            slope = 0
            if 0 < u < _SIDE - 1:
                slope = abs(square[v, u + 1] - square[v, u - 1])
            if 0 < v < _SIDE - 1:
                slope = max(slope, abs(square[v + 1, u] - square[v - 1, u]))
            slopes[v, u] = slope
            counts[slope] += 1
    threshold, seen = _LEVELS - 1, 0
    while threshold > 0 and seen < share * _SIDE * _SIDE:
        seen += counts[threshold]
        threshold -= 1
    return threshold


@njit(nogil=True, cache=True)
def _is_soft(square: Any, slopes: Any) -> bool:
    """Whether nothing is steep and no brightness, give or take a level, covers much: no paper, no shadow."""
    if _slopes(square, slopes, _STEEPEST_SHARE) >= _STEEP:
        return False
    histogram = np.zeros(_LEVELS, np.int64)
    for v in range(_SIDE):
        for u in range(_SIDE):
            histogram[square[v, u]] += 1
    most, _ = _fullest_band(histogram, 1)
    return bool(most <= _MOST_OF_ONE * _SIDE * _SIDE)


@njit(nogil=True, cache=True)
def _sidedness(square: Any, slopes: Any, threshold: int) -> float:
    """Of the places steeper than this, the share whose darker or brighter side is one brightness."""
    darker, brighter = np.zeros(_LEVELS, np.int64), np.zeros(_LEVELS, np.int64)
    count = 0
    for v in range(_REACH, _SIDE - _REACH):
        for u in range(_REACH, _SIDE - _REACH):
            if slopes[v, u] <= threshold:
                continue
            low, high = _LEVELS - 1, 0
            for i in range(v - _REACH, v + _REACH + 1):
                for j in range(u - _REACH, u + _REACH + 1):
                    low, high = min(low, square[i, j]), max(high, square[i, j])
            darker[low] += 1
            brighter[high] += 1
            count += 1
    one, _ = _fullest_band(darker, _EDGE_BAND_LEVELS)
    other, _ = _fullest_band(brighter, _EDGE_BAND_LEVELS)
    return max(one, other) / max(count, 1)
