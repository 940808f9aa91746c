# SPDX-License-Identifier: Apache-2.0
"""Harmless pictures for regions: a few photographs of scikit-image, and drawn ones."""

from __future__ import annotations

import functools
import itertools
from pathlib import Path

import numpy as np
import skimage
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from haechi.media import Picture, PictureFormat

Pixels = NDArray[np.uint8]

PHOTOS = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png")
_WORDS = "Ships that pass in the night speak to each other in passing. Only a look and a voice. "


def as_picture(luma: NDArray[np.generic]) -> Picture:
    """The picture with this brightness."""
    pixels = np.ascontiguousarray(luma, np.uint8).copy()
    pixels.setflags(write=False)
    height, width = pixels.shape
    return Picture(pixels, width, height, PictureFormat.PNG)


@functools.cache
def photo(name: str) -> Image.Image:
    """A photograph that scikit-image brings, grey."""
    with Image.open(Path(skimage.__file__).parent / "data" / name) as opened:
        return opened.convert("L")


def clouds(seed: int, height: int, width: int) -> Pixels:
    """Soft noise of many sizes, made of whole numbers alone: equal on every machine."""
    total = np.zeros((height, width), np.int64)
    random = np.random.default_rng(seed)
    for cell, weight in ((64, 9), (32, 6), (16, 4), (8, 2)):
        grid = random.integers(-256, 257, (height // cell + 2, width // cell + 2))
        y, x = np.arange(height), np.arange(width)
        down, right = (y % cell)[:, None], (x % cell)[None, :]
        upper, lower = grid[y // cell], grid[y // cell + 1]
        above = upper[:, x // cell] * (cell - right) + upper[:, x // cell + 1] * right
        below = lower[:, x // cell] * (cell - right) + lower[:, x // cell + 1] * right
        total += weight * ((above * (cell - down) + below * down) // (cell * cell))
    return np.clip(128 + total // 20, 0, 255).astype(np.uint8)


def with_blob(
    height: int, width: int, *, x: float, y: float, sigma: float, levels: float
) -> NDArray[np.float32]:
    """A grey ground with one Gaussian spot, brighter or darker by so many levels."""
    down, right = np.mgrid[0:height, 0:width]
    far = (down - y) ** 2 + (right - x) ** 2
    return (128.0 + levels * np.exp(-far / (2.0 * sigma * sigma))).astype(np.float32)


def page_of_letters(height: int = 800, width: int = 800, *, size: int = 32, ink: int = 0) -> Pixels:
    """A page of text."""
    page = Image.new("L", (width, height), 255 if ink < 128 else 0)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(size)
    words = _WORDS * (1 + width // (size * 20))
    for number, top in enumerate(range(size, height - 2 * size, 3 * size // 2)):
        pen.text((size, top), words[7 * number :], ink, font)
    return np.asarray(page)


def transform_error(
    transform: tuple[float, ...], model: NDArray[np.float64], known_side: float, query_side: float
) -> float:
    """How far a match's transform is from the true one, `model` (2, 3) of pixels, in parts of the query's side.

    At most, over the corners of the inner part of a square known picture.
    """
    found = np.array(transform).reshape(2, 3)
    corners = np.array(list(itertools.product((0.2, 0.5, 0.8), repeat=2)))
    said = corners @ found[:, :2].T + found[:, 2]
    # From pixel centres at whole numbers to parts of the side from the edge.
    pixels = corners * known_side - 0.5
    true = (pixels @ model[:, :2].T + model[:, 2] + 0.5) / query_side
    return float(np.hypot(*(said - true).T).max())
