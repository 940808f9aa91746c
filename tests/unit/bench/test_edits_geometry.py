# SPDX-License-Identifier: Apache-2.0
"""What is left of a photo, and where, after an edit: told by photos whose pixels say where they lie."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from haechi.bench._edits_canvas import (
    covering,
    fitted,
    perspective_coefficients,
    rounded_mask,
    turned,
)
from haechi.bench._edits_edit import Edit, Surroundings
from haechi.bench._edits_region import region_mask
from haechi.bench._edits_suite import all_edits

WIDTH, HEIGHT = 400, 300
RED, BLUE = (230, 20, 20), (20, 20, 230)


def _map_photo() -> Image.Image:
    """A photo whose red says how far right a pixel lies and whose green how far down."""
    x = np.linspace(0, 255, WIDTH)[None, :] * np.ones((HEIGHT, 1))
    y = np.linspace(0, 255, HEIGHT)[:, None] * np.ones((1, WIDTH))
    return Image.fromarray(np.stack([x, y, np.full_like(x, 128)], 2).round().astype(np.uint8))


def _edit(name: str) -> Edit:
    return next(edit for edit in all_edits() if edit.name == name)


def _changed(name: str, photo: Image.Image, *others: Image.Image, seed: int = 0) -> Image.Image:
    return _edit(name).change(photo, Surroundings(np.random.default_rng(seed), others))


def _share_of(picture: Image.Image, colour: tuple[int, int, int]) -> float:
    near = np.abs(np.asarray(picture, np.int16) - np.array(colour)).max(2) < 60
    return float(near.mean())


@pytest.mark.parametrize("percent", [5, 10, 25, 50, 70])
@pytest.mark.parametrize("where", ["centre", "corner"])
def test_a_crop_keeps_the_named_share_of_each_side(percent: int, where: str) -> None:
    for seed in range(4):
        left = _changed(f"crop {percent} % of each side, {where}", _map_photo(), seed=seed)
        kept = 1 - percent / 100
        assert left.size == (round(WIDTH * kept), round(HEIGHT * kept))
        across, down, _ = np.asarray(left, np.float64).transpose(2, 0, 1) / 255
        assert np.ptp(across) == pytest.approx(kept, abs=0.01)
        assert np.ptp(down) == pytest.approx(kept, abs=0.01)
        edges = sorted((across.min(), 1 - across.max(), down.min(), 1 - down.max()))
        if where == "corner":
            assert edges[1] == 0, "two edges of the photo meet in its corner"
        else:
            assert edges[0] > 0.3 * (1 - kept) - 0.01


def test_turns_are_the_lossless_ones() -> None:
    photo = np.asarray(_map_photo())
    expected = {
        "mirrored": photo[:, ::-1],
        "upside down mirrored": photo[::-1],
        "turned 90°": np.rot90(photo),
        "turned 180°": np.rot90(photo, 2),
        "turned 270°": np.rot90(photo, 3),
    }
    for name, pixels in expected.items():
        assert np.array_equal(np.asarray(_changed(name, _map_photo())), pixels), name


@pytest.mark.parametrize("degrees", [1, 3, 10, 30])
def test_cropping_after_a_rotation_leaves_no_empty_corner(degrees: int) -> None:
    white = Image.new("RGB", (WIDTH, HEIGHT), "white")
    for seed in range(4):
        whole = _changed(f"rotated {degrees}°, cropped", white, seed=seed)
        assert np.asarray(whole).min() > 250
        assert whole.width / whole.height == pytest.approx(WIDTH / HEIGHT, rel=0.05)


def test_filled_corners_are_seen() -> None:
    gray = Image.new("RGB", (WIDTH, HEIGHT), "gray")
    assert _share_of(_changed("rotated 30°, white corners", gray), (255, 255, 255)) > 0.1


@pytest.mark.parametrize(
    ("name", "ratio"),
    [("stretched to 0.9", 0.9), ("stretched to 0.8", 0.8), ("stretched to 0.67", 0.67)],
)
def test_a_stretch_shortens_one_side(name: str, ratio: float) -> None:
    ways = {_changed(name, _map_photo(), seed=seed).size for seed in range(8)}
    assert ways == {(round(WIDTH * ratio), HEIGHT), (WIDTH, round(HEIGHT * ratio))}


def test_squeezing_to_a_square_always_changes_the_shape() -> None:
    assert _changed("squeezed to a square", _map_photo()).size == (300, 300)
    square = Image.new("RGB", (300, 300))
    assert _changed("squeezed to a square", square).size == (300, 225)


@pytest.mark.parametrize(
    ("name", "share"), [("white border 5 %", 0.05), ("white border 15 %", 0.15)]
)
def test_a_border_lies_around_the_whole_photo(name: str, share: float) -> None:
    edge = round(HEIGHT * share)
    framed = _changed(name, _map_photo())
    assert framed.size == (WIDTH + 2 * edge, HEIGHT + 2 * edge)
    inner = framed.crop((edge, edge, edge + WIDTH, edge + HEIGHT))
    assert inner.tobytes() == _map_photo().tobytes()


@pytest.mark.parametrize("name", ["black bars to 9:16", "white bars to 9:16", "bars to a square"])
@pytest.mark.parametrize("size", [(400, 300), (300, 400)])
def test_a_letterbox_shows_the_whole_photo_unstretched(name: str, size: tuple[int, int]) -> None:
    boxed = _changed(name, Image.new("RGB", size, RED))
    rows, columns = np.nonzero(np.abs(np.asarray(boxed, int) - np.array(RED)).max(2) < 30)
    shape = (np.ptp(columns) + 1) / (np.ptp(rows) + 1)
    assert shape == pytest.approx(size[0] / size[1], rel=0.02)
    assert rows.size < boxed.width * boxed.height * 0.8
    assert np.ptp(columns) + 1 == boxed.width or np.ptp(rows) + 1 == boxed.height


@pytest.mark.parametrize("percent", [40, 15, 5])
def test_a_picture_in_picture_covers_the_named_share(percent: int) -> None:
    for seed in range(4):
        ground = Image.new("RGB", (600, 400), BLUE)
        name = f"on {percent} % of another photo"
        joined = _changed(name, Image.new("RGB", (WIDTH, HEIGHT), RED), ground, seed=seed)
        assert _share_of(joined, RED) == pytest.approx(percent / 100, rel=0.06)


@pytest.mark.parametrize(
    ("layout", "tiles"),
    [
        ("2 beside", 2),
        ("2 stacked", 2),
        ("3 in a row", 3),
        ("4 in a square", 4),
        ("6 in a grid", 6),
    ],
)
def test_a_collage_gives_the_photo_one_tile(layout: str, tiles: int) -> None:
    others = [Image.new("RGB", (300, 300), BLUE)]
    joined = _changed(f"collage of {layout}", Image.new("RGB", (WIDTH, HEIGHT), RED), *others)
    assert _share_of(joined, RED) == pytest.approx(1 / tiles, rel=0.1)
    assert _share_of(joined, BLUE) == pytest.approx(1 - 1 / tiles, rel=0.1)


def test_the_tiles_of_a_collage_are_different_photos() -> None:
    others = [Image.new("RGB", (300, 300), (0, 40 * step, 255)) for step in range(5)]
    photo = Image.new("RGB", (WIDTH, HEIGHT), RED)
    joined = _changed("collage of 6 in a grid", photo, *others)
    for step in range(5):
        exact = np.all(np.asarray(joined) == (0, 40 * step, 255), 2).mean()
        assert exact == pytest.approx(1 / 6, rel=0.1)


@pytest.mark.parametrize("area", [0.1, 0.3, 0.6])
def test_a_region_covers_the_named_area(area: float) -> None:
    for seed in range(4):
        mask = region_mask((WIDTH, HEIGHT), Surroundings(np.random.default_rng(seed)), area=area)
        assert (np.asarray(mask) / 255).mean() == pytest.approx(area, abs=0.02)


def test_a_replaced_region_leaves_the_rest_alone() -> None:
    other = Image.new("RGB", (WIDTH, HEIGHT), BLUE)
    replaced = np.asarray(_changed("30 % replaced", _map_photo(), other))
    untouched = np.all(replaced == np.asarray(_map_photo()), 2).mean()
    assert untouched == pytest.approx(0.68, abs=0.05)


@pytest.mark.parametrize("name", [edit.name for edit in all_edits() if edit.family == "screenshot"])
def test_a_screenshot_shows_the_photo_large_enough_to_be_recognised(name: str) -> None:
    others = [Image.new("RGB", (300, 300), BLUE)]
    for seed in range(2):
        photo = Image.new("RGB", (WIDTH, HEIGHT), (230, 20, 130))
        screen = _changed(name, photo, *others, seed=seed)
        assert 0.04 < _share_of(screen, (230, 20, 130)) < 0.7


def test_moire_and_noise_grow_with_the_strength() -> None:
    gray = Image.new("RGB", (WIDTH, HEIGHT), (128, 128, 128))
    for family in ("photographed screen", "noise"):
        spreads = []
        for edit in all_edits():
            if edit.family == family and "grain" not in edit.name:
                seen = edit.change(gray, Surroundings(np.random.default_rng(1)))
                middle = np.asarray(seen, np.float64)[100:200, 150:250]
                spreads.append(middle.std((0, 1)).mean())
        assert spreads == sorted(spreads)
        assert spreads[0] < 0.5 * spreads[-1]


@given(
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    box=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    centre=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_fitting_and_covering_hold_for_every_shape(
    size: tuple[int, int], box: tuple[int, int], centre: tuple[float, float]
) -> None:
    picture = Image.new("RGB", size, RED)
    covered = covering(picture, *box, centre=centre)
    assert covered.size == box
    assert np.abs(np.asarray(covered, int) - np.array(RED)).max() <= 1, "an edge was made up"
    inner = fitted(picture, *box)
    assert inner.width <= box[0]
    assert inner.height <= box[1]
    assert inner.width == box[0] or inner.height == box[1]


@given(
    moved=st.lists(st.floats(-20, 20), min_size=8, max_size=8),
)
def test_perspective_takes_each_corner_to_its_place(moved: list[float]) -> None:
    source = ((0.0, 0.0), (100.0, 0.0), (100.0, 80.0), (0.0, 80.0))
    seen = tuple(
        (x + moved[2 * place], y + moved[2 * place + 1]) for place, (x, y) in enumerate(source)
    )
    a, b, c, d, e, f, g, h = perspective_coefficients(seen, source)
    for (x, y), (u, v) in zip(seen, source, strict=True):
        below = g * x + h * y + 1
        assert (a * x + b * y + c) / below == pytest.approx(u, abs=1e-6)
        assert (d * x + e * y + f) / below == pytest.approx(v, abs=1e-6)


def test_round_corners_are_round() -> None:
    mask = np.asarray(rounded_mask(60, 40, 10))
    assert mask[0, 0] == mask[-1, -1] == mask[0, -1] == 0
    assert mask[20, 0] == mask[0, 30] == mask[20, 30] == 255
    assert (mask == 0).sum() / 4 == pytest.approx((1 - np.pi / 4) * 100, abs=8)
    assert np.array_equal(mask, mask[::-1])
    assert np.array_equal(mask, mask[:, ::-1])


def test_a_small_turn_keeps_most_of_the_photo() -> None:
    assert turned(_map_photo(), 0).size == (WIDTH, HEIGHT)
    slight, much = turned(_map_photo(), 1), turned(_map_photo(), -30)
    assert slight.width > 0.96 * WIDTH
    assert much.width < 0.7 * WIDTH
