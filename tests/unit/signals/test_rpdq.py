# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools

import numpy as np
import pytest
from made_pictures import (
    PHOTOS,
    as_picture,
    clouds,
    page_of_letters,
    photo,
    transform_error,
    with_blob,
)
from PIL import Image

from haechi.match import RegionRule, match_regions
from haechi.media import Picture
from haechi.signals import LONG_SIDE, Regions, _rpdq, photo_boxes, query_regions, regions, rpdq
from haechi.values import Signal, SignalType


def _photo(name: str) -> Picture:
    return as_picture(np.asarray(photo(name)))


def _is_equal(one: Regions, other: Regions) -> bool:
    names = ("values", "x", "y", "scale", "angle", "width", "height")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


def _is_within(found: Regions) -> bool:
    return bool((found.x <= found.width).all() and (found.y <= found.height).all())


@pytest.mark.parametrize("name", PHOTOS)
def test_a_photo_has_60_regions_in_less_than_2_4_kb(name: str) -> None:
    found = regions(_photo(name))
    assert len(found) == 60
    signal = rpdq(_photo(name))
    assert signal is not None
    assert (signal.type, signal.quality) == (SignalType.RPDQ, None)
    assert len(signal.value) == 5 + 60 * 38 < 2400
    assert signal == found.to_signal()
    assert _is_within(found)
    assert len({bytes(value) for value in found.values}) > 54


def _radius_pixels(found: Regions) -> np.ndarray:
    """The radii where the shorter side is 400 pixels."""
    return found.radius * LONG_SIDE / min(found.width, found.height) * 400


@pytest.mark.parametrize("name", PHOTOS)
def test_a_report_shows_no_large_part_of_a_picture(name: str) -> None:
    """An upload is asked about with larger regions; none of those is kept in a report."""
    # As a record holds it: half of a 24th octave off.
    rounded = 2 ** (0.5 / 24)
    kept = _radius_pixels(regions(_photo(name)))
    assert kept.min() >= 10.0 / rounded
    assert kept.max() <= 50.0 * rounded
    assert _radius_pixels(query_regions(_photo(name))).max() > 60.0


def _is_asked(kept: Regions, asked: Regions) -> np.ndarray:
    """Which regions of the report are among those of the upload."""
    bits = np.bitwise_count(kept.values[:, None] ^ asked.values[None]).sum(axis=2)
    off = np.hypot(
        kept.x[:, None] - asked.x[None].astype(float), kept.y[:, None] - asked.y[None].astype(float)
    )
    is_near = off < 0.25 * LONG_SIDE * kept.radius[:, None]
    found: np.ndarray = ((bits <= 80) & is_near).any(axis=1)
    return found


@pytest.mark.parametrize("name", PHOTOS)
def test_an_upload_has_1000_and_more_than_half_of_those_of_a_report(name: str) -> None:
    asked, boxes = query_regions(_photo(name)), photo_boxes(_photo(name).luma)
    assert 1000 <= len(asked) <= 1000 + 300 * min(3, len(boxes))
    assert _is_within(asked)
    # Without what the boxes add.
    whole = asked.at(np.arange(1000))
    assert _is_asked(regions(_photo(name)), whole).mean() > 0.75


def _letters_with(picture: Image.Image, width: int, *, left: int, top: int) -> np.ndarray:
    """A page of letters, 1280×800, with the picture so wide at this place."""
    page = np.array(page_of_letters(1280, 800, size=24))
    height = round(width * picture.height / picture.width)
    small = picture.resize((width, height), Image.Resampling.LANCZOS)
    page[top : top + height, left : left + width] = np.asarray(small)
    return page


@pytest.mark.parametrize("width", [200, 240])
def test_a_small_photo_among_letters_is_looked_at_by_itself(width: int) -> None:
    """Its own regions are lost among those of the letters; the box that it lies in has them."""
    image = photo("motorcycle_left.png")
    query = query_regions(as_picture(_letters_with(image, width, left=300, top=600)))
    assert 1000 < len(query) <= 1900
    assert _is_within(query)
    known = regions(as_picture(np.asarray(image)))
    found = match_regions(query, known)
    assert found is not None
    assert RegionRule().accepts(found.score, found.regions)
    assert found.share > 0.8
    assert min(found.in_query) >= 1000
    # Where it lies, by the pixels' edges.
    scale = width / image.width
    model = np.array([[scale, 0, 300 + 0.5 * scale - 0.5], [0, scale, 600 + 0.5 * scale - 0.5]])
    assert transform_error(found.transform, model, image.width, 1280) < 0.003
    alone = match_regions(query.at(np.arange(1000)), known)
    assert alone is None or not RegionRule().accepts(alone.score, alone.regions)


