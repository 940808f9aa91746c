# SPDX-License-Identifier: Apache-2.0
"""What is written and drawn on photos and screens."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from haechi.bench._edits_chain import chained, cut_back
from haechi.bench._edits_chat import APPS, chat_screen
from haechi.bench._edits_edit import Surroundings
from haechi.bench._edits_hangul import hangul_mask
from haechi.bench._edits_mark import drawn_logo
from haechi.bench._edits_page import browser_page
from haechi.bench._edits_sticker_art import STICKERS, drawn_sticker
from haechi.bench._edits_text import STYLES, drawn_text, font
from haechi.bench._edits_words import block_of_text, korean_sentence, wrapped


def _around(seed: int = 0, *others: Image.Image) -> Surroundings:
    return Surroundings(np.random.default_rng(seed), others)


SYLLABLES = st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3)


@given(one=SYLLABLES, other=SYLLABLES)
def test_every_syllable_is_drawn_and_different_ones_look_different(one: str, other: str) -> None:
    drawn = [np.asarray(hangul_mask(letter, 60)) for letter in (one, other)]
    assert all((pixels > 128).mean() > 0.02 for pixels in drawn)
    assert np.array_equal(*drawn) == (one == other)


@given(letter=SYLLABLES)
def test_a_syllable_in_parts_is_the_same_syllable_when_put_together(letter: str) -> None:
    parts = unicodedata.normalize("NFD", letter)
    whole = hangul_mask(unicodedata.normalize("NFC", parts), 24)
    assert whole.tobytes() == hangul_mask(letter, 24).tobytes()


def test_letters_that_are_not_hangul_leave_nothing() -> None:
    assert not np.asarray(hangul_mask("abc", 30)).any()
    assert np.asarray(hangul_mask("?", 30)).any()


def test_what_is_said_in_korean_can_be_drawn() -> None:
    for seed in range(40):
        for letter in korean_sentence(_around(seed)).replace(" ", ""):
            assert np.asarray(hangul_mask(letter, 30)).any(), letter


def test_a_thicker_stroke_covers_the_thinner_one() -> None:
    thin = np.asarray(hangul_mask("찍었어", 60), int)
    thick = np.asarray(hangul_mask("찍었어", 60, thickness=0.2), int)
    assert (thick >= thin - 2).all()
    assert thick.sum() > 1.4 * thin.sum()


@given(
    words=st.lists(st.text("abcdefg", min_size=1, max_size=9), min_size=1, max_size=20),
    longest=st.integers(9, 40),
)
def test_wrapping_keeps_every_word_in_order(words: list[str], longest: int) -> None:
    lines = wrapped(" ".join(words), longest)
    assert " ".join(lines).split() == words
    assert all(len(line) <= longest for line in lines)


def test_a_block_has_as_many_lines_as_asked() -> None:
    for lines in (1, 2, 3, 6):
        for is_korean in (False, True):
            text = block_of_text(_around(lines), lines, is_korean=is_korean)
            assert text.count("\n") == lines - 1


@pytest.mark.parametrize("style", STYLES)
def test_text_is_drawn_in_every_style_as_large_as_its_letters(style: str) -> None:
    words = np.asarray(drawn_text("Haechi", 40, (255, 0, 0), style))
    alpha = words[:, :, 3]
    assert alpha[0].any()
    assert alpha[-1].any()
    assert 20 < alpha.shape[0] < 60
    assert font(style, 40).layout_engine == 0, "Raqm may be missing elsewhere"


@pytest.mark.parametrize("kind", STICKERS)
def test_a_sticker_stands_on_nothing(kind: str) -> None:
    alpha = np.asarray(drawn_sticker(kind, 100))[:, :, 3]
    assert alpha[:4, :4].max() < 128
    assert 0.1 < (alpha > 200).mean() < 0.95


def test_a_logo_has_the_width_it_is_asked_for() -> None:
    for seed in range(6):
        assert drawn_logo(_around(seed), 120).width == 120


@pytest.mark.parametrize("app", APPS)
def test_the_photo_never_changes_what_is_said_around_it(app: str) -> None:
    photos = [Image.new("RGB", (300, 200), colour) for colour in ("#d01010", "#10d010")]
    screens = [np.asarray(chat_screen([photo], _around(5), APPS[app]), int) for photo in photos]
    same = np.abs(screens[0] - screens[1]).max(2) == 0
    rows, columns = np.nonzero(~same)
    inside = (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
    assert inside < 0.3 * same.size
    assert (~same).sum() > 0.9 * inside, "only the photo differs"


@pytest.mark.parametrize("app", APPS)
def test_head_and_foot_of_a_chat_are_the_same_around_a_photo_of_another_shape(app: str) -> None:
    photos = [Image.new("RGB", size, "#d01010") for size in ((300, 200), (200, 300))]
    tall, wide = (np.asarray(chat_screen([photo], _around(5), APPS[app])) for photo in photos)
    assert np.array_equal(tall[:140], wide[:140])
    # Two messages and the input bar.
    assert np.array_equal(tall[-240:], wide[-240:])


@pytest.mark.parametrize("app", APPS)
def test_another_seed_is_another_conversation(app: str) -> None:
    screens = [chat_screen([], _around(seed), APPS[app], after=6) for seed in (1, 2)]
    assert screens[0].tobytes() != screens[1].tobytes()


def test_the_page_is_the_same_around_another_photo() -> None:
    photos = [Image.new("RGB", (300, 200), colour) for colour in ("#d01010", "#10d010")]
    pages = [np.asarray(browser_page(photo, _around(5), column=0.46), int) for photo in photos]
    same = np.abs(pages[0] - pages[1]).max(2) == 0
    assert 0.6 < same.mean() < 0.9


def test_a_chain_goes_from_left_to_right() -> None:
    photo = Image.new("RGB", (10, 10), (10, 20, 30))

    def brighter(picture: Image.Image, around: Surroundings) -> Image.Image:
        return picture.point([min(255, level + 5) for level in range(256)] * 3)

    def doubled(picture: Image.Image, around: Surroundings) -> Image.Image:
        return picture.point([min(255, level * 2) for level in range(256)] * 3)

    done = chained(photo, _around(), changes=(brighter, doubled))
    assert done.getpixel((0, 0)) == (30, 50, 70)


@pytest.mark.parametrize("size", [(400, 300), (300, 400)])
def test_cutting_back_misses_the_photo_by_at_most_the_error(size: tuple[int, int]) -> None:
    for seed in range(8):
        left = cut_back(Image.new("RGB", size, "white"), _around(seed), error=0.02)
        lost = 1 - left.width / 720
        assert 0 <= lost <= 0.041
        white = (np.asarray(left) > 200).mean()
        assert 0.95 < white <= 1
