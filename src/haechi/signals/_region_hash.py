# SPDX-License-Identifier: Apache-2.0
"""The 256 bits of one region: a turned square of the picture, its DCT, and the sign of each coefficient.

As PDQ, but with the sign for "above the median": so a mirrored region has the same bits but for
those of odd vertical frequency, exactly, and mirror images need no second look at the pixels.

The first 64 bits are the *key*: the coefficients that change least under everyday edits and say
least about one another, chosen on photographs that are in no test. A region is looked for by them.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ._resized import Plane

__all__ = ["KEY_BITS", "MIRROR_MASK", "region_hashes"]

KEY_BITS: Final = 64

_SIDE: Final = 64
_FREQUENCIES: Final = 16

# By vertical frequency: which horizontal ones belong to the key.
_KEY_FREQUENCIES: Final = (
    (2, 4, 5, 7, 9, 11),
    tuple(range(10)),
    (0, 1, 2, 5, 7, 9),
    tuple(range(11)),
    (0, 1, 2, 3, 4, 5, 7, 9),
    (0, 1, 2, 3, 4, 5, 6, 8),
    (0, 1, 2, 3, 5, 7),
    (0, 2, 3, 4),
    (0, 3, 4, 6),
    (),
    (0,),
)


def _order() -> NDArray[np.int64]:
    """Where each of the 256 bits comes from, 16 · vertical + horizontal frequency; the constant one last.

    The constant coefficient says nothing: its bit is always 0.
    """
    key = [16 * i + j for i, row in enumerate(_KEY_FREQUENCIES) for j in row]
    taken = {0, *key}
    rest = [place for place in range(256) if place not in taken]
    return np.array([*key, *rest, 0], np.int64)


def _cosines() -> NDArray[np.float32]:
    """The orthonormal 16×64 DCT matrix: frequencies 0 to 15."""
    frequency = np.arange(_FREQUENCIES, dtype=np.float64)[:, None]
    place = np.arange(_SIDE, dtype=np.float64)[None, :] + 0.5
    matrix = np.sqrt(2.0 / _SIDE) * np.cos(np.pi / _SIDE * frequency * place)
    exact: NDArray[np.float32] = matrix.astype(np.float32)
    return exact


_ORDER: Final = _order()
_DCT: Final = _cosines()
_TRANSPOSED_DCT: Final = np.ascontiguousarray(_DCT.T)

MIRROR_MASK: Final[bytes] = np.packbits((_ORDER // _FREQUENCIES) % 2 == 1).tobytes()
"""The bits that change when the picture is mirrored and the region turned accordingly."""


def region_hashes(octaves: list[list[Plane]], regions: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The hashes, uint8 (n, 32), of regions (n, 4): x, y, radius in the picture's pixels, angle.

    The square's half side is the radius. Each is sampled 64×64 from the first level of the octave
    whose pixels are not quite as far apart as the samples.
    """
    steps = np.maximum(regions[:, 2] / (_SIDE / 2), 1.0)
    numbers = np.minimum(np.floor(np.log2(steps)), len(octaves) - 1).astype(np.int64)
    hashes = np.zeros((len(regions), 32), np.uint8)
    for number in np.unique(numbers):
        mine = np.flatnonzero(numbers == number)
        scaled = regions[mine].copy()
        scaled[:, :3] /= 2.0**number
        hashes[mine] = _hashes(octaves[number][0], scaled, _ORDER)
    return hashes


@njit(nogil=True, cache=True)
def _hashes(plane: Plane, regions: Any, order: Any) -> NDArray[np.uint8]:
    """The hashes of regions given in the pixels of this plane."""
    square = np.zeros((_SIDE, _SIDE), np.float32)
    hashes = np.zeros((len(regions), 32), np.uint8)
    for number in range(len(regions)):
        _sample(plane, regions[number], square)
        signs = _signs(square)
        signs[0, 0] = 0.0
        for bit in range(256):
            place = order[bit]
            if signs[place // _FREQUENCIES, place % _FREQUENCIES] > 0.0:
                hashes[number, bit // 8] |= 128 >> bit % 8
    return hashes


@njit(nogil=True, cache=True)
def _sample(plane: Plane, region: Any, square: Plane) -> None:
    """Fill the square with the turned region, linearly between pixels; borders are mirrors."""
    height, width = plane.shape
    along = math.cos(region[3]) * region[2] / (_SIDE / 2)
    across = math.sin(region[3]) * region[2] / (_SIDE / 2)
    middle = (_SIDE - 1) / 2
    for v in range(_SIDE):
        for u in range(_SIDE):
            x = abs(region[0] + along * (u - middle) - across * (v - middle))
            y = abs(region[1] + across * (u - middle) + along * (v - middle))
            if x > width - 1:
                x = max(0.0, 2.0 * (width - 1) - x)
            if y > height - 1:
                y = max(0.0, 2.0 * (height - 1) - y)
            column, row = min(int(x), width - 2), min(int(y), height - 2)
            right, down = np.float32(x - column), np.float32(y - row)
            upper = plane[row, column] + right * (plane[row, column + 1] - plane[row, column])
            lower = plane[row + 1, column] + right * (
                plane[row + 1, column + 1] - plane[row + 1, column]
            )
            square[v, u] = upper + down * (lower - upper)


@njit(nogil=True, cache=True)
def _signs(square: Plane) -> Plane:
    """The 16×16 DCT coefficients of the square, of which only the signs count."""
    half = np.zeros((_FREQUENCIES, _SIDE), np.float32)
    result = np.zeros((_FREQUENCIES, _FREQUENCIES), np.float32)
    for i in range(_FREQUENCIES):
        for k in range(_SIDE):
            weight = _DCT[i, k]
            for j in range(_SIDE):
                half[i, j] += weight * square[k, j]
        for k in range(_SIDE):
            weight = half[i, k]
            for j in range(_FREQUENCIES):
                result[i, j] += weight * _TRANSPOSED_DCT[k, j]
    return result
