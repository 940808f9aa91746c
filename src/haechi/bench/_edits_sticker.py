# SPDX-License-Identifier: Apache-2.0
"""Edits that hide or decorate: stickers of our own drawing, arrows, a hidden face-like place."""

from __future__ import annotations

from functools import partial
from typing import Final

from PIL import Image, ImageDraw, ImageFilter

from ._edits_edit import Change, Edit, Strength, Surroundings
from ._edits_sticker_art import STICKERS, drawn_sticker

__all__ = ["hidden_place", "sticker_edits", "stickered"]

_PLACES: Final = ((0.5, 0.5), (0.5, 0.35), (0.3, 0.3), (0.7, 0.3), (0.25, 0.75), (0.75, 0.75))


def stickered(
    photo: Image.Image, around: Surroundings, *, share: float, count: int = 1
) -> Image.Image:
    """Stickers as wide as `share` of the photo's width, somewhere near its middle."""
    done = photo.copy()
    for _ in range(count):
        size = round(min(photo.width, photo.height * 1.4) * share * around.uniform(0.9, 1.1))
        kind = around.one_of(tuple(STICKERS))
        sticker = drawn_sticker(kind, size).rotate(
            around.uniform(-25, 25), Image.Resampling.BICUBIC, expand=True
        )
        across, down = around.one_of(_PLACES)
        across += around.uniform(-0.08, 0.08) * (1 + count / 3)
        down += around.uniform(-0.08, 0.08) * (1 + count / 3)
        x = round(photo.width * across - sticker.width / 2)
        y = round(photo.height * down - sticker.height / 2)
        done.paste(sticker, (x, y), sticker)
    return done


def hidden_place(
    photo: Image.Image, around: Surroundings, *, share: float, how: str
) -> Image.Image:
    """A face-like ellipse near the middle, as high as `share` of the photo: blurred, in tiles or black."""
    height = round(photo.height * share)
    width = round(height * 0.75)
    x = round((photo.width - width) * around.uniform(0.35, 0.65))
    y = round((photo.height - height) * around.uniform(0.2, 0.5))
    box = (x, y, x + width, y + height)
    if how == "blurred":
        place = photo.crop(box).filter(ImageFilter.GaussianBlur(height / 10))
    elif how == "in tiles":
        tiles = photo.crop(box).resize((9, 12), Image.Resampling.BOX)
        place = tiles.resize((width, height), Image.Resampling.NEAREST)
    else:
        place = Image.new("RGB", (width, height), "black")
    mask = Image.new("L", (width * 2, height * 2), 0)
    shape = ImageDraw.Draw(mask)
    if how == "blurred":
        shape.ellipse((0, 0, width * 2, height * 2), fill=255)
    else:
        shape.rectangle((0, 0, width * 2, height * 2), fill=255)
    done = photo.copy()
    done.paste(place, (x, y), mask.resize((width, height), Image.Resampling.BOX))
    return done


def _eye_bar(photo: Image.Image, around: Surroundings) -> Image.Image:
    """A black bar across the middle, as over somebody's eyes."""
    done = photo.copy()
    width, height = round(photo.width * 0.35), round(photo.height * 0.07)
    x = round((photo.width - width) * around.uniform(0.3, 0.7))
    y = round((photo.height - height) * around.uniform(0.25, 0.5))
    ImageDraw.Draw(done).rectangle((x, y, x + width, y + height), fill="black")
    return done


def sticker_edits() -> list[Edit]:
    """Stickers and hidden places."""
    light, middle, strong = Strength
    members: tuple[tuple[Strength, str, Change], ...] = (
        (light, "sticker 10 % wide", partial(stickered, share=0.1)),
        (light, "three stickers 6 % wide", partial(stickered, share=0.06, count=3)),
        (light, "eye bar", _eye_bar),
        (middle, "sticker 30 % wide", partial(stickered, share=0.3)),
        (middle, "eight stickers 10 % wide", partial(stickered, share=0.1, count=8)),
        (middle, "face blurred", partial(hidden_place, share=0.4, how="blurred")),
        (middle, "face in tiles", partial(hidden_place, share=0.4, how="in tiles")),
        (strong, "sticker 50 % wide", partial(stickered, share=0.5)),
        (strong, "twenty stickers 12 % wide", partial(stickered, share=0.12, count=20)),
        (strong, "body blacked out", partial(hidden_place, share=0.75, how="black")),
        (strong, "body blurred", partial(hidden_place, share=0.8, how="blurred")),
    )
    return [Edit("sticker", *member) for member in members]
