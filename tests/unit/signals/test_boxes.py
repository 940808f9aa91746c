# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from haechi.signals import Box, photo_boxes
from haechi.signals._lines import edge_counts, shrunk


def _photo(width: int, height: int, seed: int = 0) -> Image.Image:
    """A harmless picture: smooth noise with finer noise on it."""
    rng = np.random.default_rng(seed)
    size = (width, height)
    coarse = Image.fromarray(rng.integers(0, 256, (7, 9), np.uint8))
    fine = Image.fromarray(rng.integers(0, 256, (60, 80), np.uint8))
    layers = [layer.resize(size, Image.Resampling.BICUBIC) for layer in (coarse, fine)]
    return Image.blend(layers[0], layers[1], 0.2)


def _chat(photo: Image.Image, place: tuple[int, int], *, padding: int = 0) -> Image.Image:
    """A screen 720 wide with bars, bubbles with words, and the photo in a bubble of its own."""
    screen = Image.new("L", (720, 1280), 230)
    pen = ImageDraw.Draw(screen)
    pen.rectangle((0, 0, 720, 110), fill=70)
    pen.rectangle((0, 1180, 720, 1280), fill=250)
    words = ImageFont.load_default(26)
    for row in range(6):
        top = 130 + row * 70 if row < 2 else 780 + (row - 2) * 95
        left = 20 if row % 2 else 260
        pen.rounded_rectangle((left, top, left + 430, top + 56), 20, fill=(255 if row % 2 else 190))
        pen.text((left + 20, top + 12), "what do you think of this", 20, words)
    left, top = place
    if padding:
        outer = (
            left - padding,
            top - padding,
            left + photo.width + padding,
            top + photo.height + padding,
        )
        pen.rounded_rectangle(outer, 14, fill=160)
    mask = Image.new("L", photo.size, 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, photo.width - 1, photo.height - 1), 12, fill=255)
    screen.paste(photo, place, mask)
    return screen


def _off_pixels(box: Box, left: int, top: int, width: int, height: int) -> int:
    """By how much the side of a box that is farthest off is off."""
    sides = (box.left, box.top, box.left + box.width, box.top + box.height)
    wanted = (left, top, left + width, top + height)
    return max(abs(one - other) for one, other in zip(sides, wanted, strict=True))


@pytest.mark.parametrize("padding", [0, 6])
def test_the_photo_in_a_chat_is_the_first_box(padding: int) -> None:
    luma = np.asarray(_chat(_photo(420, 480), (250, 284), padding=padding))
    first, *others = photo_boxes(luma)
    assert _off_pixels(first, 250, 284, 420, 480) <= 1
    assert first.certainty >= 90
    assert first.is_on_graphics
    # Bubbles with words are told from photos, wherever they are taken for boxes.
    assert not any(box.is_on_graphics for box in others)


def test_a_photo_between_bars_and_in_a_border() -> None:
    photo = _photo(700, 400)
    between = np.pad(np.asarray(photo), ((310, 290), (0, 0)), constant_values=8)
    assert _off_pixels(photo_boxes(between)[0], 0, 310, 700, 400) <= 1
    border = np.pad(np.asarray(photo), 40, constant_values=255)
    box = photo_boxes(border)[0]
    assert _off_pixels(box, 40, 40, 700, 400) <= 1
    assert box.is_on_graphics


