# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageOps
from turns import REALLY_TURNED

from haechi.media import Picture, PictureFormat, open_picture
from haechi.signals import Rendition, Turn, distance_bits, pdq, pdq_views
from haechi.signals._borders import without_borders


def _luma(height: int = 300, width: int = 420, seed: int = 3) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (18, 24), np.uint8)
    return np.asarray(Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC))


def _picture(luma: np.ndarray) -> Picture:
    height, width = luma.shape
    return Picture(np.ascontiguousarray(luma, np.uint8), width, height, PictureFormat.PNG)


def _screen(photo: np.ndarray) -> np.ndarray:
    """The photo at (40, 150) of a light screen with a dark bar and lines of words."""
    screen = np.full((640, 520), 235, np.uint8)
    screen[:60] = 40
    screen[80:120:10, 30:300:4] = 20
    screen[500:600:10, 30:420:4] = 20
    screen[150 : 150 + photo.shape[0], 40 : 40 + photo.shape[1]] = photo
    return screen


def _saved(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("turn", Turn)
def test_a_turn_stands_for_the_really_turned_picture(turn: Turn) -> None:
    luma = _luma()
    views = pdq_views(_picture(luma))
    turned = pdq(_picture(REALLY_TURNED[turn](luma)))
    distances = {
        view.turn: distance_bits(view.signal, turned)
        for view in views
        if view.rendition is Rendition.AS_SENT
    }
    assert distances[turn] == 0
    assert min(distance for other, distance in distances.items() if other is not turn) > 60


@pytest.mark.parametrize("turn", Turn)
def test_turns_of_a_reduced_picture(turn: Turn) -> None:
    luma = _luma(300, 420)
    views = pdq_views(Picture(luma.copy(), 1260, 900, PictureFormat.PNG, reduction=3))
    turned = np.ascontiguousarray(REALLY_TURNED[turn](luma))
    height, width = turned.shape
    known = pdq(Picture(turned, width * 3, height * 3, PictureFormat.PNG, reduction=3))
    assert known in [view.signal for view in views if view.turn is turn]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_turned_by_exif_are_among_the_turns(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(_luma())
    data = _saved(image, "JPEG", exif=exif.tobytes(), quality=92)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    known = pdq(open_picture(_saved(upright, "PNG")))
    assert min(distance_bits(view.signal, known) for view in pdq_views(open_picture(data))) <= 10


def test_the_first_view_is_the_plain_value_and_none_comes_twice() -> None:
    picture = _picture(_luma())
    views = pdq_views(picture)
    assert views[0].signal == pdq(picture)
    assert [(view.rendition, view.turn) for view in views] == [
        (rendition, turn) for rendition in (Rendition.AS_SENT, Rendition.INVERTED) for turn in Turn
    ]
    symmetric = np.minimum(_luma(), np.fliplr(_luma()))
    values = [view.signal.value for view in pdq_views(_picture(symmetric))]
    assert len(values) == len(set(values))


@pytest.mark.parametrize("bar", [0, 255, 90])
@pytest.mark.parametrize("quality", [95, 50])
def test_letterbox_bars_are_cut_away(bar: int, quality: int) -> None:
    inside = _luma()
    boxed = np.pad(inside, ((80, 80), (0, 0)), constant_values=bar)
    picture = open_picture(_saved(Image.fromarray(boxed), "JPEG", quality=quality))
    known = pdq(_picture(inside))
    trimmed = [view for view in pdq_views(picture) if view.rendition is Rendition.TRIMMED]
    assert distance_bits(trimmed[0].signal, known) <= 12
    assert distance_bits(pdq(picture), known) > 31


def test_each_border_may_have_its_own_colour() -> None:
    luma = np.pad(_luma(100, 120), ((9, 0), (0, 0)), constant_values=20)
    luma = np.pad(luma, ((0, 7), (0, 0)), constant_values=250)
    luma = np.pad(luma, ((0, 0), (11, 5)), constant_values=128)
    # Top and bottom are not flat over the whole width until the sides are known: so only these go.
    assert without_borders(luma) == (slice(0, 116), slice(11, 131))
    assert without_borders(luma[:, 11:131]) == (slice(9, 109), slice(0, 120))


@pytest.mark.parametrize(
    "luma",
    [
        _luma(),
        np.full((100, 100), 7, np.uint8),
        np.pad(_luma(14, 100), ((40, 46), (0, 0))),
        np.pad(_luma(1000, 1000), ((4, 0), (0, 0))),
        np.zeros((1, 1), np.uint8),
    ],
    ids=["no border", "all flat", "too little left", "too little cut", "one pixel"],
)
def test_nothing_worth_cutting(luma: np.ndarray) -> None:
    assert without_borders(luma) is None


def test_a_reduced_picture_is_trimmed_in_source_samples() -> None:
    inside = _luma(1200, 1640)
    boxed = np.pad(inside, ((400, 450), (0, 0)))
    whole = open_picture(_saved(Image.fromarray(boxed), "JPEG", quality=95))
    assert whole.reduction > 1
    trimmed = [view for view in pdq_views(whole) if view.rendition is Rendition.TRIMMED]
    assert distance_bits(trimmed[0].signal, pdq(_picture(inside))) <= 10


def test_a_picture_carried_by_alpha_alone_is_seen() -> None:
    black = Image.new("L", (420, 300))
    hidden = Image.merge("RGBA", (black, black, black, Image.fromarray(255 - _luma())))
    picture = open_picture(_saved(hidden, "PNG"))
    views = pdq_views(picture)
    assert not views[0].signal.is_trusted
    known = pdq(_picture(_luma()))
    best = min(views, key=lambda view: distance_bits(view.signal, known))
    assert best.rendition is Rendition.ON_WHITE
    assert best.turn is Turn.NONE
    assert distance_bits(best.signal, known) <= 4


def test_the_photo_on_a_screen_is_looked_at_alone() -> None:
    photo = _luma(300, 420)
    picture = _picture(_screen(photo))
    assert distance_bits(pdq(picture), pdq(_picture(photo))) > 31
    for turn in (Turn.NONE, Turn.MIRRORED):
        known = pdq(_picture(REALLY_TURNED[turn](photo)))
        best = min(pdq_views(picture), key=lambda view: distance_bits(view.signal, known))
        assert (best.rendition, best.turn) == (Rendition.BOX, turn)
        assert distance_bits(best.signal, known) <= 4
        assert best.box is not None
        assert abs(best.box.left - 40) + abs(best.box.top - 150) <= 2


def test_a_box_of_a_reduced_picture_is_hashed_in_source_samples() -> None:
    photo = _luma(900, 1260)
    screen = _screen(_luma(300, 420)).repeat(3, axis=0).repeat(3, axis=1)
    screen[450:1350, 120:1380] = photo
    reduced = screen.reshape(640, 3, 520, 3).mean(axis=(1, 3)).round().astype(np.uint8)
    views = pdq_views(Picture(reduced, 1560, 1920, PictureFormat.PNG, reduction=3))
    boxes = [view for view in views if view.rendition is Rendition.BOX and view.turn is Turn.NONE]
    assert min(distance_bits(view.signal, pdq(_picture(photo))) for view in boxes) <= 6


@pytest.mark.parametrize("quality", [None, 60])
def test_inverted_colours_are_seen_through(quality: int | None) -> None:
    inverted = Image.fromarray(255 - _luma())
    options = {} if quality is None else {"quality": quality}
    picture = open_picture(_saved(inverted, "JPEG" if quality else "PNG", **options))
    known = pdq(_picture(_luma()))
    best = min(pdq_views(picture), key=lambda view: distance_bits(view.signal, known))
    assert (best.rendition, best.turn) == (Rendition.INVERTED, Turn.NONE)
    assert distance_bits(best.signal, known) <= (4 if quality else 0)
    assert best.signal.quality == pdq(picture).quality


def test_an_inverted_picture_between_bars_is_seen_through() -> None:
    boxed = np.pad(255 - _luma(), ((80, 80), (0, 0)))
    known = pdq(_picture(_luma()))
    best = min(pdq_views(_picture(boxed)), key=lambda view: distance_bits(view.signal, known))
    assert best.rendition is Rendition.INVERTED
    assert distance_bits(best.signal, known) <= 2


def test_only_the_wanted_renditions_are_made() -> None:
    boxed = _picture(np.pad(_luma(), ((80, 80), (0, 0))))
    wanted = frozenset({Rendition.TRIMMED, Rendition.INVERTED})
    views = pdq_views(boxed, renditions=wanted)
    assert {view.rendition for view in views} == wanted
    everything = {view.signal.value for view in pdq_views(boxed)}
    assert {view.signal.value for view in views} <= everything
    assert len(views) == 16
