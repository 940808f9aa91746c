# SPDX-License-Identifier: Apache-2.0
"""Pages of text that look alike and say different things: letters, forms, receipts, tables, slides, code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PIL import Image, ImageDraw

from ._edits_edit import Surroundings
from ._edits_text import font
from ._edits_words import paragraph, sentence, wrapped

__all__ = ["PAPERS"]

_INK: Final = "#1a1a1a"
_WORDS: Final = (
    "total",
    "index",
    "count",
    "result",
    "value",
    "items",
    "offset",
    "state",
    "buffer",
    "node",
)


def _letter(words: Surroundings) -> Image.Image:
    """One letterhead, one layout; another text, date and name."""
    page = Image.new("RGB", (900, 1273), "white")
    pen = ImageDraw.Draw(page)
    pen.rectangle((80, 70, 150, 140), fill="#234b7a")
    pen.text((170, 88), "Northgate Housing Office", "#234b7a", font("serif bold", 28))
    pen.line(((80, 160), (820, 160)), "#234b7a", 3)
    pen.text(
        (820, 190),
        f"{words.whole(1, 28)} May {words.whole(2001, 2029)}",
        _INK,
        font("serif", 18),
        anchor="ra",
    )
    pen.text(
        (80, 250), f"Our reference {words.whole(10_000, 99_999)}", _INK, font("serif bold", 18)
    )
    y = 310
    for _ in range(words.whole(3, 5)):
        for line in wrapped(paragraph(words, words.whole(4, 7)), 70):
            pen.text((80, y), line, _INK, font("serif", 18))
            y += 28
        y += 18
    pen.text((80, 1120), "Yours sincerely,", _INK, font("serif", 18))
    pen.line(
        [(80 + step * 14, 1180 + words.whole(-18, 18)) for step in range(14)],
        "#223",
        3,
        joint="curve",
    )
    return page


def _article(words: Surroundings) -> Image.Image:
    """A page of a paper in two columns."""
    page = Image.new("RGB", (900, 1200), "white")
    pen = ImageDraw.Draw(page)
    pen.text((450, 70), sentence(words).title(), _INK, font("book", 34), anchor="mm")
    pen.text((450, 120), "A. Author, B. Author", _INK, font("book italic", 20), anchor="mm")
    for left in (60, 470):
        y = 180
        while y < 1120:
            pen.text(
                (left, y),
                f"{words.whole(1, 6)} {words.one_of(_WORDS).title()}",
                _INK,
                font("bold", 15),
            )
            y += 26
            for line in wrapped(paragraph(words, words.whole(4, 8)), 48):
                pen.text((left, y), line, _INK, font("book", 16))
                y += 20
            y += 14
    return page.crop((0, 0, 900, 1160))


def _receipt(words: Surroundings) -> Image.Image:
    """A shop's receipt: the same head, other goods and prices."""
    page = Image.new("RGB", (520, 1000), "#f7f5ef")
    pen = ImageDraw.Draw(page)
    pen.text((260, 60), "GREENKETTLE MARKET", _INK, font("mono", 30), anchor="mm")
    pen.text((260, 100), "14 Mill Lane  tel 555-0142", _INK, font("mono", 20), anchor="mm")
    pen.text((40, 150), "=" * 36, _INK, font("mono", 20))
    goods = (
        "milk",
        "bread",
        "apples",
        "rice 1kg",
        "tea",
        "soap",
        "eggs",
        "onions",
        "noodles",
        "cheese",
    )
    total = 0
    for row in range(14):
        price = words.whole(89, 1999)
        total += price
        pen.text((40, 190 + row * 40), words.one_of(goods), _INK, font("mono", 22))
        pen.text((480, 190 + row * 40), f"{price / 100:.2f}", _INK, font("mono", 22), anchor="ra")
    pen.text((40, 780), f"TOTAL {total / 100:>21.2f}", _INK, font("mono", 28))
    at = 60
    while at < 460:
        width = words.one_of((3, 3, 6, 9))
        pen.rectangle((at, 850, at + width, 940), fill=_INK)
        at += width + words.one_of((3, 6))
    return page


