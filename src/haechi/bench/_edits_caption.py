# SPDX-License-Identifier: Apache-2.0
"""Edits that write on the photo: captions with and without a box, meme lines, scribbles."""

from __future__ import annotations

from functools import partial
from typing import Final

from PIL import Image, ImageDraw

from ._edits_edit import Change, Edit, Strength, Surroundings
from ._edits_text import drawn_hangul, drawn_text
from ._edits_words import block_of_text

__all__ = ["caption_edits", "captioned", "meme"]

_INK: Final = ((255, 255, 255), (255, 221, 51), (255, 95, 125), (20, 20, 20), (80, 220, 255))


def _within(words: Image.Image, photo: Image.Image, share: float) -> Image.Image:
    """The words, reduced if they are wider than `share` of the photo."""
    if words.width <= photo.width * share:
        return words
    factor = photo.width * share / words.width
    size = (round(words.width * factor), max(1, round(words.height * factor)))
    return words.resize(size, Image.Resampling.BICUBIC)


def captioned(
    photo: Image.Image,
    around: Surroundings,
    *,
    lines: int,
    height: float,
    has_box: bool,
    is_korean: bool = False,
) -> Image.Image:
    """Lines of text, each as high as `height` of the photo, on a box or with an outline."""
    ink = around.one_of(_INK)
    dark_ink = sum(ink) < 200
    paper = (255, 255, 255) if dark_ink else (0, 0, 0)
    style = around.one_of(("bold", "plain", "serif bold"))
    text = block_of_text(around, lines, longest=24, is_korean=is_korean)
    size_px = round(min(photo.height, photo.width * 1.2) * height)
    outline = None if has_box else paper
    if is_korean:
        words = drawn_hangul(text, size_px, ink, outline=outline)
    else:
        words = drawn_text(text, size_px, ink, style, outline=outline)
    words = _within(words, photo, 0.9)
    done = photo.copy()
    x = round((photo.width - words.width) * around.uniform(0.35, 0.65))
    y = round((photo.height - words.height) * around.one_of((0.08, 0.5, 0.85, 0.92)))
    if has_box:
        margin = max(3, size_px // 3)
        box = (x - margin, y - margin, x + words.width + margin, y + words.height + margin)
        pen = ImageDraw.Draw(done, "RGBA")
        pen.rounded_rectangle(box, margin, (*paper, around.one_of((150, 200, 255))))
    done.paste(words, (x, y), words)
    return done


def _band(photo: Image.Image, around: Surroundings, *, share: float) -> Image.Image:
    """A half-dark band over the whole width with a line on it, as stories have."""
    done = photo.copy()
    height = round(photo.height * share)
    top = round((photo.height - height) * around.uniform(0.2, 0.9))
    ImageDraw.Draw(done, "RGBA").rectangle((0, top, photo.width, top + height), (0, 0, 0, 140))
    words = drawn_text(block_of_text(around, 1), round(height * 0.5), (255, 255, 255), "plain")
    words = _within(words, photo, 0.94)
    done.paste(words, ((photo.width - words.width) // 2, top + (height - words.height) // 2), words)
    return done


def meme(photo: Image.Image, around: Surroundings, *, height: float) -> Image.Image:
    """A line in capitals at the top and one at the bottom, white with a black outline."""
    done = photo.copy()
    size_px = round(min(photo.height, photo.width) * height)
    for is_top in (True, False):
        text = block_of_text(around, 1, longest=22).upper()
        words = drawn_text(text, size_px, (255, 255, 255), "bold", outline=(0, 0, 0))
        words = _within(words, photo, 0.94)
        edge = round(photo.height * 0.03)
        y = edge if is_top else photo.height - words.height - edge
        done.paste(words, ((photo.width - words.width) // 2, y), words)
    return done


def _panel(photo: Image.Image, around: Surroundings, *, lines: int) -> Image.Image:
    """A white panel above the photo with black text, as shared posts have."""
    size_px = round(photo.width * 0.05)
    words = drawn_text(
        block_of_text(around, lines, longest=30), size_px, (15, 15, 15), "plain", align="left"
    )
    words = _within(words, photo, 0.94)
    panel = words.height + 2 * size_px
    done = Image.new("RGB", (photo.width, photo.height + panel), "white")
    done.paste(words, (round(photo.width * 0.03), size_px), words)
    done.paste(photo, (0, panel))
    return done


def _scribbled(photo: Image.Image, around: Surroundings, *, strokes: int) -> Image.Image:
    """Drawn on with a finger: wavy strokes and circles."""
    done = photo.copy()
    pen = ImageDraw.Draw(done)
    width = max(3, round(max(photo.size) * 0.008))
    for _ in range(strokes):
        x, y = photo.width * around.uniform(0.1, 0.9), photo.height * around.uniform(0.1, 0.9)
        way = [(x, y)]
        heading_x, heading_y = around.uniform(-1, 1), around.uniform(-1, 1)
        for _ in range(14):
            heading_x += around.uniform(-0.5, 0.5)
            heading_y += around.uniform(-0.5, 0.5)
            x += heading_x * photo.width * 0.02
            y += heading_y * photo.height * 0.02
            way.append((x, y))
        pen.line(way, around.one_of(_INK), width, joint="curve")
    return done


def caption_edits() -> list[Edit]:
    """Text captions."""
    light, middle, strong = Strength
    members: tuple[tuple[Strength, str, Change], ...] = (
        (light, "one outlined line", partial(captioned, lines=1, height=0.05, has_box=False)),
        (light, "one line in a box", partial(captioned, lines=1, height=0.045, has_box=True)),
        (middle, "two outlined lines", partial(captioned, lines=2, height=0.065, has_box=False)),
        (middle, "two lines in a box", partial(captioned, lines=2, height=0.06, has_box=True)),
        (
            middle,
            "two Korean lines",
            partial(captioned, lines=2, height=0.07, has_box=False, is_korean=True),
        ),
        (middle, "story band", partial(_band, share=0.1)),
        (middle, "panel above", partial(_panel, lines=2)),
        (middle, "scribbled on", partial(_scribbled, strokes=4)),
        (strong, "meme", partial(meme, height=0.13)),
        (strong, "three lines in a box", partial(captioned, lines=3, height=0.085, has_box=True)),
        (strong, "three outlined lines", partial(captioned, lines=3, height=0.1, has_box=False)),
        (
            strong,
            "three Korean lines in a box",
            partial(captioned, lines=3, height=0.1, has_box=True, is_korean=True),
        ),
        (strong, "scribbled all over", partial(_scribbled, strokes=16)),
    )
    return [Edit("caption", *member) for member in members]
