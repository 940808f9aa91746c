# SPDX-License-Identifier: Apache-2.0
"""The photos inside a picture: in screenshots, frames, letterboxes, collages, on other photos.

    luma ─► shrunk ─► long straight edges ─► rectangles with four sides ─► the best few
                                                                └─► sides set to the pixel

A photo that was put somewhere has four straight sides, however busy it and its surroundings are.
What is left, mostly, are panels and speech bubbles; they are told by holding one brightness. The
rules are few and in integers, so that the device finds the same boxes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ._fine_sides import fine_sides
from ._lines import shrunk
from ._rectangles import COVERAGE, EVIDENCE, WORST, WORTH, Integers, rectangles
from ._sampling import Luma

__all__ = ["Box", "photo_boxes"]

Flags: TypeAlias = NDArray[np.bool_]

_SMALLEST_SIDE_PIXELS: Final = 64
_SEARCHED_SIDE_PIXELS: Final = 256
_MOST_BOXES: Final = 5
_SAME_PERCENT: Final = 85
_NEARLY_SAME_PERCENT: Final = 90
_FRAMED_PERCENT: Final = 80
_FRAME_PART: Final = 600
_LEVELS: Final = 32
_LEVEL_BITS: Final = 3
_SAMPLED_SIDE: Final = 32
_LEAST_CERTAINTY: Final = 50
_GRAPHIC_LEVELS: Final = 3
_GRAPHIC_PERCENT: Final = 60
_LEAST_OUTSIDE_PART: Final = 50


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle that shows a photo, in pixels of the luma it was found in.

    `certainty`, 0-100, says how surely there is a photo with these sides. `is_on_graphics` says that
    this is one of the sure ones, which lie apart, and that what is left around them all is drawn and
    not photographed: a border, plain bars, gutters, the interface of an app.
    """

    left: int
    top: int
    width: int
    height: int
    certainty: int
    is_on_graphics: bool


