# SPDX-License-Identifier: Apache-2.0
"""Screenshots that show the photo: chats, a photo viewer, a social feed, a page in a browser."""

from __future__ import annotations

from functools import partial

from PIL import Image, ImageDraw

from ._edits_canvas import covering, fitted
from ._edits_chat import APPS, chat_screen
from ._edits_edit import Change, Edit, Strength, Surroundings
from ._edits_icon import icon
from ._edits_page import browser_page
from ._edits_phone import PHONE_WIDTH, Pen, as_screenshot, avatar, status_bar
from ._edits_text import font
from ._edits_words import sentence, wrapped

__all__ = ["chat_shown", "feed_shown", "screen_edits", "viewer_shown"]


def chat_shown(
    photo: Image.Image, around: Surroundings, *, app: str, after: int = 2, largest: float = 0.7
) -> Image.Image:
    """The photo as a message of an invented chat app."""
    return chat_screen([photo], around, APPS[app], after=after, largest=largest)


def _chat_of_two(photo: Image.Image, around: Surroundings, *, app: str) -> Image.Image:
    """The photo and an unrelated one, smaller, in one chat."""
    both = [photo, around.other()] if around.chance(0.5) else [around.other(), photo]
    return chat_screen(both, around, APPS[app], after=1, largest=0.5)


def viewer_shown(photo: Image.Image, around: Surroundings, *, is_dark: bool) -> Image.Image:
    """The photo across a phone's photo viewer, with its buttons and a strip of other photos."""
    height = around.one_of((2160, 2280, 2340))
    ground, ink = ("#000000", "#f2f2f2") if is_dark else ("#fbfbfb", "#202124")
    screen = Image.new("RGB", (PHONE_WIDTH, height), ground)
    pen = ImageDraw.Draw(screen)
    status_bar(screen, pen, around, ink)
    icon(pen, "back", 64, 150, 44, ink)
    day = f"{around.whole(1, 28)} {around.one_of(('March', 'June', 'September'))}"
    pen.text((540, 150), day, ink, font("bold", 38), anchor="mm")
    icon(pen, "more", 1016, 150, 48, ink)
    shown = fitted(photo, PHONE_WIDTH, height - 620)
    screen.paste(
        shown, ((PHONE_WIDTH - shown.width) // 2, 230 + (height - 620 - shown.height) // 2)
    )
    for place, other in enumerate(around.different_others(9)):
        screen.paste(covering(other, 112, 112), (12 + place * 119, height - 350))
    for place, kind in enumerate(("share", "heart", "circle", "bin")):
        icon(pen, kind, 150 + place * 260, height - 140, 64, ink)
    pen.rounded_rectangle((390, height - 30, 690, height - 20), 5, fill=ink)
    return as_screenshot(screen)


def feed_shown(photo: Image.Image, around: Surroundings, *, is_dark: bool) -> Image.Image:
    """The photo as a post of an invented social app, with faces of nobody, caption and the next post."""
    height = around.one_of((2160, 2280, 2340))
    ground, ink, faint = (
        ("#0b0b0d", "#f3f3f5", "#8e8e95") if is_dark else ("#ffffff", "#141416", "#8a8a90")
    )
    screen = Image.new("RGB", (PHONE_WIDTH, height), ground)
    pen = ImageDraw.Draw(screen)
    status_bar(screen, pen, around, ink)
    name = around.one_of(("glimpse", "patio", "hue&me"))
    pen.text((40, 150), name, ink, font("serif italic", 66), anchor="lm")
    icon(pen, "heart", 900, 150, 56, ink)
    icon(pen, "send", 1006, 150, 56, ink)
    for place in range(6):
        pen.ellipse((28 + place * 200, 226, 188 + place * 200, 386), outline="#d6408f", width=6)
        avatar(pen, around, 38 + place * 200, 236, 140)
    bottom = _post(screen, pen, around, photo, 430, ink, faint)
    _post(screen, pen, around, around.other(), bottom + 40, ink, faint)
    pen.rectangle((0, height - 160, PHONE_WIDTH, height), fill=ground)
    for place, kind in enumerate(("circle", "search", "plus", "bubble", "heart")):
        icon(pen, kind, 110 + place * 215, height - 100, 56, ink)
    return as_screenshot(screen)


def _post(
    screen: Image.Image, pen: Pen, around: Surroundings, photo: Image.Image, top: int,
    ink: str, faint: str,
) -> int:  # fmt: skip
    """One post from `top` down; where it ends."""
    who = around.one_of(("mara.lind", "j_woods", "hanok.days", "two_left_feet", "sol.e.mar"))
    avatar(pen, around, 30, top, 88)
    pen.text((140, top + 44), who, ink, font("bold", 36), anchor="lm")
    icon(pen, "more", 1020, top + 44, 44, ink)
    shape = min(1.25, max(0.525, photo.height / photo.width))
    shown = covering(photo, PHONE_WIDTH, round(PHONE_WIDTH * shape))
    screen.paste(shown, (0, top + 112))
    y = top + 112 + shown.height + 60
    for place, kind in enumerate(("heart", "bubble", "send")):
        icon(pen, kind, 66 + place * 104, y, 58, ink)
    icon(pen, "bookmark", 1016, y, 54, ink)
    pen.text((36, y + 52), f"{around.whole(12, 9000):,} likes", ink, font("bold", 36))
    lines = wrapped(f"{who}  {sentence(around)}, {sentence(around)}", 46)
    for row, line in enumerate(lines):
        pen.text((36, y + 106 + row * 48), line, ink, font("plain", 36))
    end = y + 112 + len(lines) * 48
    pen.text((36, end), f"{around.whole(2, 23)} hours ago", faint, font("plain", 28))
    return end + 40


def screen_edits() -> list[Edit]:
    """Screenshots of phones and of a browser."""
    light, middle, strong = Strength
    members: tuple[tuple[Strength, str, Change], ...] = (
        (light, "photo viewer, dark", partial(viewer_shown, is_dark=True)),
        (light, "photo viewer, light", partial(viewer_shown, is_dark=False)),
        (middle, "chat, green light", partial(chat_shown, app="green light")),
        (middle, "chat, white light", partial(chat_shown, app="white light", after=3)),
        (middle, "chat, sky light", partial(chat_shown, app="sky light")),
        (middle, "chat, blue dark", partial(chat_shown, app="blue dark", after=1)),
        (middle, "chat, black dark", partial(chat_shown, app="black dark")),
        (middle, "social feed, light", partial(feed_shown, is_dark=False)),
        (middle, "social feed, dark", partial(feed_shown, is_dark=True)),
        (strong, "page in a browser", partial(browser_page, column=0.46)),
        (strong, "chat with two photos", partial(_chat_of_two, app="white light")),
        (strong, "small in a chat", partial(chat_shown, app="blue dark", after=7, largest=0.42)),
        (strong, "small on a page", partial(browser_page, column=0.24)),
    )
    return [Edit("screenshot", *member) for member in members]
