# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools

import numpy as np
import pytest
from made_pictures import clouds, with_blob

from haechi.signals._scale_space import FIRST_SIGMA, INTERVALS, scale_space


def _spread(plane: np.ndarray) -> float:
    """The standard deviation of a spot along one axis, in pixels, by its moments."""
    weights = np.abs(plane.astype(np.float64) - 128.0)
    # Far away is only what single precision leaves.
    weights[weights < 0.003] = 0.0
    across = weights.sum(axis=0)
    places = np.arange(len(across))
    middle = (across * places).sum() / across.sum()
    return float(np.sqrt((across * (places - middle) ** 2).sum() / across.sum()))


@pytest.mark.parametrize("shape", [(400, 640), (401, 399), (200, 1000)])
def test_octaves_halve_until_a_side_would_be_under_24_pixels(shape: tuple[int, int]) -> None:
    octaves = scale_space(clouds(1, *shape).astype(np.float32))
    sides = [octave[0].shape for octave in octaves]
    assert sides[0] == shape
    assert all(
        (height // 2, width // 2) == after for (height, width), after in itertools.pairwise(sides)
    )
    assert 24 <= min(sides[-1]) < 48
    for octave in octaves:
        assert len(octave) == INTERVALS + 3
        assert {(level.shape, level.dtype.name) for level in octave} == {
            (octave[0].shape, "float32")
        }


@pytest.mark.parametrize("shape", [(16, 16), (16, 2000), (23, 23)])
def test_a_small_picture_has_one_octave(shape: tuple[int, int]) -> None:
    assert len(scale_space(np.zeros(shape, np.float32))) == 1


@pytest.mark.parametrize("number", range(INTERVALS + 3))
@pytest.mark.parametrize("octave", [0, 1, 2])
def test_every_level_is_blurred_as_it_says(octave: int, number: int) -> None:
    octaves = scale_space(with_blob(241, 241, x=120, y=120, sigma=4.0, levels=100))
    own = 4.0**2 - 0.5**2
    level = FIRST_SIGMA * 2.0 ** (number / INTERVALS) * 2.0**octave
    found = _spread(octaves[octave][number]) * 2.0**octave
    assert found == pytest.approx(np.sqrt(own + level**2), rel=0.02)


def test_a_pixel_of_an_octave_lies_at_twice_its_place_in_the_one_before() -> None:
    octaves = scale_space(with_blob(240, 320, x=168, y=96, sigma=5.0, levels=100))
    for octave, levels in enumerate(octaves[:4]):
        height, width = levels[0].shape
        y, x = divmod(int(np.argmax(levels[0])), width)
        assert (x, y) == (168 >> octave, 96 >> octave)
        assert height == 240 >> octave


def test_blurring_keeps_the_mean_and_flat_pictures() -> None:
    plane = clouds(2, 128, 192).astype(np.float32)
    first = scale_space(plane)[0]
    # Beyond a border lies the picture's own mirror image: what leaves comes back.
    assert [level.mean() for level in first] == pytest.approx([plane.mean()] * len(first), abs=0.01)
    for octave in scale_space(np.full((100, 80), 99.0, np.float32)):
        assert max(np.abs(level - 99.0).max() for level in octave) < 1e-3


def test_a_turned_picture_has_its_finest_octave_turned() -> None:
    plane = clouds(3, 90, 130).astype(np.float32)
    upright = scale_space(plane)[0]
    turned = scale_space(np.ascontiguousarray(np.rot90(plane)))[0]
    for one, other in zip(upright, turned, strict=True):
        assert np.abs(np.rot90(one) - other).max() < 1e-3
