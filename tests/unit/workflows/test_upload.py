# SPDX-License-Identifier: Apache-2.0
"""Whether an upload is a page, a chart, a screen, and not a photograph."""

from __future__ import annotations

import numpy as np
import pytest
from made_pictures import PHOTOS, as_picture, clouds, page_of_letters, photo

from haechi.workflows._upload import Upload


def _is_drawn(luma: np.ndarray) -> bool:
    return Upload(picture=as_picture(luma)).is_drawn


@pytest.mark.parametrize("ink", [0, 60, 255])
@pytest.mark.parametrize("size", [16, 40])
def test_a_page_of_letters_is_drawn(size: int, ink: int) -> None:
    assert _is_drawn(page_of_letters(600, 500, size=size, ink=ink))


@pytest.mark.parametrize("name", PHOTOS)
def test_a_photo_is_not(name: str) -> None:
    assert not _is_drawn(np.asarray(photo(name)))


def test_clouds_are_not_and_what_nobody_has_pixels_of_is_not() -> None:
    assert not _is_drawn(clouds(1, 300, 400))
    assert not Upload().is_drawn


@pytest.mark.parametrize("brightness", [(255, 255), (0, 255), (30, 31), (253, 90), (0, 1)])
@pytest.mark.parametrize(("share", "expected"), [(0.37, False), (0.43, True)])
def test_two_brightnesses_count_together(
    brightness: tuple[int, int], share: float, expected: bool
) -> None:
    """Each give or take a level; the rest is all others alike."""
    luma = np.tile(np.arange(60, 220, dtype=np.uint8), 100)[: 100 * 160]
    # Of what is laid over it a bit more is covered than of what it is left.
    covered = round((share - 0.02) * luma.size)
    luma = np.random.default_rng(1).permutation(luma)
    luma[:covered] = np.resize(np.array(brightness, np.uint8), covered)
    assert _is_drawn(luma.reshape(100, 160)) is expected


def test_what_noise_spreads_further_than_a_level_counts_less() -> None:
    random = np.random.default_rng(2)
    for spread, expected in ((1, True), (6, False)):
        paper = 200 + random.integers(-spread, spread + 1, (200, 300))
        ink = 60 + random.integers(-spread, spread + 1, (200, 300))
        assert _is_drawn(np.where(random.random((200, 300)) < 0.3, ink, paper)) is expected
