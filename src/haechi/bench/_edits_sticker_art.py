# SPDX-License-Identifier: Apache-2.0
"""Stickers of our own drawing: smileys, hearts, stars, speech bubbles, arrows, flames, marks."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Final

from PIL import Image, ImageDraw

from ._edits_text import font

__all__ = ["STICKERS", "drawn_sticker"]

_GRID: Final = 400
"""Stickers are drawn this large and then reduced, so that their edges are smooth."""

_Pen = ImageDraw.ImageDraw
_YELLOW, _INK, _RED, _BLUE = "#ffcf33", "#3b2a14", "#e5314b", "#4aa8ff"


def _face(pen: _Pen) -> None:
    pen.ellipse((10, 10, 390, 390), fill=_YELLOW, outline="#e0a413", width=8)


def _laughing(pen: _Pen) -> None:
    _face(pen)
    for x in (120, 280):
        pen.arc((x - 45, 110, x + 45, 200), 190, 350, fill=_INK, width=18)
    pen.chord((90, 170, 310, 345), 0, 180, fill="#7a1f1f")
    pen.rectangle((105, 258, 295, 278), fill="white")
    for x in (45, 355):
        pen.ellipse((x - 28, 190, x + 28, 275), fill=_BLUE)


def _smiling(pen: _Pen) -> None:
    _face(pen)
    for x in (135, 265):
        pen.ellipse((x - 24, 120, x + 24, 185), fill=_INK)
    pen.arc((100, 130, 300, 310), 20, 160, fill=_INK, width=18)


def _in_love(pen: _Pen) -> None:
    _face(pen)
    for x in (125, 275):
        _heart_at(pen, x, 150, 75)
    pen.chord((110, 190, 290, 330), 0, 180, fill="#7a1f1f")


def _cool(pen: _Pen) -> None:
    _face(pen)
    pen.rectangle((55, 120, 345, 140), fill="#111")
    for x in (70, 215):
        pen.rounded_rectangle((x, 120, x + 115, 205), 34, fill="#111")
    pen.arc((140, 200, 290, 320), 20, 140, fill=_INK, width=16)


def _shocked(pen: _Pen) -> None:
    _face(pen)
    for x in (125, 275):
        pen.ellipse((x - 42, 110, x + 42, 200), fill="white", outline=_INK, width=8)
        pen.ellipse((x - 15, 140, x + 15, 175), fill=_INK)
    pen.ellipse((155, 235, 245, 350), fill="#7a1f1f")


def _heart_at(pen: _Pen, x: float, y: float, size: float) -> None:
    way = []
    for step in range(61):
        angle = step / 60 * 2 * math.pi
        way.append(
            (
                x + size * math.sin(angle) ** 3,
                y
                - size
                * (13 * math.cos(angle) - 5 * math.cos(2 * angle) - 2 * math.cos(3 * angle))
                / 16,
            )
        )
    pen.polygon(way, fill=_RED)


def _heart(pen: _Pen) -> None:
    _heart_at(pen, 200, 190, 185)
    pen.ellipse((95, 85, 145, 140), fill="#ff8a9c")


def _star(pen: _Pen) -> None:
    way = []
    for step in range(10):
        radius, angle = (190 if step % 2 == 0 else 82), math.radians(step * 36 - 90)
        way.append((200 + radius * math.cos(angle), 205 + radius * math.sin(angle)))
    pen.polygon(way, fill="#ffd84d", outline="#e08a00", width=9)


def _arrow(pen: _Pen) -> None:
    way = ((20, 150), (210, 150), (210, 70), (385, 200), (210, 330), (210, 250), (20, 250))
    pen.polygon(way, fill="#ff2d2d", outline="white", width=10)


def _flame(pen: _Pen) -> None:
    outer = (
        (200, 10),
        (300, 140),
        (330, 90),
        (365, 250),
        (300, 370),
        (100, 370),
        (35, 250),
        (110, 150),
        (140, 200),
    )
    pen.polygon(outer, fill="#ff6a1a")
    pen.ellipse((60, 170, 340, 395), fill="#ff6a1a")
    pen.polygon(((200, 190), (270, 290), (130, 290)), fill="#ffd23b")
    pen.ellipse((125, 255, 275, 390), fill="#ffd23b")


def _speech(pen: _Pen) -> None:
    pen.polygon(((110, 260), (90, 385), (220, 260)), fill="white", outline="#222", width=9)
    pen.rounded_rectangle((10, 40, 390, 290), 100, fill="white", outline="#222", width=9)
    pen.polygon(((118, 270), (106, 350), (200, 270)), fill="white")
    pen.text((200, 165), "WOW!", "#222", font("bold", 108), anchor="mm")


def _hundred(pen: _Pen) -> None:
    pen.text((200, 170), "100", _RED, font("serif bold", 190), anchor="mm")
    pen.line(((40, 300), (370, 270)), _RED, 20)
    pen.line(((90, 350), (350, 322)), _RED, 16)


def _flower(pen: _Pen) -> None:
    for step in range(6):
        angle = math.radians(step * 60)
        x, y = 200 + 115 * math.cos(angle), 200 + 115 * math.sin(angle)
        pen.ellipse((x - 78, y - 78, x + 78, y + 78), fill="#ff9ad5", outline="#d667ad", width=5)
    pen.ellipse((130, 130, 270, 270), fill="#ffe066")


def _cat(pen: _Pen) -> None:
    for left in (((60, 190), (70, 20), (190, 110)), ((340, 190), (330, 20), (210, 110))):
        pen.polygon(left, fill="#8a8f99")
    pen.ellipse((40, 70, 360, 380), fill="#8a8f99")
    for x in (135, 265):
        pen.ellipse((x - 32, 160, x + 32, 235), fill="#c6f07c")
        pen.ellipse((x - 10, 165, x + 10, 230), fill="#111")
    pen.polygon(((180, 260), (220, 260), (200, 285)), fill="#ff9fb0")
    for y in (270, 295):
        pen.line(((30, y - 10), (150, y)), "#eee", 6)
        pen.line(((370, y - 10), (250, y)), "#eee", 6)


STICKERS: Final[dict[str, Callable[[_Pen], None]]] = {
    "laughing": _laughing,
    "smiling": _smiling,
    "in love": _in_love,
    "cool": _cool,
    "shocked": _shocked,
    "heart": _heart,
    "star": _star,
    "arrow": _arrow,
    "flame": _flame,
    "speech": _speech,
    "hundred": _hundred,
    "flower": _flower,
    "cat": _cat,
}


@functools.lru_cache(maxsize=16)
def _large(kind: str) -> Image.Image:
    paper = Image.new("RGBA", (_GRID, _GRID), (255, 255, 255, 0))
    STICKERS[kind](ImageDraw.Draw(paper))
    return paper


def drawn_sticker(kind: str, size_px: int) -> Image.Image:
    """The sticker with a transparent ground, `size_px` on each side."""
    size = (max(4, size_px), max(4, size_px))
    return _large(kind).resize(size, Image.Resampling.LANCZOS)
