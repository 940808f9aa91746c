# SPDX-License-Identifier: Apache-2.0
"""The PDQ of the part of an upload that should show a known picture, set upright.

Regions tell where a known picture lies in an upload, whole, turned, slanted, small. Its frame, drawn out
of the upload and hashed, must then be near the known picture's own PDQ: a second, independent witness.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numba import njit

from haechi.values import Signal, SignalType

from ._pdq import coefficients, quality, value_of
from ._resized import Plane, resized
from ._sampling import Luma, Part, sampled

if TYPE_CHECKING:
    from haechi.media import Picture

__all__ = ["pdq_of_part"]

_LONG_SIDE_PIXELS: Final = 768
"""The frame is always drawn this large: a PDQ changes with the size that it is made at."""

_LEAST_SIDE_PIXELS: Final = 8
_MOST_OUTSIDE: Final = 0.04


def pdq_of_part(
    picture: Picture,
    transform: Sequence[float],
    *,
    is_mirrored: bool,
    sides: tuple[float, float],
) -> Signal | None:
    """The PDQ of the frame that `transform` puts into the picture; None: it is not all in it.

    `transform` carries, row by row (2, 3), a point of the frame into the picture (its mirror image
    with `is_mirrored`), both in parts of the longer side. `sides` are the frame's height and width,
    the longer one 1. None when more than a twenty-fifth lies outside, or hardly a pixel is left.
    """
    model = np.array(transform, np.float64).reshape(2, 3)
    long_px = max(picture.luma.shape)
    area = model[0, 0] * model[1, 1] - model[0, 1] * model[1, 0]
    seen_px = float(np.sqrt(max(area, 0.0))) * long_px
    if min(sides) * seen_px < _LEAST_SIDE_PIXELS:
        return None
    height, width = (max(1, int(side * _LONG_SIDE_PIXELS + 0.5)) for side in sides)
    shrunk = min(1.0, _LONG_SIDE_PIXELS / seen_px)
    tall, wide = (max(2, int(side * shrunk + 0.5)) for side in picture.luma.shape)
    plane = resized(picture.luma, tall, wide)
    if is_mirrored:
        plane = np.ascontiguousarray(plane[:, ::-1])
    frame = np.zeros((height, width), np.uint8)
    if _drawn_out(plane, model, frame) > _MOST_OUTSIDE * height * width:
        return None
    samples = sampled(frame, Part(0, 0, height, width, 1))
    return Signal(SignalType.PDQ, value_of(coefficients(samples)).tobytes(), quality(samples))


@njit(nogil=True, cache=True)
def _drawn_out(plane: Plane, model: Any, frame: Luma) -> int:
    """Fill `frame` from the plane, linearly between pixels; how many of its pixels lie outside."""
    height, width = plane.shape
    long_px, frame_px = max(height, width), max(frame.shape)
    outside = 0
    for i in range(frame.shape[0]):
        for j in range(frame.shape[1]):
            u, v = (j + 0.5) / frame_px, (i + 0.5) / frame_px
            x = (model[0, 0] * u + model[0, 1] * v + model[0, 2]) * long_px - 0.5
            y = (model[1, 0] * u + model[1, 1] * v + model[1, 2]) * long_px - 0.5
            if x < -1.0 or y < -1.0 or x > width or y > height:
                outside += 1
            x, y = min(max(x, 0.0), width - 1.0), min(max(y, 0.0), height - 1.0)
            column, row = min(int(x), width - 2), min(int(y), height - 2)
            right, down = x - column, y - row
            upper = plane[row, column] * (1.0 - right) + plane[row, column + 1] * right
            lower = plane[row + 1, column] * (1.0 - right) + plane[row + 1, column + 1] * right
            frame[i, j] = int(upper * (1.0 - down) + lower * down + 0.5)
    return outside
