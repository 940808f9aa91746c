# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from made_pictures import PHOTOS, clouds, photo

from haechi.signals._region_hash import _ORDER, KEY_BITS, MIRROR_MASK, region_hashes
from haechi.signals._scale_space import scale_space

CONSTANT = 0


def _square(plane: np.ndarray, region: np.ndarray) -> np.ndarray:
    """The turned square of 64×64 samples, linearly between pixels; the region lies inside the plane."""
    x, y, radius, angle = region
    offsets = (np.arange(64) - 31.5) * radius / 32
    u, v = np.meshgrid(offsets, offsets)
    at_x = x + np.cos(angle) * u - np.sin(angle) * v
    at_y = y + np.sin(angle) * u + np.cos(angle) * v
    column, row = np.floor(at_x).astype(int), np.floor(at_y).astype(int)
    right, down = at_x - column, at_y - row
    plane = plane.astype(np.float64)
    upper = plane[row, column] * (1 - right) + plane[row, column + 1] * right
    lower = plane[row + 1, column] * (1 - right) + plane[row + 1, column + 1] * right
    return upper * (1 - down) + lower * down


def _coefficients(square: np.ndarray) -> np.ndarray:
    """The 16×16 lowest frequencies of the DCT, by its definition."""
    places = np.arange(64) + 0.5
    out = np.zeros((16, 16))
    for i in range(16):
        for j in range(16):
            waves = np.outer(np.cos(np.pi / 64 * i * places), np.cos(np.pi / 64 * j * places))
            out[i, j] = (square * waves).sum()
    return out


def _bits(hashes: np.ndarray) -> np.ndarray:
    return np.unpackbits(hashes, axis=1)


def _some_regions(count: int, height: int, width: int, radius: tuple[float, float]) -> np.ndarray:
    """Regions anywhere inside, (n, 4)."""
    random = np.random.default_rng(count)
    radii = random.uniform(*radius, count)
    room = 1.5 * radii + 2
    x, y = random.uniform(room, width - room), random.uniform(room, height - room)
    return np.stack([x, y, radii, random.uniform(0, 2 * np.pi, count)], axis=1)


@pytest.mark.parametrize(
    ("radius", "octave"), [((10, 31), 0), ((33, 63), 0), ((65, 100), 1), ((130, 150), 2)]
)
def test_the_bits_are_the_signs_of_the_dct(radius: tuple[float, float], octave: int) -> None:
    octaves = scale_space(np.asarray(photo("chelsea.png").resize((720, 500)), np.float32))
    regions = _some_regions(12, 500, 720, radius)
    found = _bits(region_hashes(octaves, regions))
    for region, bits in zip(regions, found, strict=True):
        scaled = region / [2**octave, 2**octave, 2**octave, 1]
        expected = _coefficients(_square(octaves[octave][0], scaled)).ravel()[_ORDER]
        # Whether a coefficient of next to nothing lies above zero is left to rounding.
        is_clear = np.abs(expected) > 0.05
        is_clear[-1] = False
        assert is_clear.sum() > 200
        assert np.array_equal(bits[is_clear], expected[is_clear] > 0)


def test_every_coefficient_has_one_bit_and_the_key_64() -> None:
    assert sorted(_ORDER.tolist()) == list(range(256))
    key = _ORDER[:KEY_BITS].tolist()
    assert len(set(key)) == KEY_BITS == 64
    assert CONSTANT not in key
    assert _ORDER[-1] == CONSTANT


def test_the_last_bit_says_nothing_and_is_never_set() -> None:
    """A bright picture, whose constant coefficient lies far above zero."""
    octaves = scale_space(clouds(1, 120, 120).astype(np.float32) + 100)
    bits = _bits(region_hashes(octaves, _some_regions(20, 120, 120, (10, 30))))
    assert not bits[:, -1].any()
    # Of the others each is set somewhere.
    assert bits[:, :-1].any(axis=0).mean() > 0.99


