# SPDX-License-Identifier: Apache-2.0
"""PDQ, from its published description: pdq/hashing.pdf and pdq/cpp of facebook/ThreatExchange.

luma ─► 64×64 filtered samples ─► quality
                  └─► 16×16 DCT ─► median ─► 256 bits
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from haechi.values import Signal, SignalType

from ._sampling import SAMPLES, Floats, Integers, Luma, Part, four_sampled, sampled, whole

if TYPE_CHECKING:
    from haechi.media import Picture

__all__ = ["SMALLEST_SIDE", "coefficients", "pdq", "quality", "turned_values", "value_of"]

Bytes: TypeAlias = NDArray[np.uint8]

SMALLEST_SIDE: Final = 5
"""A picture with a shorter side has the all-zero value and quality 0 (pdqhashing.cpp)."""

_FREQUENCIES: Final = 16
_BITS: Final = _FREQUENCIES * _FREQUENCIES


def _cosines() -> Floats:
    """The 16×64 DCT matrix: frequencies 1 to 16, the constant one left out."""
    frequency = np.arange(1, _FREQUENCIES + 1, dtype=np.float64)[:, None]
    place = 2.0 * np.arange(SAMPLES, dtype=np.float64)[None, :] + 1.0
    matrix: Floats = np.sqrt(2.0 / SAMPLES) * np.cos(np.pi / 2.0 / SAMPLES * frequency * place)
    matrix.setflags(write=False)
    return matrix


_DCT: Final = _cosines()
_TRANSPOSED_DCT: Final = np.ascontiguousarray(_DCT.T)
_TRANSPOSED_DCT.setflags(write=False)


@njit(nogil=True, cache=True)
def quality(samples: Floats) -> int:
    """How much there is to see, 0-100: the sum of gradients, each cut to a whole percentage."""
    total = 0
    for i in range(SAMPLES):
        for j in range(SAMPLES):
            if i + 1 < SAMPLES:
                total += abs(int((samples[i, j] - samples[i + 1, j]) * 100 / 255))
            if j + 1 < SAMPLES:
                total += abs(int((samples[i, j] - samples[i, j + 1]) * 100 / 255))
    return min(100, total // 90)


@njit(nogil=True, cache=True)
def coefficients(samples: Floats) -> Floats:
    """The 16×16 DCT coefficients of 64×64 samples, float64, without the constant row and column."""
    # Plain loops in a fixed order, not BLAS: the same bits on every machine.
    half = np.zeros((_FREQUENCIES, SAMPLES), np.float64)
    result = np.zeros((_FREQUENCIES, _FREQUENCIES), np.float64)
    for i in range(_FREQUENCIES):
        for k in range(SAMPLES):
            for j in range(SAMPLES):
                half[i, j] += _DCT[i, k] * samples[k, j]
        for k in range(SAMPLES):
            for j in range(_FREQUENCIES):
                result[i, j] += half[i, k] * _TRANSPOSED_DCT[k, j]
    return result


@njit(nogil=True, cache=True)
def value_of(transformed: Floats) -> Bytes:
    """The 32 bytes of a PDQ value: bit 16·row + column says "above the median", last row first.

    The median is the lower one of the two in the middle, as Torben's method gives it.
    """
    middle = _BITS // 2 - 1
    median = np.partition(transformed.ravel(), middle)[middle]
    value = np.zeros(_BITS // 8, np.uint8)
    for row in range(_FREQUENCIES):
        for column in range(_FREQUENCIES):
            if transformed[row, column] > median:
                bit = row * _FREQUENCIES + column
                value[value.size - 1 - bit // 8] |= 1 << bit % 8
    return value


@njit(nogil=True, cache=True)
def turned_values(luma: Luma, part: Part) -> tuple[Bytes, Integers]:
    """The values of a part of a picture under all eight turns, and their qualities.

    Values are uint8 (2, 2, 2, 32), qualities int64 (2, 2): element ([t,] f, m) belongs to the part
    with its rows the other way round when f is 1, its columns when m is 1, and then, when t is 1,
    turned over along the diagonal, which turns over the coefficients. `luma` is as for `sampled`.
    """
    samples = four_sampled(luma, part)
    values = np.zeros((2, 2, 2, _BITS // 8), np.uint8)
    qualities = np.zeros((2, 2), np.int64)
    for is_flipped in range(2):
        for is_mirrored in range(2):
            transformed = coefficients(samples[is_flipped, is_mirrored])
            values[0, is_flipped, is_mirrored] = value_of(transformed)
            values[1, is_flipped, is_mirrored] = value_of(np.ascontiguousarray(transformed.T))
            qualities[is_flipped, is_mirrored] = quality(samples[is_flipped, is_mirrored])
    return values, qualities


def pdq(picture: Picture) -> Signal:
    """The PDQ of a picture as it was sent: alpha ignored, not turned.

    Equal to the reference's on the same luma; on the same file within 10 bits at quality ≥ 80, as
    decoders differ. A picture with a side under 5 pixels has the all-zero value and quality 0.
    Does not say whether the value may be matched: `Signal.is_trusted` does.

    Source: pdq/hashing.pdf and pdq/cpp/hashing of facebook/ThreatExchange.
    """
    if min(picture.source_height, picture.source_width) < SMALLEST_SIDE:
        return Signal(SignalType.PDQ, bytes(_BITS // 8), 0)
    samples = sampled(picture.luma, whole(picture))
    return Signal(SignalType.PDQ, value_of(coefficients(samples)).tobytes(), quality(samples))
