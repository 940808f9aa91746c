# SPDX-License-Identifier: Apache-2.0
"""PDQ, from its published description: pdq/hashing.pdf and pdq/cpp of facebook/ThreatExchange.

    luma ─► Jarosz filter (box twice along each axis) ─► 64×64 samples ─► quality
                                                              └─► 16×16 DCT ─► median ─► 256 bits

The filter is only ever needed at the 64×64 sampled points, and box after box is one fixed weighting
of the samples around a point. So each axis gets 64 rows of weights, worked out for the *source*
size, and the whole filter becomes one pass over the pixels. When the picture was decoded at a
reduced scale, the weights of the source samples that one pixel stands for are added up: the
geometry stays that of the source, which keeps the bits close to those of a full decode.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from haechi.values import Signal, SignalType

if TYPE_CHECKING:
    from haechi.media import Picture

__all__ = ["SMALLEST_SIDE", "Luma", "coefficients", "pdq", "quality", "sampled", "value_of"]

Luma: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

SMALLEST_SIDE: Final = 5
"""A picture with a shorter side has the all-zero value and quality 0 (pdqhashing.cpp)."""

_SAMPLES: Final = 64
_FREQUENCIES: Final = 16
_BITS: Final = _FREQUENCIES * _FREQUENCIES


def _cosines() -> Floats:
    """The 16×64 DCT matrix: frequencies 1 to 16, the constant one left out."""
    frequency = np.arange(1, _FREQUENCIES + 1, dtype=np.float64)[:, None]
    place = 2.0 * np.arange(_SAMPLES, dtype=np.float64)[None, :] + 1.0
    matrix: Floats = np.sqrt(2.0 / _SAMPLES) * np.cos(np.pi / 2.0 / _SAMPLES * frequency * place)
    matrix.setflags(write=False)
    return matrix


_DCT: Final = _cosines()


@njit(nogil=True, cache=True)
def _window(index: int, length: int, width: int) -> tuple[int, int]:
    """First and last sample under a box of `width` at `index`, cut off at the edges.

    The placement is the reference's: at index 0 the box holds the first (width + 2) // 2 samples.
    """
    ahead = (width + 2) // 2
    return max(0, index + ahead - width), min(length - 1, index + ahead - 1)


@njit(nogil=True, cache=True)
def _axis_weights(length: int, reduction: int, direction: int) -> tuple[Integers, Integers, Floats]:
    """For each of the 64 sampled points of an axis: first pixel, pixel count, and their weights.

    `length` counts source samples; a pixel stands for `reduction` of them. The weights of a point
    add up to 1. With a `direction` of -1 the points are those of the axis read backwards; first and
    count ascend all the same.
    """
    width = (length + 2 * _SAMPLES - 1) // (2 * _SAMPLES)
    first = np.zeros(_SAMPLES, np.int64)
    count = np.zeros(_SAMPLES, np.int64)
    weights = np.zeros((_SAMPLES, 2 * width // reduction + 2), np.float64)
    steps = np.zeros(2 * width + 2, np.float64)
    last, is_reversed = length - 1, direction < 0
    for point in range(_SAMPLES):
        low, high = _window(int((point + 0.5) * length / _SAMPLES), length, width)
        start = _window(low, length, width)[0]
        end = _window(high, length, width)[1]
        # Box of boxes: every inner box adds a constant along its run, kept as a step up and a
        # step down and summed up below.
        steps[:] = 0.0
        for inner in range(low, high + 1):
            left, right = _window(inner, length, width)
            share = 1.0 / ((high - low + 1) * (right - left + 1))
            steps[left - start] += share
            steps[right - start + 1] -= share
        row = _SAMPLES - 1 - point if is_reversed else point
        first[row] = (last - end if is_reversed else start) // reduction
        count[row] = (last - start if is_reversed else end) // reduction - first[row] + 1
        level = 0.0
        for sample in range(start, end + 1):
            level += steps[sample - start]
            pixel = (last - sample if is_reversed else sample) // reduction
            weights[row, pixel - first[row]] += level
    return first, count, weights


@njit(nogil=True, cache=True)
def _filtered(
    luma: Luma, height: int, width: int, reduction: int, downwards: int, rightwards: int
) -> Floats:
    """As `sampled`, with -1 for a direction turned round; the samples stay in the pixels' order."""
    top, rows, row_weights = _axis_weights(height, reduction, downwards)
    left, columns, column_weights = _axis_weights(width, reduction, rightwards)
    samples = np.zeros((_SAMPLES, _SAMPLES), np.float64)
    line = np.zeros(_SAMPLES, np.float64)
    begin = 0
    for y in range(luma.shape[0]):
        # Points are in order, so those whose pixels all lie above this row are done with.
        while begin < _SAMPLES and top[begin] + rows[begin] <= y:
            begin += 1
        if begin == _SAMPLES or top[begin] > y:
            continue
        for j in range(_SAMPLES):
            total = 0.0
            for k in range(columns[j]):
                total += column_weights[j, k] * luma[y, left[j] + k]
            line[j] = total
        i = begin
        while i < _SAMPLES and top[i] <= y:
            if y < top[i] + rows[i]:
                weight = row_weights[i, y - top[i]]
                for j in range(_SAMPLES):
                    samples[i, j] += weight * line[j]
            i += 1
    return samples


