# SPDX-License-Identifier: Apache-2.0
"""The scale space of a picture: ever more blurred, and halved once an octave (Lowe, "Distinctive image
features from scale-invariant keypoints", IJCV 2004, section 3).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ._resized import Plane

__all__ = ["FIRST_SIGMA", "INTERVALS", "scale_space"]

INTERVALS: Final = 3
"""So many scales an octave are searched."""

FIRST_SIGMA: Final = 1.6
"""The blur of the first level of an octave, in its pixels."""

_SIGMA_AS_SENT: Final = 0.5
_LEAST_SIDE: Final = 24
_REACH_SIGMAS: Final = 3.0


def _bell(sigma: float) -> NDArray[np.float32]:
    """The weights of a Gaussian out to three sigmas, with a sum of 1."""
    reach = max(1, math.ceil(_REACH_SIGMAS * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2).astype(np.float32)
    normalised: NDArray[np.float32] = weights / weights.sum(dtype=np.float32)
    return normalised


@njit(nogil=True, cache=True)
def _blurred(plane: Plane, bell: NDArray[np.float32]) -> Plane:
    """The plane under a Gaussian; beyond its borders it is its own mirror image."""
    height, width = plane.shape
    reach = bell.size // 2
    across = np.zeros((height, width), np.float32)
    padded = np.zeros(width + 2 * reach, np.float32)
    for y in range(height):
        padded[reach : reach + width] = plane[y]
        for i in range(reach):
            padded[reach - 1 - i] = plane[y, min(width - 1, i)]
            padded[reach + width + i] = plane[y, max(0, width - 1 - i)]
        line = across[y]
        for k in range(bell.size):
            weight = bell[k]
            for x in range(width):
                line[x] += weight * padded[x + k]
    out = np.zeros((height, width), np.float32)
    for y in range(height):
        line = out[y]
        for k in range(bell.size):
            row = y + k - reach
            if row < 0:
                row = min(height - 1, -row - 1)
            if row >= height:
                row = max(0, 2 * height - 1 - row)
            weight, other = bell[k], across[row]
            for x in range(width):
                line[x] += weight * other[x]
    return out


@njit(nogil=True, cache=True)
def _halved(plane: Plane) -> Plane:
    """Every second pixel of every second row."""
    out = np.zeros((plane.shape[0] // 2, plane.shape[1] // 2), np.float32)
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            out[y, x] = plane[2 * y, 2 * x]
    return out


def scale_space(plane: Plane) -> list[list[Plane]]:
    """The octaves of a picture, the finest first, each with its six levels, ever more blurred.

    Pixel (x, y) of octave o lies at (2ᵒ x, 2ᵒ y) of the picture. Level i is blurred by
    1.6 · 2^(i / 3) of its octave's pixels. Octaves end where a side would be under 24 pixels; the
    first is always there.
    """
    growth = 2.0 ** (1.0 / INTERVALS)
    first = _blurred(plane, _bell(math.sqrt(FIRST_SIGMA**2 - _SIGMA_AS_SENT**2)))
    octaves: list[list[Plane]] = []
    while not octaves or min(first.shape) >= _LEAST_SIDE:
        levels = [first]
        for number in range(1, INTERVALS + 3):
            before = FIRST_SIGMA * growth ** (number - 1)
            levels.append(_blurred(levels[-1], _bell(before * math.sqrt(growth**2 - 1.0))))
        octaves.append(levels)
        first = _halved(levels[INTERVALS])
    return octaves
