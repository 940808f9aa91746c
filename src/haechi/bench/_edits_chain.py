# SPDX-License-Identifier: Apache-2.0
"""Chains of two to four edits: what a photo has been through when it comes back."""

from __future__ import annotations

from functools import partial

from PIL import Image

from ._edits_caption import captioned, meme
from ._edits_edit import Change, Edit, Strength, Surroundings
from ._edits_file import recompressed, resized
from ._edits_frame import bordered, letterboxed
from ._edits_joined import collage, inset
from ._edits_mark import logo_placed
from ._edits_screen import chat_shown, feed_shown, viewer_shown
from ._edits_shape import cropped_centre, cropped_corner, mirrored, rotated
from ._edits_sticker import hidden_place, stickered
from ._edits_tone import gray, sepia

__all__ = ["chain_edits", "chained"]


def chained(
    photo: Image.Image, around: Surroundings, *, changes: tuple[Change, ...]
) -> Image.Image:
    """One change after the other."""
    for change in changes:
        photo = change(photo, around)
    return photo


def cut_back(photo: Image.Image, around: Surroundings, *, error: float) -> Image.Image:
    """A photo viewer's screenshot cut back to the photo by hand: up to `error` too much or too little.

    The screenshot is at a phone's width; what is too much shows the viewer's black ground.
    """
    width = 720
    shown = photo.resize((width, max(1, round(photo.height * width / photo.width))))
    black = Image.new("RGB", (width, shown.height * 2), "black")
    black.paste(shown, (0, shown.height // 2))
    sides = [around.uniform(-error, error) for _ in range(4)]
    return black.crop(
        (
            max(0, round(sides[0] * width)),
            round(shown.height * (0.5 + sides[1])),
            min(width, round(width * (1 - sides[2]))),
            round(shown.height * (1.5 - sides[3])),
        )
    )


def _light() -> list[tuple[str, tuple[Change, ...]]]:
    slight_crop = partial(cropped_centre, cut=0.05)
    jpeg = partial(recompressed, quality=60)
    return [
        ("crop 5 %, JPEG 60", (slight_crop, jpeg)),
        ("half size, JPEG 60, one line", (
            partial(resized, factor=0.5), jpeg, partial(captioned, lines=1, height=0.05, has_box=False),
        )),
        ("gray, mirrored", (gray, mirrored)),
    ]  # fmt: skip


def _middle() -> list[tuple[str, tuple[Change, ...]]]:
    corner = partial(cropped_corner, cut=0.2)
    return [
        ("mirrored, crop 20 %, JPEG 40", (mirrored, corner, partial(recompressed, quality=40))),
        ("sepia, rotated 4°, border, JPEG 50", (
            sepia,
            partial(rotated, degrees=4, corners=(255, 255, 255)),
            partial(bordered, share=0.06, fill="black"),
            partial(recompressed, quality=50),
        )),
        ("messenger, screenshot, cut back, messenger", (
            partial(recompressed, quality=60),
            partial(cut_back, error=0.02),
            partial(recompressed, quality=70),
        )),
        ("face hidden, logo, 9:16", (
            partial(hidden_place, share=0.35, how="in tiles"),
            partial(logo_placed, share=0.2, opacity=0.9, is_central=False),
            partial(letterboxed, size=(720, 1280), fill=None),
        )),
        ("crop 10 %, sticker, chat", (
            partial(cropped_centre, cut=0.1),
            partial(stickered, share=0.15),
            partial(chat_shown, app="green light"),
        )),
    ]  # fmt: skip


def _strong() -> list[tuple[str, tuple[Change, ...]]]:
    return [
        ("one line, crop 10 %, chat", (
            partial(captioned, lines=1, height=0.07, has_box=True),
            partial(cropped_centre, cut=0.1),
            partial(chat_shown, app="sky light"),
        )),
        ("meme, feed, JPEG 40", (
            partial(meme, height=0.1), partial(feed_shown, is_dark=False), partial(recompressed, quality=40),
        )),
        ("screenshot of a screenshot", (
            partial(chat_shown, app="white light"), partial(viewer_shown, is_dark=True),
        )),
        ("mirrored, collage of 2", (mirrored, partial(collage, layout="2 stacked", gap_px=8))),
        ("crop 25 %, rotated 8°, sticker, JPEG 30", (
            partial(cropped_corner, cut=0.25),
            partial(rotated, degrees=8, corners=None),
            partial(stickered, share=0.25),
            partial(recompressed, quality=30),
        )),
        ("gray, on 30 % of another photo, chat", (
            gray, partial(inset, area=0.3), partial(chat_shown, app="black dark"),
        )),
    ]  # fmt: skip


def chain_edits() -> list[Edit]:
    """Chains."""
    return [
        Edit("chain", strength, name, partial(chained, changes=changes))
        for strength, members in zip(Strength, (_light(), _middle(), _strong()), strict=True)
        for name, changes in members
    ]
