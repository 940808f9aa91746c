# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from made_pictures import clouds

from haechi.signals._resized import resized, size_for


def _averaged(line: np.ndarray, target: int) -> np.ndarray:
    """Each target pixel the mean of the stretch of the line that it covers, by the definition."""
    step = len(line) / target
    out = np.zeros(target)
    for place in range(target):
        left, right = place * step, (place + 1) * step
        for pixel in range(math.floor(left), min(len(line), math.ceil(right))):
            covered = min(right, pixel + 1) - max(left, pixel)
            out[place] += covered / step * line[pixel]
    return out


def _interpolated(line: np.ndarray, target: int) -> np.ndarray:
    """Straight lines between pixel centres, level beyond the first and last."""
    centres = (np.arange(target) + 0.5) * len(line) / target
    return np.interp(centres, np.arange(len(line)) + 0.5, line)


def _one_axis(line: np.ndarray, target: int) -> np.ndarray:
    return _averaged(line, target) if target < len(line) else _interpolated(line, target)


def _slowly(luma: np.ndarray, height: int, width: int) -> np.ndarray:
    columns = np.apply_along_axis(_one_axis, 0, luma.astype(np.float64), height)
    return np.apply_along_axis(_one_axis, 1, columns, width)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ((60, 90), (20, 30)),
        ((61, 97), (20, 31)),
        ((50, 40), (49, 39)),
        ((20, 30), (60, 90)),
        ((23, 37), (51, 64)),
        ((80, 20), (30, 35)),
        ((20, 80), (35, 30)),
        ((1, 90), (16, 40)),
        ((90, 1), (40, 16)),
        ((1, 1), (16, 16)),
        ((2, 3), (1, 1)),
        ((40, 60), (1, 17)),
        ((40, 60), (17, 1)),
        ((5, 5), (80, 80)),
    ],
)
def test_each_pixel_is_what_it_covers_or_lies_between(
    source: tuple[int, int], target: tuple[int, int]
) -> None:
    luma = np.random.default_rng(sum(source)).integers(0, 256, source, dtype=np.uint8)
    found = resized(luma, *target)
    assert (found.shape, found.dtype) == (target, np.float32)
    assert np.abs(found - _slowly(luma, *target)).max() < 1e-3


def test_its_own_size_changes_nothing() -> None:
    luma = clouds(1, 57, 83)
    assert np.array_equal(resized(luma, 57, 83), luma)


@pytest.mark.parametrize("level", [0, 1, 77, 255])
@pytest.mark.parametrize("target", [(7, 9), (30, 40), (100, 33), (200, 300)])
def test_a_flat_picture_stays_flat(level: int, target: tuple[int, int]) -> None:
    found = resized(np.full((30, 40), level, np.uint8), *target)
    assert np.abs(found - level).max() < 1e-3


def test_the_mean_of_the_picture_stays() -> None:
    luma = clouds(2, 240, 360)
    assert resized(luma, 77, 101).mean() == pytest.approx(luma.mean(), abs=0.01)


@pytest.mark.parametrize("target", [(33, 50), (150, 210)])
def test_turned_and_mirrored_pictures_come_out_turned_and_mirrored(target: tuple[int, int]) -> None:
    luma, (height, width) = clouds(3, 80, 120), target
    upright = resized(luma, height, width)
    lying = resized(np.ascontiguousarray(luma.T), width, height)
    mirrored = resized(np.ascontiguousarray(luma[:, ::-1]), height, width)
    assert np.abs(lying.T - upright).max() < 1e-3
    assert np.abs(mirrored[:, ::-1] - upright).max() < 1e-3


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        ((400, 600), (400, 600)),
        ((1200, 800), (600, 400)),
        ((100, 250), (400, 1000)),
        ((3, 3), (400, 400)),
        # Half a pixel is rounded up: 400 / 800 · 1001 = 500.5.
        ((800, 1001), (400, 501)),
        # The long side decides, and the short one is never under the least.
        ((500, 5000), (200, 2000)),
        ((1, 5000), (16, 2000)),
        ((5000, 1), (2000, 16)),
        ((1, 1), (400, 400)),
    ],
)
def test_the_size_that_regions_are_looked_for_at(
    sides: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert size_for(*sides, short_side=400, long_side=2000, least_side=16) == expected
