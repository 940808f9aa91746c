# SPDX-License-Identifier: Apache-2.0
"""Different photos that share something: an app around them, a sticker, a caption, a frame, a logo."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from ._edits_canvas import covering, fitted
from ._edits_caption import captioned, meme
from ._edits_chat import APPS, chat_screen
from ._edits_edit import Change, Surroundings
from ._edits_frame import bordered
from ._edits_mark import logo_placed, watermarked
from ._edits_page import browser_page
from ._edits_phone import PHONE_WIDTH, as_screenshot, status_bar
from ._edits_screen import feed_shown, viewer_shown
from ._edits_sticker import stickered
from ._edits_text import font
from ._negatives_scene import outline

__all__ = ["SHARED", "words_only_chat"]

_POST: Final = (1080, 1080)


def _chat(photo: Image.Image, words: Surroundings, *, app: str) -> Image.Image:
    return chat_screen([photo], words, APPS[app])


def words_only_chat(words: Surroundings, *, app: str) -> Image.Image:
    """A screen of an invented chat app without any photo."""
    return chat_screen([], words, APPS[app], after=8)


def _on_a_post(photo: Image.Image, words: Surroundings, *, change: Change) -> Image.Image:
    """The photo cut to a post's square, so that what is put on it lies at the same place on all."""
    return change(covering(photo, *_POST), words)


def _meme_frame(photo: Image.Image, _words: Surroundings) -> Image.Image:
    """A meme's panel: the same drawn figure and words on the left, another picture on the right."""
    page = Image.new("RGB", (1200, 900), "white")
    page.paste(covering(photo, 600, 900), (600, 0))
    pen = ImageDraw.Draw(page)
    pen.rectangle((0, 0, 600, 450), fill="#f6d186")
    pen.rectangle((0, 450, 600, 900), fill="#c5e3f6")
    for top in (60, 510):
        pen.ellipse((210, top, 390, top + 180), fill="#fff3e0", outline="#222", width=6)
        pen.ellipse((255, top + 60, 275, top + 90), fill="#222")
        pen.ellipse((325, top + 60, 345, top + 90), fill="#222")
        pen.rounded_rectangle(
            (180, top + 190, 420, top + 380), 60, fill="#7f5a83", outline="#222", width=6
        )
    pen.arc((260, 150, 340, 210), 200, 340, "#222", 6)
    pen.arc((260, 580, 340, 640), 20, 160, "#222", 6)
    pen.text((300, 30), "what I ordered", "#222", font("bold", 34), anchor="mm")
    pen.text((300, 480), "what I got", "#222", font("bold", 34), anchor="mm")
    pen.line(((600, 0), (600, 900)), "#222", 8)
    return page


def _product(photo: Image.Image, _words: Surroundings) -> Image.Image:
    """A shop's picture: something on white with a soft shadow, a price and a badge at fixed places."""
    page = Image.new("RGB", (1000, 1000), "white")
    shade = Image.new("L", (100, 100), 0)
    ImageDraw.Draw(shade).ellipse((20, 74, 80, 86), fill=110)
    page.paste("#999", (0, 0), shade.resize(page.size, Image.Resampling.BICUBIC))
    goods = covering(photo, 420, 620)
    page.paste(goods, (290, 190), outline("box").resize(goods.size, Image.Resampling.BICUBIC))
    pen = ImageDraw.Draw(page)
    pen.ellipse((790, 60, 950, 220), fill="#d7263d")
    pen.text((870, 140), "-30%", "white", font("bold", 46), anchor="mm")
    pen.text((60, 930), "19.90", "#111", font("bold", 60), anchor="lm")
    pen.text((290, 935), "free delivery", "#777", font("plain", 30), anchor="lm")
    return page


def _player(photo: Image.Image, words: Surroundings) -> Image.Image:
    """A video player's controls over a still."""
    still = covering(photo, 1280, 720)
    pen = ImageDraw.Draw(still, "RGBA")
    pen.rectangle((0, 610, 1280, 720), (0, 0, 0, 150))
    pen.ellipse((560, 280, 720, 440), (0, 0, 0, 150))
    pen.polygon(((615, 315), (615, 405), (690, 360)), "white")
    pen.line(((40, 640), (1240, 640)), (255, 255, 255, 120), 8)
    at = 40 + words.whole(100, 1000)
    pen.line(((40, 640), (at, 640)), "#ff3b30", 8)
    pen.ellipse((at - 12, 628, at + 12, 652), "#ff3b30")
    pen.text((40, 684), "2:14 / 9:38", "white", font("plain", 26), anchor="lm")
    pen.text((1240, 684), "HD   CC   full", "white", font("bold", 26), anchor="rm")
    return still


