# SPDX-License-Identifier: Apache-2.0
"""Line drawings on buttons, of our own: back, search, camera, heart and so on."""

from __future__ import annotations

import math
from typing import Final

from PIL import ImageDraw

__all__ = ["icon"]

_Way = tuple[tuple[float, float], ...]

_HEART: Final[_Way] = tuple(
    (
        math.sin(step / 20 * math.pi) ** 3,
        -(
            13 * math.cos(step / 20 * math.pi)
            - 5 * math.cos(step / 10 * math.pi)
            - 2 * math.cos(3 * step / 20 * math.pi)
        )
        / 16,
    )
    for step in range(41)
)

_LINES: Final[dict[str, tuple[_Way, ...]]] = {
    "back": (((0.5, -1), (-0.5, 0), (0.5, 1)),),
    "plus": (((-1, 0), (1, 0)), ((0, -1), (0, 1))),
    "camera": (((-1, -0.7), (1, -0.7), (1, 0.8), (-1, 0.8), (-1, -0.8)),),
    "search": (((0.25, 0.25), (1, 1)),),
    "bubble": (((-0.5, 0.55), (-0.7, 1)),),
    "send": (((-1, -0.8), (1, 0), (-1, 0.8), (-0.5, 0), (-1, -0.8)),),
    "bookmark": (((-0.6, -1), (0.6, -1), (0.6, 1), (0, 0.3), (-0.6, 1), (-0.6, -1)),),
    "heart": (_HEART,),
    "bin": (((-0.7, -0.6), (0.7, -0.6)), ((-0.5, -0.5), (-0.5, 1), (0.5, 1), (0.5, -0.5))),
    "share": (
        ((0, 0.3), (0, -1)),
        ((-0.4, -0.5), (0, -1), (0.4, -0.5)),
        ((-0.7, 0), (-0.7, 1), (0.7, 1), (0.7, 0)),
    ),
    "circle": (),
    "more": (),
}
"""Strokes in a square from -1 to 1."""

_RINGS: Final[dict[str, tuple[float, float, float, float]]] = {
    "camera": (-0.4, -0.35, 0.4, 0.45),
    "search": (-1, -1, 0.4, 0.4),
    "bubble": (-1, -0.9, 1, 0.7),
    "circle": (-1, -1, 1, 1),
}


def icon(pen: ImageDraw.ImageDraw, kind: str, x: float, y: float, size: float, ink: str) -> None:
    """Draws the icon around the point x, y, about `size` wide."""
    half, width = size / 2, max(2, round(size / 11))
    for way in _LINES[kind]:
        pen.line([(x + across * half, y + down * half) for across, down in way], ink, width)
    if kind in _RINGS:
        left, top, right, bottom = (share * half for share in _RINGS[kind])
        pen.ellipse((x + left, y + top, x + right, y + bottom), None, ink, width)
    if kind == "more":
        for step in (-0.8, 0, 0.8):
            middle = y + step * half
            pen.ellipse((x - width, middle - width, x + width, middle + width), fill=ink)