def test_places_are_parts_of_the_longer_side_from_the_picture_s_edge() -> None:
    spot = with_blob(450, 900, x=300.5, y=149.5, sigma=20, levels=100)
    found = query_regions(as_picture(spot))
    assert len(found) > 0
    assert (found.width, found.height) == (LONG_SIDE, 32_768)
    assert found.x / LONG_SIDE == pytest.approx(301 / 900, abs=0.001)
    assert found.y / LONG_SIDE == pytest.approx(150 / 900, abs=0.001)
    # Six sigmas of the keypoint, which is 2^(-1/6) of the spot's.
    assert found.radius == pytest.approx(6 * 20 * 2 ** (-1 / 6) / 900, rel=0.04)


def test_the_most_telling_come_first() -> None:
    luma = np.full((600, 600), 128.0, np.float32)
    places = {(150, 150): (12, 90), (430, 160): (12, 60), (160, 430): (9, 40), (440, 440): (6, 40)}
    for (x, y), (sigma, levels) in places.items():
        luma += with_blob(600, 600, x=x, y=y, sigma=sigma, levels=levels) - 128.0
    found = query_regions(as_picture(luma))
    # Where each first comes; what lies between spots may come last.
    seen = [
        min(places, key=lambda place: np.hypot(place[0] - x, place[1] - y))
        for x, y in zip(found.x / LONG_SIDE * 600, found.y / LONG_SIDE * 600, strict=True)
    ]
    assert list(dict.fromkeys(seen)) == list(places)


@pytest.mark.parametrize("ask", [regions, query_regions])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_flat_picture_has_none(ask, level: int) -> None:
    found = ask(as_picture(np.full((300, 400), level)))
    assert len(found) == 0
    assert rpdq(as_picture(np.full((300, 400), level))) is None


@pytest.mark.parametrize(("size", "ink"), [(20, 0), (32, 0), (48, 60), (32, 255), (80, 0)])
@pytest.mark.parametrize("sides", [(800, 800), (400, 600)])
def test_of_a_page_of_letters_no_region_is_kept_and_it_is_asked_about_all_the_same(
    size: int, ink: int, sides: tuple[int, int]
) -> None:
    page = as_picture(page_of_letters(*sides, size=size, ink=ink))
    assert len(regions(page)) == 0
    assert rpdq(page) is None
    assert len(query_regions(page)) > 200


def test_what_a_photo_lacks_is_not_filled_up_with_letters() -> None:
    luma = np.array(page_of_letters(800, 800, size=32))
    luma[300:400, 300:440] = clouds(5, 100, 140)
    found = regions(as_picture(luma))
    assert 3 <= len(found) < 40
    x, y = found.x / LONG_SIDE * 800, found.y / LONG_SIDE * 800
    assert ((x > 300) & (x < 440) & (y > 300) & (y < 400)).all()


def test_a_photo_on_a_page_keeps_its_own_regions() -> None:
    page = np.array(page_of_letters(1000, 800, size=24))
    page[200:700, 29:770] = np.asarray(photo("motorcycle_left.png"))
    found = regions(as_picture(page))
    x, y, radius = (
        side * 1000 for side in (found.x / LONG_SIDE, found.y / LONG_SIDE, found.radius)
    )
    assert len(found) == 60
    reach = 0.5 * radius
    assert ((x > 29 - reach) & (x < 770 + reach) & (y > 200 - reach) & (y < 700 + reach)).all()


def test_letters_around_a_photo_do_not_starve_it() -> None:
    """Those of the letters are clearer and come first, far more of them than are looked at at once."""
    page = _letters_with(photo("motorcycle_left.png"), 300, left=300, top=600)
    found = regions(as_picture(page))
    assert len(found) >= 25
    x, y = found.x / LONG_SIDE * 1280, found.y / LONG_SIDE * 1280
    assert ((x > 300) & (x < 600) & (y > 600) & (y < 803)).mean() > 0.95


@pytest.mark.parametrize("at_once", [1, 7, 2000])
def test_how_many_are_looked_at_at_once_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    page = as_picture(_letters_with(photo("motorcycle_left.png"), 300, left=300, top=600))
    for picture in (page, _photo("coffee.png")):
        expected = regions(picture)
        with monkeypatch.context() as patched:
            patched.setattr(_rpdq, "_AT_ONCE", at_once)
            assert _is_equal(regions(picture), expected)


@pytest.mark.parametrize("ask", [regions, query_regions])
@pytest.mark.parametrize(
    "sides", [(1, 1), (1, 5000), (5000, 1), (5, 5), (2, 3), (16, 17), (3, 700), (40, 40)]
)
def test_a_picture_of_any_size_has_an_answer(ask, sides: tuple[int, int]) -> None:
    luma = np.random.default_rng(1).integers(0, 256, sides)
    found = ask(as_picture(luma))
    assert len(found) <= 1900
    assert max(found.width, found.height) == LONG_SIDE
    if len(found):
        signal = found.to_signal()
        assert _is_equal(Regions.from_signal(signal), found)


