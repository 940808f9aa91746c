# SPDX-License-Identifier: Apache-2.0
"""Edits of tone and detail: colour filters, blur, sharpening, noise."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image, ImageChops, ImageEnhance, ImageFilter, ImageOps

from ._edits_edit import Change, Edit, Strength, Surroundings

__all__ = ["gray", "sepia", "tone_edits"]

_SEPIA = (0.393, 0.769, 0.189, 0, 0.349, 0.686, 0.168, 0, 0.272, 0.534, 0.131, 0)


def gray(photo: Image.Image, _around: Surroundings) -> Image.Image:
    """Without colour."""
    return photo.convert("L").convert("RGB")


def sepia(photo: Image.Image, _around: Surroundings) -> Image.Image:
    """Brown, like an old print."""
    return photo.convert("RGB", _SEPIA)


def _curves(photo: Image.Image, *curves: Callable[[np.ndarray], np.ndarray]) -> Image.Image:
    """One curve for each of red, green and blue, from and to 0–1."""
    levels = np.linspace(0, 1, 256)
    table = [np.clip(np.rint(curve(levels) * 255), 0, 255) for curve in curves]
    return photo.point([int(value) for value in np.concatenate(table)])


def _contrast(photo: Image.Image, _around: Surroundings, *, factor: float) -> Image.Image:
    return ImageEnhance.Contrast(photo).enhance(factor)


def _brightness(photo: Image.Image, _around: Surroundings, *, factor: float) -> Image.Image:
    return ImageEnhance.Brightness(photo).enhance(factor)


def _saturation(photo: Image.Image, _around: Surroundings, *, factor: float) -> Image.Image:
    return ImageEnhance.Color(photo).enhance(factor)


def _gamma(photo: Image.Image, _around: Surroundings, *, power: float) -> Image.Image:
    return _curves(photo, *[lambda levels: levels**power] * 3)


def _hue(photo: Image.Image, around: Surroundings, *, degrees: float) -> Image.Image:
    shift = round(degrees * around.one_of((-1, 1)) / 360 * 256)
    hue, saturation, value = photo.convert("HSV").split()
    hue = hue.point([(level + shift) % 256 for level in range(256)])
    return Image.merge("HSV", (hue, saturation, value)).convert("RGB")


def _vignette(photo: Image.Image, _around: Surroundings, *, depth: float) -> Image.Image:
    across = np.linspace(-1, 1, 128, dtype=np.float32) ** 2
    radius = np.sqrt((across[None, :] + across[:, None]) / 2)
    light = 1 - depth * np.clip((radius - 0.35) / 0.65, 0, 1) ** 1.5
    mask = Image.fromarray(np.rint(light * 255).astype(np.uint8)).resize(
        photo.size, Image.Resampling.BICUBIC
    )
    return ImageChops.multiply(photo, Image.merge("RGB", (mask, mask, mask)))


def _warm(photo: Image.Image, _around: Surroundings) -> Image.Image:
    return _curves(photo, lambda x: x**0.85, lambda x: x**0.97, lambda x: x**1.2)


def _faded(photo: Image.Image, _around: Surroundings) -> Image.Image:
    """Faded film: lifted blacks, cooler shadows, less colour."""
    pale = ImageEnhance.Color(photo).enhance(0.65)
    return _curves(
        pale,
        lambda x: 0.10 + 0.82 * x + 0.03 * np.sin(2 * np.pi * x),
        lambda x: 0.11 + 0.80 * x,
        lambda x: 0.17 + 0.70 * x,
    )


def _crossed(photo: Image.Image, _around: Surroundings) -> Image.Image:
    """Cross-processed: steep red and green, flat blue."""

    def steep(x: np.ndarray) -> np.ndarray:
        return x - 0.14 * np.sin(2 * np.pi * x)

    return _curves(photo, steep, steep, lambda x: 0.18 + 0.62 * x)


def _duotone(photo: Image.Image, around: Surroundings) -> Image.Image:
    dark, bright = around.one_of(
        (("#1b1464", "#ffd166"), ("#0b3d2e", "#ff8fab"), ("#3a0ca3", "#f1faee"))
    )
    return ImageOps.colorize(photo.convert("L"), dark, bright)


def _inverted(photo: Image.Image, _around: Surroundings) -> Image.Image:
    return ImageChops.invert(photo)


def _posterised(photo: Image.Image, _around: Surroundings) -> Image.Image:
    return ImageOps.posterize(photo, 2)


def _blurred(photo: Image.Image, _around: Surroundings, *, share: float) -> Image.Image:
    return photo.filter(ImageFilter.GaussianBlur(max(photo.size) * share))


def _moved(photo: Image.Image, around: Surroundings, *, share: float) -> Image.Image:
    """Shaken: the mean of the photo along a short way."""
    length = max(2, round(max(photo.size) * share))
    slope = around.uniform(-1, 1)
    steps = np.linspace(-length / 2, length / 2, 9)
    total = np.zeros((photo.height, photo.width, 3), np.uint16)
    for step in steps:
        shifted = ImageChops.offset(photo, round(float(step)), round(float(step) * slope))
        total += np.asarray(shifted)
    return Image.fromarray((total // len(steps)).astype(np.uint8))


def _sharpened(
    photo: Image.Image, _around: Surroundings, *, radius: float, percent: int
) -> Image.Image:
    return photo.filter(ImageFilter.UnsharpMask(radius, percent, 0))


def _noisy(
    photo: Image.Image, around: Surroundings, *, sigma: float, grain_px: int, is_coloured: bool
) -> Image.Image:
    """Grain of some size, the same in all channels or in each its own."""
    height, width = -(-photo.height // grain_px), -(-photo.width // grain_px)
    shape = (height, width, 3 if is_coloured else 1)
    noise = around.rng.standard_normal(shape, np.float32) * sigma
    if grain_px > 1:
        noise = noise.repeat(grain_px, 0).repeat(grain_px, 1)[: photo.height, : photo.width]
    noisy = np.asarray(photo, np.float32) + noise
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def _colour_edits() -> list[Edit]:
    light, middle, strong = Strength
    members: tuple[tuple[Strength, str, Change], ...] = (
        (light, "contrast ×1.3", partial(_contrast, factor=1.3)),
        (light, "brightness ×1.2", partial(_brightness, factor=1.2)),
        (light, "saturation ×1.5", partial(_saturation, factor=1.5)),
        (light, "gray", gray),
        (light, "warm filter", _warm),
        (middle, "sepia", sepia),
        (middle, "hue by 40°", partial(_hue, degrees=40)),
        (middle, "vignette", partial(_vignette, depth=0.7)),
        (middle, "gamma 1.7", partial(_gamma, power=1.7)),
        (middle, "gamma 0.6", partial(_gamma, power=0.6)),
        (middle, "faded film", _faded),
        (middle, "cross-processed", _crossed),
        (strong, "contrast ×2.2", partial(_contrast, factor=2.2)),
        (strong, "gamma 2.6", partial(_gamma, power=2.6)),
        (strong, "hue by 120°", partial(_hue, degrees=120)),
        (strong, "two colours", _duotone),
        (strong, "four levels", _posterised),
        (strong, "inverted", _inverted),
    )
    return [Edit("colour", *member) for member in members]


def tone_edits() -> list[Edit]:
    """Colour, blur, sharpen, noise."""
    light, middle, strong = Strength
    fine = partial(_noisy, grain_px=1, is_coloured=True)
    members: tuple[tuple[str, Strength, str, Change], ...] = (
        ("blur", light, "blur 0.15 % of the long side", partial(_blurred, share=0.0015)),
        ("blur", middle, "blur 0.35 % of the long side", partial(_blurred, share=0.0035)),
        ("blur", middle, "shaken 1 % of the long side", partial(_moved, share=0.01)),
        ("blur", strong, "blur 0.8 % of the long side", partial(_blurred, share=0.008)),
        ("sharpen", light, "sharpened 80 %", partial(_sharpened, radius=1.5, percent=80)),
        ("sharpen", middle, "sharpened 200 %", partial(_sharpened, radius=2, percent=200)),
        ("sharpen", strong, "sharpened 400 %", partial(_sharpened, radius=4, percent=400)),
        ("noise", light, "noise 6", partial(fine, sigma=6)),
        ("noise", middle, "noise 15", partial(fine, sigma=15)),
        (
            "noise",
            middle,
            "film grain 18",
            partial(_noisy, sigma=18, grain_px=2, is_coloured=False),
        ),
        ("noise", strong, "noise 35", partial(fine, sigma=35)),
    )
    return [*_colour_edits(), *(Edit(*member) for member in members)]