@njit(nogil=True, cache=True)
def _overlap_percent(one: Integers, other: Integers) -> int:
    """What two rectangles share, of what they cover together."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0
    shared = width * height
    areas = (one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1])
    return int(100 * shared // (areas - shared))


@njit(nogil=True, cache=True)
def _most_of_one_level(histogram: Integers) -> int:
    """The share, in thousandths, of the two neighbouring levels that most pixels have."""
    most = 0
    for level in range(_LEVELS - 1):
        most = max(most, histogram[level] + histogram[level + 1])
    return int(1000 * most // max(1, histogram.sum()))


@njit(nogil=True, cache=True)
def _variety(luma: Luma, box: Integers) -> int:
    """How much of a box lies on none of its two commonest levels, in thousandths.

    Little in a panel or a bubble with words; much in most photos.
    """
    down = max(1, (box[3] - box[1]) // _SAMPLED_SIDE)
    across = max(1, (box[2] - box[0]) // _SAMPLED_SIDE)
    histogram = np.zeros(_LEVELS, np.int64)
    for y in range(box[1], box[3], down):
        for x in range(box[0], box[2], across):
            histogram[luma[y, x] >> _LEVEL_BITS] += 1
    total = histogram.sum()
    first = np.argmax(histogram)
    both = histogram[first]
    histogram[first] = 0
    return int(1000 * (total - both - histogram.max()) // total)


@njit(nogil=True, cache=True)
def _likeness(variety: int) -> int:
    """How like a photo something of this variety is, 0-1000."""
    return min(1000, max(0, 8 * (variety - 200)))


@njit(nogil=True, cache=True)
def _is_frame(luma: Luma, outer: Integers, inner: Integers) -> bool:
    """Whether the ring between two boxes holds one brightness: padding, or a frame."""
    histogram = np.zeros(_LEVELS, np.int64)
    for y in range(outer[1], outer[3]):
        is_beside = inner[1] <= y < inner[3]
        x = outer[0]
        while x < outer[2]:
            if is_beside and x == inner[0]:
                x = inner[2]
                continue
            histogram[luma[y, x] >> _LEVEL_BITS] += 1
            x += 1
    return _most_of_one_level(histogram) >= _FRAME_PART


@njit(nogil=True, cache=True)
def _settled(luma: Luma, table: Integers, chosen: Integers) -> Integers:
    """The one to take for `chosen` among those that nearly are the same.

    That with most evidence; but of a frame around a photo, the photo.
    """
    best = chosen
    for other in table:
        if (
            other[EVIDENCE] > best[EVIDENCE]
            and _overlap_percent(chosen, other) >= _NEARLY_SAME_PERCENT
        ):
            best = other
    outer = best
    for inner in table:
        if (
            inner[0] >= outer[0] and inner[1] >= outer[1]
            and inner[2] <= outer[2] and inner[3] <= outer[3]
            and (inner[2] - inner[0]) * (inner[3] - inner[1])
            < (best[2] - best[0]) * (best[3] - best[1])
            and 4 * inner[EVIDENCE] >= 3 * outer[EVIDENCE]
            and _overlap_percent(inner, outer) >= _FRAMED_PERCENT
            and _is_frame(luma, outer, inner)
        ):  # fmt: skip
            best = inner
    return best


@njit(nogil=True, cache=True)
def _is_known(boxes: Integers, count: int, box: Integers) -> bool:
    found = False
    for known in boxes[:count]:
        found = found or _overlap_percent(known, box) >= _SAME_PERCENT
    return found


@njit(nogil=True, cache=True)
def _chosen(luma: Luma, table: Integers) -> Integers:
    """The best boxes, best first, each with its certainty: int64 (at most 5, 5)."""
    scores = np.zeros(table.shape[0], np.int64)
    for i in range(table.shape[0]):
        scores[i] = table[i, WORTH] * _variety(luma, table[i]) * (500 + table[i, WORST])
    boxes = np.zeros((_MOST_BOXES, 5), np.int64)
    count = 0
    for i in np.argsort(-scores, kind="mergesort"):
        if count == _MOST_BOXES or scores[i] <= 0:
            break
        if _is_known(boxes, count, table[i]):
            continue
        best = _settled(luma, table, table[i])
        if _is_known(boxes, count, best):
            continue
        boxes[count, :4] = best[:4]
        boxes[count, 4] = best[COVERAGE] * _likeness(_variety(luma, best)) // 10_000
        count += 1
    return boxes[:count]


@njit(nogil=True, cache=True)
def _is_apart(is_outside: Flags, box: Integers) -> bool:
    """Whether no more than a tenth of a box lies in those before it."""
    part = is_outside[box[1] : box[3], box[0] : box[2]]
    return bool(10 * part.sum() >= 9 * part.size)


@njit(nogil=True, cache=True)
def _are_on_graphics(luma: Luma, boxes: Integers) -> Flags:
    """For each box, whether it is one of the sure ones, apart, with nothing but graphics around."""
    is_outside = np.ones(luma.shape, np.bool_)
    are_sure = np.zeros(boxes.shape[0], np.bool_)
    for i, box in enumerate(boxes):
        if box[4] >= _LEAST_CERTAINTY and _is_apart(is_outside, box):
            is_outside[box[1] : box[3], box[0] : box[2]] = False
            are_sure[i] = True
    histogram = np.zeros(256 + 4, np.int64)
    for y in range(luma.shape[0]):
        for x in range(luma.shape[1]):
            histogram[luma[y, x] + 2] += is_outside[y, x]
    outside, on_levels = histogram.sum(), 0
    for _ in range(_GRAPHIC_LEVELS):
        most, best = -1, 0
        for level in range(256):
            near = histogram[level : level + 5].sum()
            if near > most:
                most, best = near, level
        on_levels += most
        histogram[best : best + 5] = 0
    if _LEAST_OUTSIDE_PART * outside < luma.size or 100 * on_levels < _GRAPHIC_PERCENT * outside:
        are_sure[:] = False
    return are_sure


def photo_boxes(luma: Luma) -> tuple[Box, ...]:
    """The photos that stand inside a picture, the likeliest first; at most 5, mostly none.

    Its straight sides are what shows a box, so a photo whose edges have the brightness of what
    surrounds them is missed, and a window in a photo of a house may be taken for one: a box is one
    more look at a picture, and never replaces the whole. The whole picture is not among them. Of a
    photo in a speech bubble or a thin frame, the photo is given; of a collage, the tiles.

    `luma` is uint8, (height, width), C-contiguous; this is not checked. Nothing is found in a
    picture with a side under 64 pixels. Works on the picture shrunk to a shorter side of 256 to
    511, then sets the sides to the pixel; the answer depends on nothing but the pixels.
    """
    shortest = min(luma.shape)
    if shortest < _SMALLEST_SIDE_PIXELS:
        return ()
    pixels = luma.view()
    pixels.setflags(write=False)
    factor = max(1, shortest // _SEARCHED_SIDE_PIXELS)
    small = shrunk(pixels, factor)
    found = _chosen(small, rectangles(small))
    boxes = []
    for box, is_on_graphics in zip(found, _are_on_graphics(small, found), strict=True):
        left, top, right, bottom = fine_sides(pixels, factor, box)
        if left < right and top < bottom:
            size = (int(right - left), int(bottom - top))
            boxes.append(Box(int(left), int(top), *size, int(box[4]), bool(is_on_graphics)))
    return tuple(boxes)
