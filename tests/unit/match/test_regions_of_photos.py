# SPDX-License-Identifier: Apache-2.0
"""The regions of photographs, edited and unrelated: what shows what, and where."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from made_pictures import PHOTOS, as_picture, clouds, page_of_letters, photo, transform_error
from PIL import Image, ImageOps

from haechi.match import RegionRule, match_regions
from haechi.signals import LONG_SIDE, Regions, query_regions, regions

RULE = RegionRule()


@dataclass(frozen=True)
class Edit:
    """An edit of a photo, and where it puts the photo's pixels: what, how, (2, 3) of the two images."""

    made: Callable[[Image.Image], Image.Image]
    model: Callable[[Image.Image], np.ndarray]
    is_mirrored: bool = False
    least_share: float = 0.5


def _scaled_by(scale: float) -> np.ndarray:
    # The picture's edge, half a pixel before the first centre, stays where it is.
    return np.array([[scale, 0, 0.5 * scale - 0.5], [0, scale, 0.5 * scale - 0.5]])


def _scaled(image: Image.Image, scale: float) -> Image.Image:
    size = (round(image.width * scale), round(image.height * scale))
    return image.resize(size, Image.Resampling.LANCZOS)


def _cropped(image: Image.Image) -> Image.Image:
    return image.crop((90, 60, image.width - 50, image.height - 40))


def _turned_model(image: Image.Image) -> np.ndarray:
    """Turned 25° counter-clockwise about the middle, on a canvas that holds all of it."""
    turned_image = image.rotate(25, expand=True)
    turn = math.radians(-25)
    linear = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    before = np.array([image.width - 1, image.height - 1]) / 2
    after = np.array([turned_image.width - 1, turned_image.height - 1]) / 2
    return np.column_stack((linear, after - linear @ before))


def _on_a_canvas(image: Image.Image) -> Image.Image:
    """Three quarters as large, on a wall of clouds."""
    canvas = Image.fromarray(clouds(7, 800, 1000))
    canvas.paste(_scaled(image, 0.75), (310, 190))
    return canvas


EDITS = {
    "same": Edit(lambda image: image, lambda _: np.eye(2, 3), least_share=0.8),
    "larger": Edit(lambda image: _scaled(image, 1.7), lambda _: _scaled_by(1.7)),
    "smaller": Edit(lambda image: _scaled(image, 0.6), lambda _: _scaled_by(0.6)),
    "cropped": Edit(_cropped, lambda _: np.array([[1.0, 0, -90], [0, 1, -60]])),
    "turned 25°": Edit(
        lambda image: image.rotate(25, Image.Resampling.BICUBIC, expand=True), _turned_model
    ),
    "turned 90°": Edit(
        lambda image: image.transpose(Image.Transpose.ROTATE_90),
        lambda image: np.array([[0.0, 1, 0], [-1, 0, image.width - 1]]),
    ),
    "mirrored": Edit(ImageOps.mirror, lambda _: np.eye(2, 3), is_mirrored=True),
    "pasted": Edit(
        _on_a_canvas,
        lambda _: _scaled_by(0.75) + np.array([[0, 0, 310], [0, 0, 190]]),
        least_share=0.25,
    ),
    "darker": Edit(lambda image: image.point(lambda level: 0.6 * level), lambda _: np.eye(2, 3)),
}


@functools.cache
def _known(name: str) -> Regions:
    return regions(as_picture(np.asarray(photo(name))))


@functools.cache
def _asked(name: str, edit: str) -> tuple[Regions, int]:
    """The regions of an edited photo, and its longer side in pixels."""
    image = EDITS[edit].made(photo(name))
    return query_regions(as_picture(np.asarray(image))), max(image.size)


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("name", PHOTOS)
def test_an_edited_photo_shows_the_photo_and_where_it_lies(name: str, edit: str) -> None:
    query, query_side = _asked(name, edit)
    found = match_regions(query, _known(name))
    assert found is not None
    assert RULE.accepts(found.score, found.regions)
    assert found.score > 5 * RULE.min_score
    assert found.is_mirrored == EDITS[edit].is_mirrored
    assert found.share >= EDITS[edit].least_share
    assert found.median_bits < RULE.whole_bits
    image = photo(name)
    assert (
        transform_error(found.transform, EDITS[edit].model(image), max(image.size), query_side)
        < 0.01
    )


def test_what_a_crop_leaves_out_is_not_expected() -> None:
    image = photo("motorcycle_left.png")
    half = image.crop((0, 0, image.width // 2, image.height))
    found = match_regions(
        query_regions(as_picture(np.asarray(half))), _known("motorcycle_left.png")
    )
    assert found is not None
    known = _known("motorcycle_left.png")
    in_half = int((known.x / LONG_SIDE < 0.5).sum())
    assert 10 < found.expected <= in_half + 2
    assert found.share > 0.6


def test_unrelated_photos_are_no_match() -> None:
    asked = {name: _asked(name, "same")[0] for name in PHOTOS}
    asked["clouds"] = query_regions(as_picture(clouds(7, 800, 1000)))
    asked["letters"] = query_regions(as_picture(page_of_letters()))
    for (shown, query), name in itertools.product(asked.items(), PHOTOS):
        if shown != name:
            found = match_regions(query, _known(name))
            assert found is None or found.score < RULE.min_score
            assert found is None or not RULE.accepts(found.score, found.regions)


def test_two_pages_with_the_same_header_are_no_match() -> None:
    """What pages share is drawn, and so none of the known regions."""
    pages = []
    for name in ("motorcycle_left.png", "coffee.png"):
        page = np.array(page_of_letters(1000, 800, size=28))
        page[420:820, 100:700] = np.asarray(photo(name).resize((600, 400)))
        pages.append(as_picture(page))
    found = match_regions(query_regions(pages[0]), regions(pages[1]))
    assert found is None or not RULE.accepts(found.score, found.regions)
    found = match_regions(query_regions(pages[0]), regions(pages[0]))
    assert found is not None
    assert RULE.accepts(found.score, found.regions)
