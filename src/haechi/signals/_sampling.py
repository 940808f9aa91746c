# SPDX-License-Identifier: Apache-2.0
"""The 64×64 filtered samples that PDQ starts from: of a picture, a part of it, and its mirror images.

    luma ─► Jarosz filter (box twice along each axis) ─► 64×64 samples

The filter is only ever needed at the 64×64 sampled points, and box after box is one fixed weighting
of the samples around a point. So each axis gets 64 rows of weights, worked out for the *source*
size, and the whole filter becomes one pass over the pixels: down the columns, which are next to
each other in memory, then along the 64 lines that are left. When the picture was decoded at a
reduced scale, the weights of the source samples that one pixel stands for are added up: the
geometry stays that of the source, which keeps the bits close to those of a full decode.

The windows and the sampled points are not symmetric, so a mirrored picture has samples of its own.
They cost another weighting of the same pixels, not another pass (docs/decisions/007).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

if TYPE_CHECKING:
    from haechi.media import Picture

__all__ = ["SAMPLES", "Floats", "Integers", "Luma", "Part", "four_sampled", "sampled", "whole"]

Luma: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

SAMPLES: Final = 64


class Part(NamedTuple):
    """A rectangle of a luma: its first row and column in pixels, its sides in source samples.

    A pixel stands for `reduction` source samples a side, the last one perhaps for fewer.
    """

    top: int
    left: int
    source_height: int
    source_width: int
    reduction: int


def whole(picture: Picture) -> Part:
    """All of a picture."""
    return Part(0, 0, picture.source_height, picture.source_width, picture.reduction)


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
    add up to 1. With a `direction` of -1 the points are those of the axis read backwards, in the
    order in which they come then; first and count ascend in the pixels' order all the same.
    """
    width = (length + 2 * SAMPLES - 1) // (2 * SAMPLES)
    first = np.zeros(SAMPLES, np.int64)
    count = np.zeros(SAMPLES, np.int64)
    weights = np.zeros((SAMPLES, 2 * width // reduction + 2), np.float64)
    steps = np.zeros(2 * width + 2, np.float64)
    last, is_reversed = length - 1, direction < 0
    for point in range(SAMPLES):
        low, high = _window(int((point + 0.5) * length / SAMPLES), length, width)
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
        first[point] = (last - end if is_reversed else start) // reduction
        count[point] = (last - start if is_reversed else end) // reduction - first[point] + 1
        level = 0.0
        for sample in range(start, end + 1):
            level += steps[sample - start]
            pixel = (last - sample if is_reversed else sample) // reduction
            weights[point, pixel - first[point]] += level
    return first, count, weights


@njit(nogil=True, cache=True)
def _add_rows(luma: Luma, row: int, left: int, weights: Floats, line: Floats) -> None:
    """Make `line` the weighted sum of rows, from `row` and `left` on; its length is the width."""
    # Four rows at a time, so that the line is fetched and stored a quarter as often.
    line[:] = 0.0
    k = 0
    while k + 4 <= weights.size:
        first, second, third, fourth = weights[k : k + 4]
        one, two = luma[row + k], luma[row + k + 1]
        three, four = luma[row + k + 2], luma[row + k + 3]
        for x in range(line.size):
            line[x] += (
                first * one[left + x]
                + second * two[left + x]
                + third * three[left + x]
                + fourth * four[left + x]
            )
        k += 4
    while k < weights.size:
        weight, one = weights[k], luma[row + k]
        for x in range(line.size):
            line[x] += weight * one[left + x]
        k += 1


@njit(nogil=True, cache=True)
def sampled(luma: Luma, part: Part) -> Floats:
    """The 64×64 filtered samples, float64, 0-255, of a part of a picture.

    `luma` is C-contiguous and holds the part; this is not checked.
    """
    top, rows, row_weights = _axis_weights(part.source_height, part.reduction, 1)
    left, columns, column_weights = _axis_weights(part.source_width, part.reduction, 1)
    line = np.zeros((part.source_width + part.reduction - 1) // part.reduction, np.float64)
    samples = np.zeros((SAMPLES, SAMPLES), np.float64)
    for i in range(SAMPLES):
        _add_rows(luma, part.top + top[i], part.left, row_weights[i, : rows[i]], line)
        for j in range(SAMPLES):
            total = 0.0
            for k in range(columns[j]):
                total += column_weights[j, k] * line[left[j] + k]
            samples[i, j] = total
    return samples


@njit(nogil=True, cache=True)
def four_sampled(luma: Luma, part: Part) -> Floats:
    """The samples of a part of a picture and of its mirror images, float64 (2, 2, 64, 64).

    Element (f, m) is what `sampled` gives for the part with its rows the other way round when f is
    1, and its columns when m is 1. `luma` is as there.
    """
    height, width, reduction = part.source_height, part.source_width, part.reduction
    lines = np.zeros((2, (width + reduction - 1) // reduction), np.float64)
    samples = np.zeros((2, 2, SAMPLES, SAMPLES), np.float64)
    down = (_axis_weights(height, reduction, 1), _axis_weights(height, reduction, -1))
    across = (_axis_weights(width, reduction, 1), _axis_weights(width, reduction, -1))
    for i in range(SAMPLES):
        for is_flipped in range(2):
            top, rows, row_weights = down[is_flipped]
            weights = row_weights[i, : rows[i]]
            _add_rows(luma, part.top + top[i], part.left, weights, lines[is_flipped])
        for is_mirrored in range(2):
            left, columns, column_weights = across[is_mirrored]
            for j in range(SAMPLES):
                # Two sums at once: each waits for its own last addition only.
                plain, flipped = 0.0, 0.0
                for k in range(columns[j]):
                    weight, x = column_weights[j, k], left[j] + k
                    plain += weight * lines[0, x]
                    flipped += weight * lines[1, x]
                samples[0, is_mirrored, i, j] = plain
                samples[1, is_mirrored, i, j] = flipped
    return samples