def sampled(
    luma: Luma,
    source_sides: tuple[int, int],
    reduction: int,
    *,
    is_flipped: bool,
    is_mirrored: bool,
) -> Floats:
    """The 64×64 filtered samples, float64, 0-255, of a picture, or of its mirror image.

    Exactly the samples that the picture has after its rows (`is_flipped`) and columns
    (`is_mirrored`) were put the other way round: the reference's windows and sampled points are
    not symmetric, so these are not the picture's own samples in another order.

    `luma` is C-contiguous with ceil(side / reduction) pixels a side of `source_sides` (height,
    width); this is not checked.
    """
    height, width = source_sides
    downwards, rightwards = -1 if is_flipped else 1, -1 if is_mirrored else 1
    samples: Floats = _filtered(luma, height, width, reduction, downwards, rightwards)
    return np.ascontiguousarray(samples[::downwards, ::rightwards])


@njit(nogil=True, cache=True)
def quality(samples: Floats) -> int:
    """How much there is to see, 0-100: the sum of gradients, each cut to a whole percentage."""
    total = 0
    for i in range(_SAMPLES):
        for j in range(_SAMPLES):
            if i + 1 < _SAMPLES:
                total += abs(int((samples[i, j] - samples[i + 1, j]) * 100 / 255))
            if j + 1 < _SAMPLES:
                total += abs(int((samples[i, j] - samples[i, j + 1]) * 100 / 255))
    return min(100, total // 90)


@njit(nogil=True, cache=True)
def _transformed(samples: Floats, cosines: Floats) -> Floats:
    # Plain loops in a fixed order, not BLAS: the same bits on every machine.
    half = np.zeros((_FREQUENCIES, _SAMPLES), np.float64)
    for i in range(_FREQUENCIES):
        for k in range(_SAMPLES):
            for j in range(_SAMPLES):
                half[i, j] += cosines[i, k] * samples[k, j]
    result = np.zeros((_FREQUENCIES, _FREQUENCIES), np.float64)
    for i in range(_FREQUENCIES):
        for j in range(_FREQUENCIES):
            for k in range(_SAMPLES):
                result[i, j] += half[i, k] * cosines[j, k]
    return result


def coefficients(samples: Floats) -> Floats:
    """The 16×16 DCT coefficients of 64×64 samples, float64, without the constant row and column."""
    transformed: Floats = _transformed(samples, _DCT)
    return transformed


def value_of(transformed: Floats) -> bytes:
    """The 32 bytes of a PDQ value: bit 16·row + column says "above the median", last row first.

    The median is the lower one of the two in the middle, as Torben's method gives it.
    """
    flat = transformed.ravel()
    median = np.partition(flat, _BITS // 2 - 1)[_BITS // 2 - 1]
    return np.packbits((flat > median)[::-1]).tobytes()


def pdq(picture: Picture) -> Signal:
    """The PDQ of a picture as it was sent: alpha ignored, not turned.

    Equal to the reference's on the same luma; on the same file within 10 bits at quality ≥ 80, as
    decoders differ. A picture with a side under 5 pixels has the all-zero value and quality 0.
    Does not say whether the value may be matched: `Signal.is_trusted` does.

    Source: pdq/hashing.pdf and pdq/cpp/hashing of facebook/ThreatExchange.
    """
    if min(picture.source_height, picture.source_width) < SMALLEST_SIDE:
        return Signal(SignalType.PDQ, bytes(_BITS // 8), 0)
    sides = picture.source_height, picture.source_width
    samples = sampled(picture.luma, sides, picture.reduction, is_flipped=False, is_mirrored=False)
    return Signal(SignalType.PDQ, value_of(coefficients(samples)), quality(samples))
