# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from made_pictures import PHOTOS, clouds, page_of_letters, photo
from PIL import Image, ImageDraw, ImageFont

from haechi.signals._plain_regions import _plainness, _sample, is_photographed

GRID = [(radius, angle) for radius in (24, 40, 70) for angle in (0.0, 0.5, 2.0)]


def _over(luma: np.ndarray, radius: float, angle: float) -> np.ndarray:
    """Regions of this radius and angle all over the picture, (n, 4)."""
    height, width = luma.shape
    xs = np.arange(1.5 * radius, width - 1.5 * radius, radius)
    ys = np.arange(1.5 * radius, height - 1.5 * radius, radius)
    x, y = (axis.ravel() for axis in np.meshgrid(xs, ys))
    return np.stack([x, y, np.full(len(x), radius), np.full(len(x), angle)], axis=1)


def _share(luma: np.ndarray, radius: float, angle: float = 0.0) -> float:
    """The share of regions all over the picture that are taken for photographed."""
    return float(is_photographed(np.ascontiguousarray(luma), _over(luma, radius, angle)).mean())


@pytest.mark.parametrize(("radius", "angle"), GRID)
@pytest.mark.parametrize("ink", [0, 40, 255])
@pytest.mark.parametrize("size", [24, 48, 96])
def test_letters_are_drawn(size: int, ink: int, radius: float, angle: float) -> None:
    assert _share(page_of_letters(700, 700, size=size, ink=ink), radius, angle) == 0.0


def _logo() -> np.ndarray:
    """A badge with rings, a star and a word, in three flat greys."""
    page = Image.new("L", (600, 600), 250)
    pen = ImageDraw.Draw(page)
    for inset, shade in ((40, 30), (70, 250), (90, 120), (150, 250)):
        pen.ellipse((inset, inset, 600 - inset, 600 - inset), shade)
    turns = np.radians(np.arange(10) * 36 - 90)
    reach = np.where(np.arange(10) % 2, 60, 140)
    pen.polygon([(300 + r * np.cos(t), 280 + r * np.sin(t)) for r, t in zip(reach, turns, strict=True)], 30)  # fmt: skip
    pen.text((300, 470), "HARBOUR", 30, ImageFont.load_default(44), anchor="mm")
    return np.asarray(page)


@pytest.mark.parametrize(("radius", "angle"), GRID)
def test_a_logo_and_buttons_are_drawn(radius: float, angle: float) -> None:
    assert _share(_logo(), radius, angle) == 0.0
    page = Image.new("L", (600, 600), 235)
    pen = ImageDraw.Draw(page)
    for row in range(6):
        pen.rounded_rectangle((30, 20 + 95 * row, 560, 95 + 95 * row), 24, 200 - 20 * (row % 3))
        pen.text((60, 40 + 95 * row), "Read the whole story", 20, ImageFont.load_default(36))
    assert _share(np.asarray(page), radius, angle) == 0.0


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_flat_picture_is_drawn(level: int) -> None:
    assert _share(np.full((300, 300), level, np.uint8), 30) == 0.0


