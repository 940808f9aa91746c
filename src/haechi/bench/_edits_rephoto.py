# SPDX-License-Identifier: Apache-2.0
"""A photograph of a screen that shows the photo: tilted, with the screen's grid, moiré, glare and noise."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from ._edits_canvas import Quad, fitted, perspective_coefficients
from ._edits_edit import Edit, Strength, Surroundings

__all__ = ["photographed_screen", "rephoto_edits"]

_Plane = npt.NDArray[np.float32]


def photographed_screen(
    photo: Image.Image, around: Surroundings, *, tilt: float, grid: float, edge: float
) -> Image.Image:
    """The photo on a screen, photographed.

    Args:
        photo: What the screen shows.
        around: Chance.
        tilt: How far each corner of the screen lies from where a straight view would have it.
        grid: How deep the pattern of the screen's red, green and blue dots is, 0–1. The camera
            samples it at about its own spacing, which gives the slow moiré waves.
        edge: How much of the view's sides is not the screen but its dark frame.
    """
    shown = fitted(photo, 1100, 1100)
    width, height = shown.size
    inset = tuple(
        (
            x * width + (1 - 2 * x) * width * around.uniform(edge / 2, edge + tilt),
            y * height + (1 - 2 * y) * height * around.uniform(edge / 2, edge + tilt),
        )
        for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))
    )
    corners: Quad = ((0, 0), (width, 0), (width, height), (0, height))
    back = perspective_coefficients(inset, corners)
    frame = (18, 18, 20)
    seen = shown.transform(
        shown.size, Image.Transform.PERSPECTIVE, back, Image.Resampling.BILINEAR, fillcolor=frame
    )
    seen = seen.filter(ImageFilter.GaussianBlur(0.6 + 2 * grid))
    light = np.asarray(seen, np.float32) / 255
    pattern = _dot_pattern(width, height, back, around, grid)
    light = light**1.15 * pattern
    light += _glare(width, height, around)[:, :, None] * (0.04 + grid / 3)
    light += around.rng.standard_normal((height, width, 1), np.float32) * (0.01 + grid / 20)
    tint = np.array([around.uniform(0.92, 1), 1, around.uniform(1, 1.1)], np.float32)
    return Image.fromarray((np.clip(light * tint, 0, 1) * 255).astype(np.uint8))


def _dot_pattern(
    width: int, height: int, back: list[float], around: Surroundings, depth: float
) -> _Plane:
    """How bright each channel of each camera pixel is because of where it lies between the dots."""
    a, b, c, d, e, f, g, h = back
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    below = g * x + h * y + 1
    across, down = (a * x + b * y + c) / below, (d * x + e * y + f) / below
    # The lens is not quite straight, so the waves are curved.
    bow = around.uniform(2e-6, 8e-6) * ((x - width / 2) ** 2 + (y - height / 2) ** 2) / 1000
    pitch = around.uniform(0.93, 1.07)
    turn = around.uniform(-0.03, 0.03)
    dots = np.float32(2 * np.pi) * (across * pitch + down * turn) * (1 + bow)
    rows = np.float32(2 * np.pi) * (down * pitch - across * turn) * (1 + bow)
    lines = 1 + depth * 0.6 * np.cos(rows.astype(np.float32))
    # Each channel's dots lie a third of a pixel further; one cosine and one sine serve all three.
    cosine, sine = np.cos(dots.astype(np.float32)), np.sin(dots.astype(np.float32))
    third = np.sqrt(np.float32(3)) / 2
    waves = (cosine, -0.5 * cosine + third * sine, -0.5 * cosine - third * sine)
    return np.stack([(1 + depth * wave) * lines for wave in waves], axis=2).astype(np.float32)


def _glare(width: int, height: int, around: Surroundings) -> _Plane:
    """Light reflected by the screen: one soft spot."""
    x = np.linspace(0, 1, width, dtype=np.float32)[None, :] - around.uniform(0, 1)
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None] - around.uniform(0, 1)
    return np.exp(-(x**2 + y**2) / around.uniform(0.05, 0.3)).astype(np.float32)


def rephoto_edits() -> list[Edit]:
    """A photographed screen."""
    light, middle, strong = Strength
    members = (
        (light, "screen photographed, straight", 0.02, 0.03, 0.0),
        (middle, "screen photographed, tilted, moiré", 0.06, 0.18, 0.03),
        (strong, "screen photographed, far, strong moiré", 0.14, 0.4, 0.1),
    )
    return [
        Edit(
            "photographed screen",
            strength,
            name,
            partial(photographed_screen, tilt=tilt, grid=grid, edge=edge),
        )
        for strength, name, tilt, grid, edge in members
    ]