def test_noise_has_no_more_than_are_kept() -> None:
    noise = as_picture(np.random.default_rng(2).integers(0, 256, (800, 2000)))
    assert len(regions(noise)) <= 60
    assert len(query_regions(noise)) == 1000


@pytest.mark.parametrize("ask", [regions, query_regions])
def test_the_same_picture_has_the_same_regions(ask) -> None:
    first, again = (ask(_photo("coffee.png")) for _ in range(2))
    assert _is_equal(first, again)


def test_mirrored_regions_are_those_of_the_mirrored_picture() -> None:
    luma = np.asarray(photo("chelsea.png"))
    said, seen = regions(as_picture(luma)).mirrored(), regions(as_picture(luma[:, ::-1]))
    assert (said.width, said.height) == (seen.width, seen.height)
    off = np.hypot(
        said.x[:, None] - seen.x[None].astype(float), said.y[:, None] - seen.y[None].astype(float)
    )
    turn = np.abs((said.angle[:, None].astype(int) - seen.angle[None] + 128) % 256 - 128)
    bits = np.bitwise_count(said.values[:, None] ^ seen.values[None]).sum(axis=2)
    is_same = (off < 0.002 * LONG_SIDE) & (turn <= 3) & (bits <= 24)
    assert is_same.any(axis=1).mean() > 0.9
    unmasked = np.bitwise_count(regions(as_picture(luma)).values[:, None] ^ seen.values[None]).sum(
        axis=2
    )
    assert (unmasked <= 24).sum() < 5


@pytest.mark.parametrize("factor", [0.5, 0.7, 2.0])
def test_another_size_has_nearly_the_same_regions(factor: float) -> None:
    picture = photo("astronaut.png")
    side = round(512 * factor)
    other = picture.resize((side, side), Image.Resampling.LANCZOS)
    one, two = (regions(as_picture(np.asarray(each))) for each in (picture, other))
    off = np.hypot(
        one.x[:, None] - two.x[None].astype(float), one.y[:, None] - two.y[None].astype(float)
    )
    bits = np.bitwise_count(one.values[:, None] ^ two.values[None]).sum(axis=2)
    assert ((off < 0.005 * LONG_SIDE) & (bits <= 40)).any(axis=1).mean() > 0.8


def test_unrelated_pictures_have_no_region_in_common() -> None:
    found = [regions(_photo(name)) for name in PHOTOS]
    found += [regions(as_picture(clouds(seed, 400, 500))) for seed in (1, 2)]
    for one, other in itertools.combinations(found, 2):
        bits = np.bitwise_count(one.values[:, None] ^ other.values[None]).sum(axis=2)
        assert bits.min() > 60
        assert 118 < bits.mean() < 138


def test_the_repr_shows_no_value_and_arrays_cannot_be_written() -> None:
    found = regions(_photo("coffee.png"))
    assert repr(found) == "Regions(60 regions)"
    for name in ("values", "x", "y", "scale", "angle"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(found, name)[0] = 1


_ONE = {
    "values": np.zeros((1, 32), np.uint8),
    "x": np.zeros(1, np.uint16),
    "y": np.zeros(1, np.uint16),
    "scale": np.zeros(1, np.uint8),
    "angle": np.zeros(1, np.uint8),
    "width": LONG_SIDE,
    "height": 1,
}


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("values", np.zeros((1, 31), np.uint8)),
        ("values", np.zeros((2, 32), np.uint8)),
        ("values", np.zeros((1, 32), np.int8)),
        ("x", np.zeros(1, np.int64)),
        ("x", np.zeros(1, ">u2")),
        ("y", np.zeros(2, np.uint16)),
        ("scale", np.zeros(1, np.uint16)),
        ("angle", np.zeros((1, 1), np.uint8)),
        ("width", LONG_SIDE - 1),
        ("width", LONG_SIDE + 1),
        ("height", 0),
    ],
)
def test_arrays_and_sides_that_do_not_fit(name: str, wrong: np.ndarray | int) -> None:
    assert len(Regions(**_ONE)) == 1
    with pytest.raises(ValueError, match=r"a region has 32 bytes|longer side"):
        Regions(**{**_ONE, name: wrong})


def test_none_or_too_many_are_no_signal() -> None:
    many = {name: np.repeat(_ONE[name], 1025, axis=0) for name in list(_ONE)[:5]}
    for count in (0, 1025):
        found = Regions(**{**_ONE, **{name: array[:count].copy() for name, array in many.items()}})
        with pytest.raises(ValueError, match="between 1 and 1024"):
            found.to_signal()
    with pytest.raises(ValueError, match="no regions"):
        Regions.from_signal(Signal(SignalType.SHA256, bytes(32)))
