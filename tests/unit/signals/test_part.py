# SPDX-License-Identifier: Apache-2.0
"""A known picture drawn out of an upload, wherever and however it lies there."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_pictures import PHOTOS, as_picture, clouds, photo
from PIL import Image

from haechi.match import match_regions
from haechi.signals import LONG_SIDE, Regions, distance_bits, pdq, pdq_of_part
from haechi.values import Signal, SignalType

WIDE, TALL = 1000, 800


def _sides(image: Image.Image) -> tuple[float, float]:
    """Height and width, the longer one 1."""
    return image.height / max(image.size), image.width / max(image.size)


def _transform(image: Image.Image, linear: np.ndarray, x: float, y: float) -> tuple[float, ...]:
    """What carries the photo, scaled and turned by `linear`, with its middle to these pixels."""
    middle = np.array(_sides(image)[::-1]) / 2
    linear = linear * max(image.size) / max(WIDE, TALL)
    shift = np.array([x, y]) / max(WIDE, TALL) - linear @ middle
    return tuple(np.column_stack((linear, shift)).ravel().tolist())


def _pasted(
    image: Image.Image, *, scale: float, degrees: float, x: float, y: float, stretch: float = 1.0
) -> tuple[np.ndarray, tuple[float, ...]]:
    """The photo so large, stretched and turned, its middle here on a wall of clouds; and its transform."""
    size = (round(image.width * scale * stretch), round(image.height * scale))
    small = image.resize(size, Image.Resampling.LANCZOS)
    turn = math.radians(degrees)
    turned = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    # The canvas pixel whose place is asked for, in the small photo's pixels.
    back = np.column_stack((turned.T, np.array(size) / 2 - turned.T @ np.array([x, y])))
    how = (Image.Transform.AFFINE, tuple(back.ravel()), Image.Resampling.BICUBIC)
    canvas = Image.fromarray(clouds(7, TALL, WIDE))
    shown = small.transform((WIDE, TALL), *how)
    mask = Image.new("L", size, 255).transform((WIDE, TALL), *how)
    canvas.paste(shown, (0, 0), mask)
    linear = turned @ np.diag([size[0] / image.width, size[1] / image.height])
    return np.asarray(canvas), _transform(image, linear, x, y)


PLACES = {
    "upright": {"scale": 1.0, "degrees": 0, "x": 500, "y": 400},
    "small": {"scale": 0.3, "degrees": 0, "x": 730, "y": 610},
    "turned": {"scale": 0.6, "degrees": 25, "x": 460, "y": 390},
    "upside down": {"scale": 0.5, "degrees": 190, "x": 500, "y": 420},
    "on its side and small": {"scale": 0.35, "degrees": -80, "x": 200, "y": 300},
    "stretched": {"scale": 0.5, "degrees": 10, "x": 520, "y": 400, "stretch": 1.3},
}


@pytest.mark.parametrize("is_mirrored", [False, True])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", PHOTOS)
def test_a_photo_in_a_picture_has_its_own_pdq(name: str, place: str, is_mirrored: bool) -> None:
    image = photo(name)
    luma, transform = _pasted(image, **PLACES[place])
    # The transform of a mirrored one is that of the picture mirrored back.
    picture = as_picture(luma[:, ::-1] if is_mirrored else luma)
    found = pdq_of_part(picture, transform, is_mirrored=is_mirrored, sides=_sides(image))
    assert found is not None
    assert (found.type, found.is_trusted) == (SignalType.PDQ, True)
    own = pdq(as_picture(np.asarray(image)))
    # A PDQ changes with the size that a photo is sampled at: no copy of this size comes nearer.
    size = [round(side * PLACES[place]["scale"]) for side in image.size]
    copy = pdq(as_picture(np.asarray(image.resize(size, Image.Resampling.LANCZOS))))
    assert distance_bits(found, own) <= max(12, distance_bits(copy, own) + 4)
    other = pdq_of_part(picture, transform, is_mirrored=not is_mirrored, sides=_sides(image))
    assert other is None or distance_bits(other, own) > 60
    assert distance_bits(pdq(picture), own) > 30 or place == "upright"


@pytest.mark.parametrize("shift", [0.02, 0.03, -0.03])
@pytest.mark.parametrize("is_across", [False, True])
def test_a_part_may_hang_out_a_little(shift: float, is_across: bool) -> None:
    image = photo("coffee.png")
    beyond = (shift, 0.0) if is_across else (0.0, shift)
    model = (1.0, 0.0, beyond[0], 0.0, 1.0, beyond[1] * _sides(image)[0])
    luma = as_picture(np.asarray(image))
    found = pdq_of_part(luma, model, is_mirrored=False, sides=_sides(image))
    assert found is not None


@pytest.mark.parametrize("shift", [0.06, -0.06, 0.5, 7.0, -1e12])
@pytest.mark.parametrize("is_across", [False, True])
@pytest.mark.parametrize("is_mirrored", [False, True])
def test_a_part_that_hangs_out_has_none(shift: float, is_across: bool, is_mirrored: bool) -> None:
    image = photo("coffee.png")
    beyond = (shift, 0.0) if is_across else (0.0, shift)
    model = (1.0, 0.0, beyond[0], 0.0, 1.0, beyond[1] * _sides(image)[0])
    luma = as_picture(np.asarray(image))
    found = pdq_of_part(luma, model, is_mirrored=is_mirrored, sides=_sides(image))
    assert found is None


def test_a_part_larger_than_the_picture_has_none() -> None:
    picture = as_picture(np.asarray(photo("coffee.png")))
    linear = (1.2, 0.0, -0.1, 0.0, 1.2, -0.1)
    assert pdq_of_part(picture, linear, is_mirrored=False, sides=(2 / 3, 1.0)) is None


@pytest.mark.parametrize(("pixels", "is_hashed"), [(7, False), (9, True), (1, False), (0, False)])
def test_of_a_part_of_hardly_a_pixel_there_is_nothing_to_hash(
    pixels: float, is_hashed: bool
) -> None:
    """The shorter side counts."""
    picture = as_picture(clouds(3, 500, 500))
    scale = 2 * pixels / 500
    model = (scale, 0.0, 0.3, 0.0, scale, 0.3)
    found = pdq_of_part(picture, model, is_mirrored=False, sides=(0.5, 1.0))
    assert (found is not None) is is_hashed


@pytest.mark.parametrize("linear", [((-1, 0), (0, 1)), ((1, 2), (2, 4)), ((0, 0), (0, 0))])
def test_a_transform_that_mirrors_or_flattens_shows_nothing(linear: tuple) -> None:
    picture = as_picture(clouds(3, 300, 300))
    model = np.column_stack((np.array(linear, float), [0.5, 0.0])).ravel().tolist()
    assert pdq_of_part(picture, model, is_mirrored=False, sides=(1.0, 1.0)) is None


def test_a_flat_part_is_not_trusted() -> None:
    luma = np.full((300, 400), 120, np.uint8)
    luma[:, 200:] = clouds(1, 300, 200)
    picture, half = as_picture(luma), (0.4, 0.0, 0.05, 0.0, 0.4, 0.05)
    flat = pdq_of_part(picture, half, is_mirrored=False, sides=(1.0, 1.0))
    rich = pdq_of_part(picture, half, is_mirrored=True, sides=(1.0, 1.0))
    assert flat is not None
    assert rich is not None
    assert not flat.is_trusted
    assert rich.is_trusted


def _any_regions(count: int, seed: int, shared: np.ndarray, kind: str) -> Regions:
    """Regions of any place, size and direction, of a picture of any shape."""
    random = np.random.default_rng(seed)
    sides = [LONG_SIDE, int(random.choice([1, 40, 20_000, LONG_SIDE]))]
    random.shuffle(sides)
    extent = {"anywhere": LONG_SIDE + 1, "one corner": 40, "one place": 1}[kind]
    return Regions(
        shared[random.integers(0, len(shared), count)],
        random.integers(0, extent, count).astype(np.uint16),
        random.integers(0, extent, count).astype(np.uint16),
        random.integers(0, 256, count).astype(np.uint8),
        random.integers(0, 256, count).astype(np.uint8),
        *sides,
    )


@settings(max_examples=80, deadline=None)
@given(
    counts=st.tuples(st.sampled_from([1, 2, 7, 100]), st.sampled_from([1, 2, 7, 100])),
    kinds=st.tuples(*[st.sampled_from(["anywhere", "one corner", "one place"])] * 2),
    sides=st.sampled_from([(1, 1), (1, 300), (300, 1), (2, 3), (90, 120), (400, 300)]),
    seed=st.integers(0, 2**32),
)
def test_whatever_records_agree_on_is_drawn_out_or_none(
    counts: tuple[int, int], kinds: tuple[str, str], sides: tuple[int, int], seed: int
) -> None:
    random = np.random.default_rng(seed)
    shared = random.integers(0, 256, (5, 32), dtype=np.uint8)
    query = _any_regions(counts[0], seed + 1, shared, kinds[0])
    known = _any_regions(counts[1], seed + 2, shared, kinds[1])
    found = match_regions(query, known)
    if found is None:
        return
    picture = as_picture(random.integers(0, 256, sides))
    for is_mirrored in (False, True):
        part = pdq_of_part(picture, found.transform, is_mirrored=is_mirrored, sides=found.sides)
        assert part is None or isinstance(part, Signal)