def test_the_mask_is_of_odd_vertical_frequencies() -> None:
    mask = np.unpackbits(np.frombuffer(MIRROR_MASK, np.uint8))
    assert np.array_equal(mask, _ORDER // 16 % 2)
    assert mask.sum() == 128


@pytest.mark.parametrize("name", PHOTOS)
def test_a_mirrored_region_has_the_bits_of_the_mask_turned(name: str) -> None:
    plane = np.asarray(photo(name), np.float32)
    height, width = plane.shape
    octaves = scale_space(plane)
    mirrored = [[np.ascontiguousarray(level[:, ::-1]) for level in levels] for levels in octaves]
    regions = _some_regions(60, height, width, (10, 60))
    beside = regions.copy()
    beside[:, 0], beside[:, 3] = width - 1 - regions[:, 0], np.pi - regions[:, 3]
    one = region_hashes(octaves[:1], regions)
    other = region_hashes(mirrored[:1], beside)
    bits = np.bitwise_count(one ^ other ^ np.frombuffer(MIRROR_MASK, np.uint8)).sum(axis=1)
    # The same samples summed in another order: a coefficient of nothing may change its sign.
    assert bits.mean() < 1.0
    assert bits.max() <= 8


def test_an_inverted_region_has_every_bit_turned_but_the_constant_one() -> None:
    plane = np.asarray(photo("coffee.png"), np.float32)
    regions = _some_regions(60, *plane.shape, (10, 60))
    one = region_hashes(scale_space(plane)[:1], regions)
    other = region_hashes(scale_space(255.0 - plane)[:1], regions)
    bits = np.bitwise_count(one ^ other ^ np.uint8(255)).sum(axis=1)
    assert bits.min() >= 1
    assert bits.mean() < 4.0


def test_brightness_and_contrast_change_next_to_nothing() -> None:
    plane = np.asarray(photo("astronaut.png"), np.float32)
    regions = _some_regions(60, *plane.shape, (12, 60))
    one = region_hashes(scale_space(plane)[:1], regions)
    other = region_hashes(scale_space(40.0 + 0.5 * plane)[:1], regions)
    assert np.bitwise_count(one ^ other).sum(axis=1).mean() < 3.0


def test_a_region_of_the_turned_picture_has_the_same_hash() -> None:
    plane = np.asarray(photo("coffee.png"), np.float32)
    width = plane.shape[1]
    regions = _some_regions(60, *plane.shape, (10, 60))
    turned = regions.copy()
    turned[:, 0], turned[:, 1] = regions[:, 1], width - 1 - regions[:, 0]
    turned[:, 3] -= np.pi / 2
    one = region_hashes(scale_space(plane)[:1], regions)
    other = region_hashes(scale_space(np.ascontiguousarray(np.rot90(plane)))[:1], turned)
    assert np.bitwise_count(one ^ other).sum(axis=1).mean() < 1.0


def test_beyond_the_border_the_picture_is_its_own_mirror() -> None:
    plane = np.asarray(photo("chelsea.png").crop((100, 100, 220, 200)), np.float32)
    padded = np.pad(plane, 60, mode="reflect")
    regions = np.array(
        [
            [5.0, 50.0, 40.0, 0.3],
            [115.0, 50.0, 40.0, 1.3],
            [60.0, 4.0, 35.0, 2.0],
            [60.0, 96.0, 35.0, 4.0],
            [2.0, 2.0, 30.0, 5.5],
            [118.0, 98.0, 30.0, 0.0],
        ]
    )
    inside = regions + np.array([60, 60, 0, 0])
    one, other = (
        region_hashes([[each]], places) for each, places in ((plane, regions), (padded, inside))
    )
    assert np.bitwise_count(one ^ other).sum(axis=1).max() <= 4


def test_a_black_region_has_no_bit_and_a_flat_one_always_the_same() -> None:
    regions = np.array([[50.0, 50.0, 30.0, 0.7], [40.0, 60.0, 12.0, 3.0]])
    black = region_hashes([[np.zeros((100, 100), np.float32)]], regions)
    assert not black.any()
    flat = [[np.full((100, 100), 130.0, np.float32)]]
    one, other = (region_hashes(flat, regions) for _ in range(2))
    assert np.array_equal(one, other)


@pytest.mark.parametrize("shape", [(2, 2), (16, 16), (16, 2000)])
def test_regions_far_larger_than_the_picture_have_a_hash(shape: tuple[int, int]) -> None:
    plane = np.random.default_rng(1).uniform(0, 255, shape).astype(np.float32)
    regions = np.array([[1.0, 1.0, 5000.0, 1.0], [shape[1] - 1.0, shape[0] - 1.0, 10.0, 6.0]])
    assert region_hashes([[plane]], regions).shape == (2, 32)


def test_no_region_no_hash() -> None:
    octaves = scale_space(np.zeros((100, 100), np.float32))
    assert region_hashes(octaves, np.zeros((0, 4))).shape == (0, 32)