@pytest.mark.parametrize("radius", [24, 40, 70])
def test_lines_and_checks_are_drawn(radius: float) -> None:
    y, x = np.mgrid[0:400, 0:400]
    assert _share(np.where(x // 20 % 2, 200, 40).astype(np.uint8), radius, 0.4) == 0.0
    assert _share(np.where((x // 30 + y // 30) % 2, 255, 0).astype(np.uint8), radius) == 0.0


@pytest.mark.parametrize(("radius", "angle"), GRID)
def test_textured_photos_are_photographed(radius: float, angle: float) -> None:
    # The others are flat walls and cloth, and the letters on them.
    for name, least in (("astronaut.png", 0.4), ("chelsea.png", 0.7), ("motorcycle_left.png", 0.6)):
        assert _share(np.asarray(photo(name)), radius, angle) > least
    assert _share(clouds(5, 400, 400), radius, angle) > 0.9


def test_letters_over_a_photo_are_left_out_and_the_photo_beside_them_is_not() -> None:
    luma = np.array(photo("motorcycle_left.png"))
    luma[:, :370] = page_of_letters(500, 370, size=24)
    regions = _over(luma, 24, 0.0)
    kept = is_photographed(luma, regions)
    is_page = regions[:, 0] < 370 - 24 * 1.1
    is_photo = regions[:, 0] > 370 + 24 * 1.1
    assert not kept[is_page].any()
    assert kept[is_photo].mean() > 0.5


@pytest.mark.parametrize("size", [32, 48])
def test_white_letters_over_clouds_are_drawn_and_the_clouds_are_not(size: int) -> None:
    """Their ground is of many brightnesses: what tells them is the one of the ink along all edges."""
    ground = np.clip(clouds(6, 600, 600), 15, 225)
    is_ink = page_of_letters(600, 600, size=size) < 128
    for radius in (40, 70):
        assert _share(ground, radius) > 0.8
        assert _share(np.where(is_ink, 255, ground).astype(np.uint8), radius) < 0.1
        assert _share(np.where(is_ink, 0, ground).astype(np.uint8), radius) < 0.1


def test_regions_over_the_border_and_none_at_all() -> None:
    luma = np.asarray(photo(PHOTOS[0]))
    outside = np.array([[-50.0, -50.0, 20.0, 0.0], [5000.0, 5000.0, 900.0, 1.0]])
    assert is_photographed(luma, outside).tolist() == [False, False]
    assert is_photographed(luma, np.zeros((0, 4))).shape == (0,)


def _dim(levels: int, base: int = 60) -> np.ndarray:
    """Folds of cloth in dim light: so many levels of brightness, evenly many of each, without an edge."""
    y, x = np.mgrid[0:600, 0:600]
    fold = np.abs((0.83 * x + 0.31 * y + 9.0 * np.sin(y / 60)) / 22 % 2.0 - 1.0)
    return (base + np.floor(levels * fold)).astype(np.uint8)


@pytest.mark.parametrize("base", [0, 60, 200])
@pytest.mark.parametrize("levels", [20, 24, 30])
@pytest.mark.parametrize(("radius", "angle"), GRID)
def test_a_soft_region_is_photographed_however_dim(
    radius: float, angle: float, levels: int, base: int
) -> None:
    """Two bands of brightness hold most of it, as of a page; but it has neither paper nor edges."""
    luma = _dim(levels, base)
    square = np.zeros((64, 64), np.int64)
    for region in _over(luma, radius, angle)[:5]:
        _sample(luma, region, square)
        assert _plainness(square) > 0.45
    assert _share(luma, radius, angle) > 0.95


@pytest.mark.parametrize("radius", [24, 40, 70])
@pytest.mark.parametrize("shade", [2, 100, 252], ids=["shadow", "grey wall", "paper"])
def test_a_shadow_and_a_sheet_of_paper_are_not(shade: int, radius: float) -> None:
    """They are soft too, and one brightness, give or take a level, covers them."""
    grain = np.random.default_rng(4).integers(-1, 2, (500, 500))
    assert _share((shade + grain).astype(np.uint8), radius) == 0.0
    # And with something as soft in them that covers less than two thirds.
    y, x = np.mgrid[0:500, 0:500]
    ripple = 0.5 * (np.sin(2 * np.pi * x / radius) - 0.2).clip(min=0.0)
    spot = np.floor(shade + (24 if shade < 200 else -24) * ripple + 0.2 * (y % 2))
    assert _share(spot.astype(np.uint8), radius) == 0.0


@pytest.mark.parametrize("radius", [40, 70])
def test_a_soft_ground_makes_no_photo_of_the_letters_on_it(radius: float) -> None:
    ground = _dim(24)
    is_ink = page_of_letters(600, 600, size=32) < 128
    assert _share(ground, radius) > 0.95
    # But where hardly a stroke of one lies in the square.
    assert _share(np.where(is_ink, 230, ground).astype(np.uint8), radius) < 0.1
