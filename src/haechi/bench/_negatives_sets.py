# SPDX-License-Identifier: Apache-2.0
"""Structured negatives: sets of pictures that look alike by their make, of which no two are copies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

import numpy as np
from PIL import Image

from ._edits_chat import APPS
from ._edits_edit import Surroundings, as_sent
from ._negatives_drawn import DRAWINGS
from ._negatives_kinds import NegativeSet, chance, uploaded
from ._negatives_paper import PAPERS
from ._negatives_shared import SHARED, words_only_chat

__all__ = ["structured_sets"]

_SMOOTH_LEVELS: Final = 2.0
"""A part of a photo is plain when neighbouring pixels, seen small, differ by less than this."""


def structured_sets(
    photos: Sequence[Image.Image], *, seed: int, count: int
) -> Iterator[NegativeSet]:
    """Sets of at most `count` files each, made one after the other as they are asked for.

    Pages of text and drawings that share their layout; skies; different photos that share an app
    around them, a sticker, a caption, a frame, a logo.

    Args:
        photos: Distinct photos: two that show the same picture would make a true copy of a negative.
        seed: Draws words, data, places, and which photos are shown.
        count: How many files a set has; those that show photos have no more than there are photos.
    """
    for name, draw in {**PAPERS, **DRAWINGS}.items():
        pictures = (draw(Surroundings(chance(seed, name, place))) for place in range(count))
        yield _set_of(name, pictures, [None] * count, seed)
    for app in APPS:
        name = f"words only, {app}"
        draw_words = partial(words_only_chat, app=app)
        pictures = (draw_words(Surroundings(chance(seed, name, place))) for place in range(count))
        yield _set_of(name, pictures, [None] * count, seed)
    yield from _photo_sets(photos, seed, count)


def _photo_sets(photos: Sequence[Image.Image], seed: int, count: int) -> Iterator[NegativeSet]:
    plain = _plain_parts(photos)[:count]
    name = "plain parts of photos"
    yield _set_of(name, (part for _, part in plain), [place for place, _ in plain], seed)
    for name, change in SHARED.items():
        order = chance(seed, name).permutation(len(photos))[:count]
        shows = [int(place) for place in order]
        # The same chance for each: the same words, the same sticker, at the same places.
        pictures = (
            change(as_sent(photos[place]), Surroundings(chance(seed, name, "around")))
            for place in shows
        )
        yield _set_of(name, pictures, shows, seed)


def _set_of(
    name: str, pictures: Iterator[Image.Image], shows: Sequence[int | None], seed: int
) -> NegativeSet:
    rng = chance(seed, name, "files")
    return NegativeSet(name, tuple(uploaded(picture, rng) for picture in pictures), tuple(shows))


def _plain_parts(photos: Sequence[Image.Image]) -> list[tuple[int, Image.Image]]:
    """The plainest part of each photo where it is plain: a sky, a wall, still water; with its place."""
    found = []
    for place, photo in enumerate(photos):
        sent = as_sent(photo)
        small = np.asarray(sent.convert("L").resize((120, 90)), np.int16)
        rough = np.pad(np.abs(np.diff(small, axis=0)), ((0, 1), (0, 0))) + np.pad(
            np.abs(np.diff(small, axis=1)), ((0, 0), (0, 1))
        )
        windows = np.lib.stride_tricks.sliding_window_view(rough, (36, 48)).mean((2, 3))
        row, column = np.unravel_index(int(windows.argmin()), windows.shape)
        if windows[row, column] < _SMOOTH_LEVELS:
            across, down = sent.width / 120, sent.height / 90
            left, top = column * across, row * down
            right, bottom = left + 48 * across, top + 36 * down
            found.append((place, sent.crop((int(left), int(top), int(right), int(bottom)))))
    return found