@pytest.mark.parametrize("gap", [0, 14])
def test_each_tile_of_a_collage_is_a_box(gap: int) -> None:
    collage = Image.new("L", (800, 800), 255)
    side = 400 - gap
    corners = [(left + gap // 2, top + gap // 2) for top in (0, 400) for left in (0, 400)]
    for seed, corner in enumerate(corners):
        # Photos differ in brightness; noise around one grey does not.
        collage.paste(
            _photo(side, side, seed).point([value // 2 + 32 * seed for value in range(256)]), corner
        )
    boxes = photo_boxes(np.asarray(collage))
    for left, top in corners:
        assert min(_off_pixels(box, left, top, side, side) for box in boxes) <= 2


def test_a_photo_on_another_photo() -> None:
    ground = _photo(900, 700, 1)
    ground.paste(_photo(300, 220, 2), (520, 410))
    box = photo_boxes(np.asarray(ground))[0]
    assert _off_pixels(box, 520, 410, 300, 220) <= 2
    assert not box.is_on_graphics


@pytest.mark.parametrize(
    "luma",
    [
        np.asarray(_photo(640, 480)),
        np.asarray(_photo(480, 640, 5)),
        np.full((500, 500), 255, np.uint8),
        np.random.default_rng(0).integers(0, 256, (400, 300), np.uint8),
        np.asarray(_photo(63, 900)),
        np.zeros((1, 1), np.uint8),
        np.zeros((5000, 64), np.uint8),
    ],
    ids=["photo", "upright photo", "flat", "noise", "narrow", "one pixel", "long and flat"],
)
def test_nothing_inside(luma: np.ndarray) -> None:
    assert photo_boxes(luma) == ()


def test_many_straight_lines_are_no_trouble() -> None:
    rng = np.random.default_rng(1)
    weave = np.kron(rng.integers(0, 256, (40, 40), np.uint8), np.ones((12, 12), np.uint8))
    boxes = photo_boxes(weave)
    assert len(boxes) == 5
    assert len({(box.left, box.top, box.width, box.height) for box in boxes}) == 5


@given(
    st.integers(96, 300), st.integers(96, 300), st.integers(0, 10**6), st.integers(0, 10**6),
    st.integers(0, 40),
)  # fmt: skip
@settings(max_examples=25)
def test_wherever_it_lies_a_photo_is_found(
    width: int, height: int, across: int, down: int, seed: int
) -> None:
    page = np.full((480, 400), 244, np.uint8)
    page[20:60:9, 30:200:5] = 30
    page[440:470:9, 30:300:5] = 30
    left, top = 8 + across % (400 - width - 16), 70 + down % (430 - height - 70)
    page[top : top + height, left : left + width] = np.minimum(
        200, np.asarray(_photo(width, height, seed))
    )
    before = page.copy()
    boxes = photo_boxes(page)
    assert np.array_equal(page, before)
    assert page.flags.writeable
    assert min(_off_pixels(box, left, top, width, height) for box in boxes) <= 2
    assert all(
        box.left >= 0
        and box.top >= 0
        and box.left + box.width <= 400
        and box.top + box.height <= 480
        for box in boxes
    )
    assert photo_boxes(np.asfortranarray(page).copy(order="C")) == boxes


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 5), st.integers(0, 2**32))
@settings(max_examples=25)
def test_shrinking_takes_means_rounded_half_up(
    height: int, width: int, factor: int, seed: int
) -> None:
    luma = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    luma.setflags(write=False)
    rows, columns = height // factor, width // factor
    blocks = luma[: rows * factor, : columns * factor].reshape(rows, factor, columns, factor)
    expected = np.floor(blocks.mean(axis=(1, 3)) + 0.5).astype(np.uint8)
    assert np.array_equal(shrunk(luma, factor), expected)


@given(st.integers(1, 30), st.integers(1, 30), st.sampled_from([3, 40, 256]), st.integers(0, 2**32))
@settings(max_examples=25)
def test_an_edge_steps_more_than_its_calmer_side(
    height: int, width: int, range_of_values: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    luma = rng.integers(0, range_of_values, (height, width)).astype(np.uint8)
    counts = edge_counts(luma)
    steps = np.abs(np.diff(luma.astype(int), axis=0))

    def around(line: int, offsets: range, x: int) -> int:
        near = [line + offset for offset in offsets if 1 <= line + offset < height]
        return sum(steps[at - 1, x] for at in near)

    def calmer(line: int, x: int) -> int:
        before, behind = around(line, range(-5, -1), x), around(line, range(2, 6), x)
        if line <= 5:  # The picture begins within the five rows before.
            return behind
        return before if line >= height - 5 else min(before, behind)

    for line in range(height + 1):
        is_edge = [
            0 < line < height and steps[line - 1, x] >= 4 + calmer(line, x) for x in range(width)
        ]
        assert counts[line].tolist() == [0, *np.cumsum(is_edge).tolist()]