def _form(words: Surroundings) -> Image.Image:
    """An official form filled in by hand."""
    page = Image.new("RGB", (900, 1200), "white")
    pen = ImageDraw.Draw(page)
    pen.rectangle((60, 60, 840, 1140), outline=_INK, width=3)
    pen.text((450, 110), "APPLICATION FOR A LIBRARY CARD", _INK, font("bold", 28), anchor="mm")
    for row, label in enumerate(
        ("Family name", "Given name", "Street", "Town", "Telephone", "Born on", "Since", "Notes")
    ):
        top = 170 + row * 115
        pen.rectangle((90, top, 810, top + 95), outline="#555", width=2)
        pen.text((100, top + 6), label, "#555", font("plain", 16))
        answer = words.one_of((sentence(words)[:24], str(words.whole(10_000, 9_999_999))))
        pen.text((130, top + 40), answer, "#1b2f8a", font("book italic", 36))
    return page


def _table(words: Surroundings) -> Image.Image:
    """A sheet of numbers."""
    page = Image.new("RGB", (1200, 800), "white")
    pen = ImageDraw.Draw(page)
    pen.rectangle((0, 0, 1200, 40), fill="#217a4b")
    pen.text((20, 20), "budget.sheet", "white", font("plain", 18), anchor="lm")
    for row in range(24):
        for column in range(9):
            left, top = 40 + column * 130, 40 + row * 32
            pen.rectangle(
                (left, top, left + 130, top + 32), "#eef4f0" if row == 0 else None, "#c8c8c8"
            )
            text = (
                words.one_of(_WORDS) if row == 0 or column == 0 else f"{words.whole(0, 99_999):,}"
            )
            pen.text((left + 122, top + 16), text, _INK, font("plain", 16), anchor="rm")
    return page


def _slide(words: Surroundings) -> Image.Image:
    """A slide of one template."""
    page = Image.new("RGB", (1280, 720), "white")
    pen = ImageDraw.Draw(page)
    pen.polygon(((0, 0), (1280, 0), (1280, 110), (0, 170)), fill="#5b2a86")
    pen.ellipse((1120, 560, 1360, 800), fill="#f0a202")
    pen.text((60, 70), sentence(words).capitalize(), "white", font("bold", 40), anchor="lm")
    for row in range(words.whole(3, 5)):
        pen.ellipse((80, 236 + row * 84, 96, 252 + row * 84), fill="#5b2a86")
        pen.text((120, 244 + row * 84), sentence(words), _INK, font("plain", 30), anchor="lm")
    pen.text(
        (60, 690),
        f"Quarterly meeting   {words.whole(1, 60)}",
        "#888",
        font("plain", 18),
        anchor="lm",
    )
    return page


def _code(words: Surroundings, *, is_dark: bool) -> Image.Image:
    """A code editor: the same window, other code."""
    ground, ink, faint = (
        ("#1e1f29", "#e6e6e6", "#6c7086") if is_dark else ("#fdfdfd", "#24292f", "#9aa0a6")
    )
    page = Image.new("RGB", (1280, 800), ground)
    pen = ImageDraw.Draw(page)
    pen.rectangle((0, 0, 220, 800), fill="#15161d" if is_dark else "#f0f0f0")
    for row, name in enumerate(("src", "  main", "  index", "  parser", "tests", "readme")):
        pen.text((20, 60 + row * 30), name, faint, font("mono", 16))
    depth = 0
    letters = font("mono", 18)
    colours = ("#c678dd", "#61afef", "#98c379", ink, "#d19a66")
    for row in range(29):
        depth = min(4, max(0, depth + words.whole(-1, 1)))
        pen.text((262, 50 + row * 25), str(row + 1), faint, letters, anchor="ra")
        x = 290.0 + depth * 40
        for _ in range(words.whole(0, 5)):
            token = words.one_of(
                (*_WORDS, "return", "if", "for", "=", "()", "->", "None", "+ 1", "self.")
            )
            pen.text((x, 50 + row * 25), token, words.one_of(colours), letters)
            x += letters.getlength(token) + 11
    return page


def _code_dark(words: Surroundings) -> Image.Image:
    """A dark code editor."""
    return _code(words, is_dark=True)


def _code_light(words: Surroundings) -> Image.Image:
    """A light code editor."""
    return _code(words, is_dark=False)


PAPERS: Final[dict[str, Callable[[Surroundings], Image.Image]]] = {
    "letters": _letter,
    "articles": _article,
    "receipts": _receipt,
    "forms": _form,
    "tables": _table,
    "slides": _slide,
    "code, dark": _code_dark,
    "code, light": _code_light,
}
"""Each draws one more page of its kind: the same layout, other words."""
