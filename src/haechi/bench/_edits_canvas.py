# SPDX-License-Identifier: Apache-2.0
"""Fitting, covering, cutting and bending pictures: what several families of edits need."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

__all__ = [
    "Quad",
    "covering",
    "fitted",
    "perspective_coefficients",
    "rounded_mask",
    "scaled",
    "softened_fill",
    "turned",
    "warped",
]

Quad = tuple[tuple[float, float], ...]
"""Four corners as x, y pixels: top left, top right, bottom right, bottom left."""


def scaled(picture: Image.Image, factor: float) -> Image.Image:
    """The picture with both sides times `factor`, at least one pixel each."""
    width, height = (max(1, round(side * factor)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def fitted(picture: Image.Image, width: int, height: int) -> Image.Image:
    """The whole picture at the largest size that fits into the box."""
    factor = min(width / picture.width, height / picture.height)
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    return picture.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)


def covering(
    picture: Image.Image, width: int, height: int, *, centre: tuple[float, float] = (0.5, 0.5)
) -> Image.Image:
    """The part of the picture that fills the box, cut around `centre` (shares of what is cut away)."""
    factor = max(width / picture.width, height / picture.height)
    cut_width = min(width / factor, picture.width)
    cut_height = min(height / factor, picture.height)
    left = (picture.width - cut_width) * centre[0]
    top = (picture.height - cut_height) * centre[1]
    right, bottom = min(left + cut_width, picture.width), min(top + cut_height, picture.height)
    box = (left, top, right, bottom)
    return picture.resize((width, height), Image.Resampling.BICUBIC, box=box, reducing_gap=3.0)


def softened_fill(picture: Image.Image, width: int, height: int) -> Image.Image:
    """The box filled with the picture itself, blurred and darkened: what apps put behind a photo."""
    small = covering(picture, max(1, width // 8), max(1, height // 8))
    small = small.filter(ImageFilter.GaussianBlur(max(width, height) / 240))
    dark = small.point([round(value * 0.75) for value in range(256)] * 3)
    return dark.resize((width, height), Image.Resampling.BICUBIC)


def rounded_mask(width: int, height: int, radius: int) -> Image.Image:
    """A mask of the box with round, smooth corners."""
    mask = Image.new("L", (width, height), 255)
    radius = min(radius, width // 2, height // 2)
    if radius < 1:
        return mask
    disc = Image.new("L", (radius * 8, radius * 8), 0)
    ImageDraw.Draw(disc).ellipse((0, 0, radius * 8 - 1, radius * 8 - 1), fill=255)
    disc = disc.resize((radius * 2, radius * 2), Image.Resampling.BOX)
    for x, left in ((0, 0), (width - radius, radius)):
        for y, top in ((0, 0), (height - radius, radius)):
            mask.paste(disc.crop((left, top, left + radius, top + radius)), (x, y))
    return mask


def perspective_coefficients(seen: Quad, source: Quad) -> list[float]:
    """The eight numbers by which Pillow finds, for a pixel of `seen`, its place in `source`."""
    rows, values = [], []
    for (x, y), (u, v) in zip(seen, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return [float(number) for number in np.linalg.solve(np.array(rows), np.array(values))]


def warped(
    picture: Image.Image,
    seen: Quad,
    source: Quad,
    *,
    size: tuple[int, int] | None = None,
    fill: tuple[int, int, int] = (0, 0, 0),
) -> Image.Image:
    """The picture bent so that the corners `source` come to lie at the corners `seen`."""
    return picture.transform(
        size or picture.size,
        Image.Transform.PERSPECTIVE,
        perspective_coefficients(seen, source),
        Image.Resampling.BICUBIC,
        fillcolor=fill,
    )


def turned(picture: Image.Image, degrees: float) -> Image.Image:
    """The picture turned, cut to the largest upright box of its own shape without empty corners."""
    angle = math.radians(abs(degrees))
    width, height = picture.size
    long_turned = width * math.cos(angle) + height * math.sin(angle)
    high_turned = width * math.sin(angle) + height * math.cos(angle)
    share = min(width / long_turned, height / high_turned)
    whole = picture.rotate(degrees, Image.Resampling.BICUBIC)
    left, top = width * (1 - share) / 2, height * (1 - share) / 2
    return whole.crop((math.ceil(left), math.ceil(top), int(width - left), int(height - top)))
