# SPDX-License-Identifier: Apache-2.0
"""Edits that put something around the photo: borders, bars, a story's background."""

from __future__ import annotations

from functools import partial
from typing import Final

from PIL import Image, ImageOps

from ._edits_canvas import fitted, softened_fill
from ._edits_edit import Change, Edit, Strength, Surroundings
from ._edits_text import drawn_text
from ._edits_words import block_of_text

__all__ = ["bordered", "frame_edits", "letterboxed"]

_STORY: Final = (720, 1280)


def bordered(
    photo: Image.Image, _around: Surroundings, *, share: float, fill: str | None
) -> Image.Image:
    """A border as wide as `share` of the shorter side; without a colour, of the photo itself, blurred."""
    width = round(min(photo.size) * share)
    if fill is not None:
        return ImageOps.expand(photo, width, fill)
    framed = softened_fill(photo, photo.width + 2 * width, photo.height + 2 * width)
    framed.paste(photo, (width, width))
    return framed


def _instant_print(photo: Image.Image, around: Surroundings) -> Image.Image:
    """The uneven white border of an instant print, sometimes with a word on it."""
    side = round(min(photo.size) * 0.07)
    foot = side * 3
    paper = Image.new("RGB", (photo.width + 2 * side, photo.height + side + foot), (244, 242, 236))
    paper.paste(photo, (side, side))
    words = drawn_text(block_of_text(around, 1), side, (70, 66, 60), "serif italic")
    paper.paste(words, ((paper.width - words.width) // 2, photo.height + side + side), words)
    return paper


def letterboxed(
    photo: Image.Image, _around: Surroundings, *, size: tuple[int, int], fill: str | None
) -> Image.Image:
    """The whole photo in a frame of another shape: of `size`, or of it upright or lying if too alike."""
    width, height = size
    if width != height and (photo.width > photo.height) == (width > height):
        width, height = height, width
    frame = (
        softened_fill(photo, width, height)
        if fill is None
        else Image.new("RGB", (width, height), fill)
    )
    inner = fitted(photo, width, height)
    frame.paste(inner, ((width - inner.width) // 2, (height - inner.height) // 2))
    return frame


def _story(photo: Image.Image, around: Surroundings) -> Image.Image:
    """An upright story: the photo smaller than the frame, its blur behind it, words above and below."""
    width, height = _STORY
    frame = softened_fill(photo, width, height)
    inner = fitted(photo, round(width * around.uniform(0.8, 0.92)), round(height * 0.6))
    top = (height - inner.height) // 2
    frame.paste(inner, ((width - inner.width) // 2, top))
    for place in (top - 130, top + inner.height + 50):
        words = drawn_text(block_of_text(around, 1), 44, (255, 255, 255), "bold")
        frame.paste(words, ((width - words.width) // 2, place), words)
    return frame


def frame_edits() -> list[Edit]:
    """Border and letterbox."""
    light, middle, strong = Strength
    members: tuple[tuple[str, Strength, str, Change], ...] = (
        ("border", light, "white border 5 %", partial(bordered, share=0.05, fill="white")),
        ("border", middle, "black border 10 %", partial(bordered, share=0.10, fill="black")),
        ("border", middle, "blurred border 10 %", partial(bordered, share=0.10, fill=None)),
        ("border", strong, "white border 15 %", partial(bordered, share=0.15, fill="white")),
        ("border", strong, "red border 15 %", partial(bordered, share=0.15, fill="#b3202c")),
        ("border", strong, "instant print", _instant_print),
        (
            "letterbox",
            light,
            "bars to a square",
            partial(letterboxed, size=(1080, 1080), fill="black"),
        ),
        (
            "letterbox",
            middle,
            "black bars to 9:16",
            partial(letterboxed, size=_STORY, fill="black"),
        ),
        (
            "letterbox",
            middle,
            "white bars to 9:16",
            partial(letterboxed, size=_STORY, fill="white"),
        ),
        ("letterbox", middle, "blurred bars to 9:16", partial(letterboxed, size=_STORY, fill=None)),
        ("letterbox", strong, "story with words", _story),
        ("letterbox", strong, "bars to 1:3", partial(letterboxed, size=(480, 1440), fill="black")),
    )
    return [Edit(*member) for member in members]
