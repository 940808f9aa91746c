# SPDX-License-Identifier: Apache-2.0
"""A picture at another size: the mean of what a pixel covers, or a straight line between pixels.

The regions of a picture are looked for at a common size, on the device and here. Both ways are
weights along one axis and then the other, so that every machine and browser finds the same.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ._sampling import Luma

__all__ = ["Plane", "resized", "size_for"]

Plane: TypeAlias = NDArray[np.float32]


def size_for(
    height: int, width: int, *, short_side: int, long_side: int, least_side: int
) -> tuple[int, int]:
    """Height and width at which the short side is `short_side`, or the long side at most `long_side`.

    No side falls below `least_side`; a very long picture is then squeezed.
    """
    scale = min(short_side / min(height, width), long_side / max(height, width))
    # Not round(): the device rounds halves up.
    return max(least_side, int(height * scale + 0.5)), max(least_side, int(width * scale + 0.5))


@njit(nogil=True, cache=True)
def _weights(source: int, target: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """For each target pixel the first source pixel, and the weights from there on, float32."""
    step = source / target
    first = np.zeros(target, np.int64)
    weights = np.zeros((target, int(np.ceil(max(step, 1.0))) + 1), np.float32)
    for at in range(target):
        if step > 1.0:
            left, right = at * step, (at + 1) * step
            first[at] = int(left)
            for k in range(weights.shape[1]):
                pixel = first[at] + k
                covered = min(right, pixel + 1.0) - max(left, float(pixel))
                weights[at, k] = max(0.0, covered) / step if pixel < source else 0.0
        else:
            middle = min(max((at + 0.5) * step - 0.5, 0.0), source - 1.0)
            first[at] = min(int(middle), max(0, source - 2))
            weights[at, 1] = middle - first[at] if source > 1 else 0.0
            weights[at, 0] = 1.0 - weights[at, 1]
    return first, weights


@njit(nogil=True, cache=True)
def resized(luma: Luma, height: int, width: int) -> Plane:
    """The picture at this size, float32, 0-255: each axis averaged where it shrinks, interpolated where not.

    Averages by area, pixels that are covered in part counting in part; between pixels linearly from
    centre to centre.
    """
    top, row_weights = _weights(luma.shape[0], height)
    left, column_weights = _weights(luma.shape[1], width)
    out = np.zeros((height, width), np.float32)
    line = np.zeros(luma.shape[1] + column_weights.shape[1], np.float32)
    for y in range(height):
        line[:] = 0.0
        for k in range(row_weights.shape[1]):
            weight = row_weights[y, k]
            if weight != 0.0:
                row = luma[top[y] + k]
                for x in range(row.size):
                    line[x] += weight * np.float32(row[x])
        for x in range(width):
            total = np.float32(0.0)
            for k in range(column_weights.shape[1]):
                total += column_weights[x, k] * line[left[x] + k]
            out[y, x] = total
    return out
