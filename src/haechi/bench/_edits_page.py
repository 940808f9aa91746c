# SPDX-License-Identifier: Apache-2.0
"""A desktop browser window with a page of an invented news site that shows a photo."""

from __future__ import annotations

from typing import Final

from PIL import Image, ImageDraw

from ._edits_canvas import covering
from ._edits_edit import Surroundings
from ._edits_icon import icon
from ._edits_phone import Pen
from ._edits_text import font
from ._edits_words import paragraph, sentence, wrapped

__all__ = ["browser_page"]

_WIDTH, _HEIGHT = 1440, 900
_SITES: Final = (
    ("The Harbour Post", "harbourpost.example", "#8c1d18"),
    ("daily lantern", "dailylantern.example", "#0b5d7a"),
    ("Fieldnotes", "fieldnotes.example", "#2e5d34"),
)


def browser_page(photo: Image.Image, words: Surroundings, *, column: float) -> Image.Image:
    """A screenshot of an article: the photo `column` of the window wide, text under and beside it.

    The photo never changes what is drawn from `words`.
    """
    page = Image.new("RGB", (_WIDTH, _HEIGHT), "white")
    pen = ImageDraw.Draw(page)
    title, address, colour = words.one_of(_SITES)
    _window(pen, title, address)
    pen.rectangle((0, 92, _WIDTH, 172), fill=colour)
    pen.text((70, 132), title, "white", font("serif bold", 36), anchor="lm")
    for place, word in enumerate(("Home", "World", "Culture", "Science", "Weather")):
        pen.text((560 + place * 140, 132), word, "white", font("plain", 18), anchor="lm")
    left = 70
    pen.text((left, 200), sentence(words).capitalize(), "#111", font("serif bold", 34))
    byline = f"By {words.one_of(('A. Moreau', 'Lena Park', 'T. Osei'))} · {words.whole(2, 55)} minutes ago"
    pen.text((left, 256), byline, "#777", font("plain", 15))
    side_text = paragraph(words, 14)
    body = [paragraph(words, 6) for _ in range(5)]
    _side_column(page, pen, words)
    width = round(_WIDTH * column)
    shape = min(0.8, max(0.45, photo.height / photo.width))
    shown = covering(photo, width, round(width * shape))
    page.paste(shown, (left, 294))
    pen.text(
        (left, 300 + shown.height), "Photo: from our archive", "#888", font("serif italic", 14)
    )
    if column < 0.4:
        _text(pen, side_text, left + width + 24, 290, 560 - width // 2, 300 + shown.height)
    _text(pen, "\n".join(body), left, 334 + shown.height, 880, _HEIGHT)
    return page


def _window(pen: Pen, title: str, address: str) -> None:
    """Tabs and address bar."""
    pen.rectangle((0, 0, _WIDTH, 44), fill="#dee1e6")
    pen.rounded_rectangle((88, 8, 340, 60), 12, fill="#ffffff")
    pen.text((130, 27), title, "#333", font("plain", 14), anchor="lm")
    pen.ellipse((102, 18, 118, 34), fill="#c0392b")
    pen.rectangle((0, 44, _WIDTH, 92), fill="#ffffff")
    for place, ink in enumerate(("#ff5f57", "#febc2e", "#28c840")):
        pen.ellipse((14 + place * 22, 15, 28 + place * 22, 29), fill=ink)
    icon(pen, "back", 34, 68, 18, "#555")
    icon(pen, "circle", 72, 68, 18, "#555")
    pen.rounded_rectangle((110, 52, 1300, 84), 16, fill="#f1f3f4")
    pen.text(
        (132, 68), f"https://www.{address}/today/article", "#444", font("plain", 14), anchor="lm"
    )
    icon(pen, "more", 1410, 68, 18, "#555")


def _side_column(page: Image.Image, pen: Pen, words: Surroundings) -> None:
    """Most read, with small pictures."""
    pen.line(((990, 200), (990, _HEIGHT)), "#ddd", 1)
    pen.text((1020, 200), "Most read", "#111", font("bold", 20))
    for place, other in enumerate(words.different_others(6)):
        top = 246 + place * 110
        page.paste(covering(other, 120, 84), (1020, top))
        for row, line in enumerate(wrapped(sentence(words).capitalize(), 24)[:3]):
            pen.text((1154, top + row * 24), line, "#222", font("plain", 16))


def _text(pen: Pen, text: str, left: int, top: int, width: int, bottom: int) -> None:
    """Running text in a column, as far as it goes."""
    y = top
    for part in text.split("\n"):
        for line in wrapped(part, width // 9):
            if y > bottom:
                return
            pen.text((left, y), line, "#222", font("serif", 16))
            y += 26
        y += 12