def _home_screen(photo: Image.Image, words: Surroundings) -> Image.Image:
    """A phone's home screen over another wallpaper."""
    screen = covering(photo, PHONE_WIDTH, 2280)
    pen = ImageDraw.Draw(screen)
    status_bar(screen, pen, words, "white")
    pen.text((540, 330), "9:41", "white", font("plain", 190), anchor="mm")
    for row in range(5):
        for column in range(4):
            x, y = 90 + column * 246, 640 + row * 290
            colour = words.one_of(
                ("#34c759", "#007aff", "#ff9500", "#ff2d55", "#f2f2f7", "#5856d6")
            )
            pen.rounded_rectangle((x, y, x + 160, y + 160), 40, fill=colour)
            pen.text(
                (x + 80, y + 80),
                words.one_of(tuple("abcdefgh")),
                "#222",
                font("bold", 90),
                anchor="mm",
            )
            pen.text(
                (x + 80, y + 190),
                words.one_of(("Mail", "Maps", "Notes", "Music", "Clock")),
                "white",
                font("plain", 28),
                anchor="mm",
            )
    return as_screenshot(screen)


def _ornate(photo: Image.Image, _words: Surroundings) -> Image.Image:
    """A greeting card's frame of flowers and lines around the photo."""
    page = Image.new("RGB", _POST, "#fff6e9")
    shown = covering(photo, 800, 720)
    page.paste(shown, (140, 120))
    pen = ImageDraw.Draw(page)
    for inset, width in ((40, 6), (60, 3)):
        pen.rectangle((inset, inset, 1080 - inset, 1080 - inset), outline="#b5838d", width=width)
    pen.text((540, 930), "Season's Greetings", "#6d6875", font("serif italic", 64), anchor="mm")
    for x, y in ((100, 100), (980, 100), (100, 980), (980, 980)):
        for turn in np.linspace(0, 2 * np.pi, 7)[:-1]:
            dx, dy = 38 * np.cos(turn), 38 * np.sin(turn)
            pen.ellipse((x + dx - 26, y + dy - 26, x + dx + 26, y + dy + 26), fill="#e5989b")
        pen.ellipse((x - 20, y - 20, x + 20, y + 20), fill="#ffcb77")
    return page


def _scan(photo: Image.Image, words: Surroundings) -> Image.Image:
    """A photo on a printed page between the same columns of text, seen gray."""
    page = Image.new("L", (900, 1200), 244)
    pen = ImageDraw.Draw(page)
    pen.text((450, 70), "TRAVELLER'S MONTHLY", 20, font("serif bold", 40), anchor="mm")
    inner = fitted(photo.convert("L"), 780, 520)
    page.paste(inner, ((900 - inner.width) // 2, 130))
    for left in (60, 470):
        for row in range(24):
            text = "".join(
                words.one_of(("the ", "road ", "was ", "long ", "and ", "quiet ", "sea "))
                for _ in range(7)
            )
            pen.text((left, 680 + row * 20), text[:40], 30, font("book", 17))
    return ImageOps.autocontrast(page).convert("RGB")


SHARED: Final[dict[str, Change]] = {
    **{f"chat, {app}": partial(_chat, app=app) for app in APPS},
    "photo viewer": partial(viewer_shown, is_dark=False),
    "social feed": partial(feed_shown, is_dark=False),
    "news page": partial(browser_page, column=0.46),
    "news page, small": partial(browser_page, column=0.24),
    "video player": _player,
    "home screen": _home_screen,
    "same large sticker": partial(_on_a_post, change=partial(stickered, share=0.5)),
    "same stickers": partial(_on_a_post, change=partial(stickered, share=0.15, count=8)),
    "same caption in a box": partial(_on_a_post, change=partial(captioned, lines=3, height=0.085, has_box=True)),
    "same outlined caption": partial(_on_a_post, change=partial(captioned, lines=3, height=0.1, has_box=False)),
    "same meme lines": partial(_on_a_post, change=partial(meme, height=0.13)),
    "same meme panel": _meme_frame,
    "same logo": partial(_on_a_post, change=partial(logo_placed, share=0.6, opacity=0.7, is_central=True)),
    "same watermark": partial(_on_a_post, change=partial(watermarked, opacity=0.5, rows=10)),
    "same border": partial(_on_a_post, change=partial(bordered, share=0.12, fill="#b3202c")),
    "greeting card": _ornate,
    "magazine page": _scan,
    "products on white": _product,
}  # fmt: skip
"""Each shows a photo; the same chance gives the same surroundings."""
