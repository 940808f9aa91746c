# SPDX-License-Identifier: Apache-2.0
"""Screens of invented chat apps, light and dark, that show photos among messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw

from ._edits_canvas import covering, fitted
from ._edits_edit import Surroundings
from ._edits_hangul import hangul_mask
from ._edits_icon import icon
from ._edits_phone import PHONE_WIDTH, Pen, as_screenshot, avatar, placed, status_bar
from ._edits_text import font
from ._edits_words import NAMES, korean_sentence, sentence, wrapped

__all__ = ["APPS", "ChatApp", "chat_screen"]

_HEADER_END: Final = 230


@dataclass(frozen=True, slots=True)
class ChatApp:
    """How one app looks."""

    ground: str
    bar: str
    bar_ink: str
    mine: str
    theirs: str
    mine_ink: str
    theirs_ink: str
    faint: str
    radius: int
    has_avatars: bool
    has_pattern: bool
    is_korean: bool = False


APPS: Final[dict[str, ChatApp]] = {
    "green light": ChatApp(
        "#efe7dd", "#1f7a68", "#ffffff", "#dcf5c9", "#ffffff", "#111111", "#111111", "#7d8a86",
        24, has_avatars=False, has_pattern=True,
    ),
    "white light": ChatApp(
        "#ffffff", "#f7f7f8", "#111111", "#2a7cf7", "#e8e8eb", "#ffffff", "#111111", "#8b8b92",
        52, has_avatars=False, has_pattern=False,
    ),
    "sky light": ChatApp(
        "#a9c4d6", "#a9c4d6", "#1c1c1c", "#ffe14d", "#ffffff", "#1c1c1c", "#1c1c1c", "#52687a",
        30, has_avatars=True, has_pattern=False, is_korean=True,
    ),
    "blue dark": ChatApp(
        "#0f1a23", "#18242f", "#e9eef2", "#2b5f86", "#1d2b37", "#f2f6f9", "#f2f6f9", "#7d8e9b",
        30, has_avatars=False, has_pattern=True,
    ),
    "black dark": ChatApp(
        "#000000", "#0c0c0e", "#f5f5f7", "#6a3df0", "#262629", "#ffffff", "#f5f5f7", "#8d8d94",
        54, has_avatars=True, has_pattern=False,
    ),
}  # fmt: skip
"""Invented apps; real ones have such colours and shapes."""


def chat_screen(
    photos: Sequence[Image.Image],
    words: Surroundings,
    app: ChatApp,
    *,
    after: int = 2,
    largest: float = 0.7,
) -> Image.Image:
    """A screenshot of a chat: messages, the photos, then `after` more messages above the input bar.

    Args:
        photos: Sent as messages one below the other; none for a chat of words alone.
        words: Chance for what is written, by whom, and the time. The photos never change what is
            drawn from it: the same seed gives the same chat around another photo.
        app: How it looks.
        after: Messages below the photos.
        largest: How wide a photo is at most, as a share of the screen.
    """
    height = words.one_of((2160, 2280, 2340))
    screen = Image.new("RGB", (PHONE_WIDTH, height), app.ground)
    pen = ImageDraw.Draw(screen)
    if app.has_pattern:
        _pattern(pen, words, app, height)
    say = korean_sentence if app.is_korean else sentence
    texts = [(say(words), words.chance(0.5), words.whole(0, 59)) for _ in range(after + 14)]
    is_mine = words.chance(0.4)
    bottom = height - 200
    for text in texts[:after]:
        bottom = _bubble(pen, app, bottom, text)
    for photo in reversed(photos):
        bottom = _photo_bubble(screen, pen, app, bottom, photo, is_mine=is_mine, largest=largest)
    for text in texts[after:]:
        if bottom < _HEADER_END:
            break
        bottom = _bubble(pen, app, bottom, text)
    _header(screen, pen, words, app)
    _input_bar(pen, app, height)
    return as_screenshot(screen)


def _pattern(pen: Pen, words: Surroundings, app: ChatApp, height: int) -> None:
    """A faint wallpaper of rings and strokes."""
    ground = tuple(int(app.ground[at : at + 2], 16) for at in (1, 3, 5))
    ink = tuple(level - 12 if level > 60 else level + 12 for level in ground)
    for y in range(260, height, 120):
        for x in range(40, PHONE_WIDTH, 120):
            if words.chance(0.5):
                pen.ellipse((x, y, x + 46, y + 46), outline=ink, width=4)
            else:
                pen.line(((x, y + 46), (x + 24, y), (x + 48, y + 46)), ink, 4)


def _bubble(pen: Pen, app: ChatApp, bottom: int, text: tuple[str, bool, int]) -> int:
    """One message of words that ends at `bottom`; where the next one above it ends."""
    words, is_mine, minute = text
    lines = wrapped(words, 30)
    letters, small = font("plain", 40), font("plain", 26)
    korean = hangul_mask("\n".join(lines), 42) if app.is_korean else None
    widest = korean.width if korean else max(letters.getlength(line) for line in lines)
    width = round(widest) + 64
    height = len(lines) * 54 + 44
    top = bottom - height
    side = 110 if app.has_avatars and not is_mine else 34
    left = PHONE_WIDTH - 34 - width if is_mine else side
    box = (left, top, left + width, bottom)
    pen.rounded_rectangle(box, app.radius, app.mine if is_mine else app.theirs)
    ink = app.mine_ink if is_mine else app.theirs_ink
    if korean:
        pen.bitmap((left + 32, top + 22), korean, ink)
    else:
        pen.multiline_text((left + 32, top + 22), "\n".join(lines), ink, letters, spacing=15)
    place = (left - 20, bottom - 4) if is_mine else (left + width + 20, bottom - 4)
    pen.text(place, f"9:{minute:02d}", app.faint, small, anchor="rd" if is_mine else "ld")
    if app.has_avatars and not is_mine:
        pen.ellipse((24, top, 94, top + 70), fill="#e07a5f")
    return top - 26


def _photo_bubble(
    screen: Image.Image, pen: Pen, app: ChatApp, bottom: int, photo: Image.Image,
    *, is_mine: bool, largest: float,
) -> int:  # fmt: skip
    """One photo as a message. Very long ones are cut, as chat apps do."""
    width, height = round(PHONE_WIDTH * largest), round(PHONE_WIDTH * largest * 1.35)
    shape = photo.height / photo.width
    if shape > 1.7:
        shown = covering(photo, round(height * 0.6), height)
    elif shape < 0.45:
        shown = covering(photo, width, round(width * 0.45))
    else:
        shown = fitted(photo, width, height)
    rim = 8 if app.has_pattern else 0
    side = 110 if app.has_avatars and not is_mine else 34
    left = PHONE_WIDTH - 34 - shown.width - 2 * rim if is_mine else side
    top = bottom - shown.height - 2 * rim
    if rim:
        box = (left, top, left + shown.width + 2 * rim, bottom)
        pen.rounded_rectangle(box, app.radius + rim, app.mine if is_mine else app.theirs)
    placed(screen, shown, left + rim, top + rim, radius=app.radius)
    if app.has_avatars and not is_mine:
        pen.ellipse((24, top, 94, top + 70), fill="#e07a5f")
    return top - 26


def _header(screen: Image.Image, pen: Pen, words: Surroundings, app: ChatApp) -> None:
    pen.rectangle((0, 0, PHONE_WIDTH, _HEADER_END - 14), fill=app.bar)
    status_bar(screen, pen, words, app.bar_ink)
    icon(pen, "back", 60, 150, 44, app.bar_ink)
    avatar(pen, words, 110, 102, 96)
    pen.text((236, 128), words.one_of(NAMES), app.bar_ink, font("bold", 44), anchor="lm")
    pen.text(
        (236, 178),
        words.one_of(("online", "seen 20:14")),
        app.faint,
        font("plain", 30),
        anchor="lm",
    )
    icon(pen, "camera", 830, 150, 54, app.bar_ink)
    icon(pen, "search", 930, 150, 48, app.bar_ink)
    icon(pen, "more", 1024, 150, 50, app.bar_ink)


def _input_bar(pen: Pen, app: ChatApp, height: int) -> None:
    top = height - 170
    ground = app.bar if app.bar_ink != "#ffffff" else app.ground
    pen.rectangle((0, top, PHONE_WIDTH, height), fill=ground)
    icon(pen, "plus", 60, top + 64, 46, app.faint)
    pen.rounded_rectangle(
        (120, top + 18, 930, top + 110), 46, fill=app.theirs, outline=app.faint, width=2
    )
    pen.text((160, top + 64), "Message", app.faint, font("plain", 38), anchor="lm")
    icon(pen, "camera", 880, top + 64, 46, app.faint)
    icon(pen, "send", 1004, top + 64, 54, app.mine if app.mine != app.ground else app.faint)
    pen.rounded_rectangle((390, height - 26, 690, height - 16), 5, fill=app.faint)
