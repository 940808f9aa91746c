# SPDX-License-Identifier: Apache-2.0
"""The parts that every phone screen has: status bar, avatars. All drawn here, no real app's."""

from __future__ import annotations

from typing import Final

from PIL import Image, ImageDraw

from ._edits_canvas import rounded_mask, scaled
from ._edits_edit import Surroundings
from ._edits_text import font

__all__ = ["PHONE_WIDTH", "Pen", "as_screenshot", "avatar", "placed", "status_bar"]

Pen = ImageDraw.ImageDraw

PHONE_WIDTH: Final = 1080
"""Screens are drawn as wide as phones have them and then reduced as messengers do."""

_LONGEST_SCREENSHOT_PX: Final = 1560

_AVATARS: Final = ("#e07a5f", "#3d85c6", "#81b29a", "#9d6bc9", "#d4a017", "#5c6b7a", "#c94f7c")


def as_screenshot(screen: Image.Image) -> Image.Image:
    """The screen at the size at which a messenger sends it."""
    return scaled(screen, min(1.0, _LONGEST_SCREENSHOT_PX / max(screen.size)))


def placed(screen: Image.Image, picture: Image.Image, x: int, y: int, *, radius: int = 0) -> None:
    """Puts the picture on the screen with round corners."""
    mask = rounded_mask(picture.width, picture.height, radius) if radius else None
    screen.paste(picture, (x, y), mask)


def status_bar(screen: Image.Image, pen: Pen, around: Surroundings, ink: str) -> None:
    """Time, signal and battery along the top, 84 pixels high."""
    clock = f"{around.whole(7, 23)}:{around.whole(0, 59):02d}"
    pen.text((56, 44), clock, ink, font("bold", 38), anchor="lm")
    right = screen.width - 60
    charge = around.whole(20, 95)
    pen.rounded_rectangle((right - 66, 30, right - 4, 58), 8, outline=ink, width=4)
    pen.rectangle((right - 2, 38, right + 2, 50), fill=ink)
    pen.rectangle((right - 60, 36, right - 60 + round(charge / 100 * 50), 52), fill=ink)
    for bar in range(4):
        x = right - 210 + bar * 16
        pen.rectangle((x, 54 - bar * 7, x + 10, 58), fill=ink)
    for ring in (34, 22, 10):
        box = (right - 112 - ring, 58 - ring, right - 112 + ring, 58 + ring)
        pen.arc(box, 225, 315, ink, 6)


def avatar(pen: Pen, around: Surroundings, x: int, y: int, size: int) -> None:
    """A round picture of nobody: an initial, or head and shoulders as a plain shape."""
    colour = around.one_of(_AVATARS)
    letter = around.one_of(tuple("ABDEHJKLMNRSTY"))
    is_letter = around.chance(0.6)
    pen.ellipse((x, y, x + size, y + size), fill=colour)
    if is_letter:
        middle = (x + size / 2, y + size / 2)
        pen.text(middle, letter, "white", font("plain", round(size * 0.5)), anchor="mm")
        return
    third = size / 3
    pen.ellipse((x + third, y + size * 0.18, x + 2 * third, y + size * 0.18 + third), fill="white")
    pen.chord(
        (x + size * 0.2, y + size * 0.56, x + size * 0.8, y + size * 1.2), 195, 345, fill="white"
    )
