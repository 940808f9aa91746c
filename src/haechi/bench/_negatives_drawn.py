# SPDX-License-Identifier: Apache-2.0
"""Drawn pictures with much in common: charts, gradients, skies, QR codes, maps, patterns."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from ._edits_edit import Surroundings
from ._edits_text import font

__all__ = ["DRAWINGS"]

_SERIES: Final = ("#3366cc", "#dc3912", "#ff9900", "#109618", "#990099")


def _axes(title: str) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    page = Image.new("RGB", (1000, 640), "white")
    pen = ImageDraw.Draw(page)
    pen.text((500, 40), title, "#222", font("bold", 26), anchor="mm")
    for row in range(6):
        y = 560 - row * 92
        pen.line(((90, y), (960, y)), "#e0e0e0", 1)
        pen.text((78, y), str(row * 20), "#555", font("plain", 16), anchor="rm")
    pen.line(((90, 90), (90, 560), (960, 560)), "#444", 2)
    return page, pen


def _bars(words: Surroundings) -> Image.Image:
    """A bar chart."""
    page, pen = _axes("Visitors by month")
    for place in range(12):
        x = 110 + place * 71
        pen.rectangle((x, 560 - words.whole(20, 460), x + 48, 559), fill=_SERIES[0])
        pen.text((x + 24, 582), "JFMAMJJASOND"[place], "#555", font("plain", 16), anchor="mm")
    return page


def _lines(words: Surroundings) -> Image.Image:
    """A line chart of three series."""
    page, pen = _axes("Temperature")
    for series in range(3):
        level = words.uniform(150, 500)
        way = []
        for x in range(90, 961, 15):
            level = min(555, max(95, level + words.uniform(-32, 32)))
            way.append((x, level))
        pen.line(way, _SERIES[series], 4, joint="curve")
        pen.text(
            (880, 110 + series * 26), f"series {series + 1}", _SERIES[series], font("plain", 16)
        )
    return page


def _pies(words: Surroundings) -> Image.Image:
    """A pie chart with its key."""
    page = Image.new("RGB", (900, 640), "white")
    pen = ImageDraw.Draw(page)
    pen.text((450, 40), "Share by region", "#222", font("bold", 26), anchor="mm")
    shares = words.rng.dirichlet([1.5] * 5)
    start = -90.0
    for place, share in enumerate(shares):
        pen.pieslice(
            (90, 90, 590, 590),
            start,
            start + share * 360,
            fill=_SERIES[place],
            outline="white",
            width=3,
        )
        start += share * 360
        pen.rectangle((660, 160 + place * 60, 690, 190 + place * 60), fill=_SERIES[place])
        pen.text(
            (704, 175 + place * 60),
            f"{'NSEWC'[place]}  {share:.0%}",
            "#333",
            font("plain", 20),
            anchor="lm",
        )
    return page


def _points(words: Surroundings) -> Image.Image:
    """A scatter plot."""
    page, pen = _axes("Height and weight")
    lean = words.uniform(-0.5, 0.5)
    for _ in range(150):
        x = words.uniform(100, 950)
        y = min(555, max(95, 330 + lean * (x - 520) + float(words.rng.normal(0, 70))))
        pen.ellipse((x - 5, y - 5, x + 5, y + 5), fill=words.one_of(_SERIES[:2]))
    return page


def _gradient(words: Surroundings) -> Image.Image:
    """A plain gradient between two colours, in some direction."""
    colours = words.rng.integers(0, 256, (2, 3)).astype(np.float64)
    angle = words.uniform(0, 2 * math.pi)
    x = np.linspace(-0.5, 0.5, 900)[None, :]
    y = np.linspace(-0.5, 0.5, 700)[:, None]
    share = np.clip(0.5 + x * math.cos(angle) + y * math.sin(angle), 0, 1)[:, :, None]
    return Image.fromarray((colours[0] * (1 - share) + colours[1] * share).astype(np.uint8))


def _sky(words: Surroundings) -> Image.Image:
    """A sky: blue above, paler below, with few soft clouds or none."""
    blue = np.array([words.uniform(40, 110), words.uniform(110, 160), words.uniform(190, 235)])
    pale = blue + (255 - blue) * words.uniform(0.4, 0.8)
    share = np.linspace(0, 1, 700)[:, None, None] ** words.uniform(0.7, 1.5)
    field = np.broadcast_to(blue * (1 - share) + pale * share, (700, 1000, 3))
    sky = Image.fromarray(field.astype(np.uint8))
    cloud = Image.new("L", (250, 175), 0)
    pen = ImageDraw.Draw(cloud)
    for _ in range(words.one_of((0, 2, 4))):
        x, y = words.uniform(10, 240), words.uniform(10, 165)
        for _ in range(9):
            dx, dy, size = words.uniform(-34, 34), words.uniform(-8, 8), words.uniform(5, 18)
            pen.ellipse(
                (x + dx - size, y + dy - size * 0.6, x + dx + size, y + dy + size * 0.6), fill=170
            )
    cloud = cloud.filter(ImageFilter.GaussianBlur(5)).resize(sky.size, Image.Resampling.BICUBIC)
    sky.paste("white", (0, 0), cloud)
    noise = words.rng.standard_normal((700, 1000, 1), np.float32) * 1.5
    return Image.fromarray(np.clip(np.asarray(sky) + noise, 0, 255).astype(np.uint8))


def _qr_like(words: Surroundings) -> Image.Image:
    """Random modules with the finder squares, timing lines and alignment square of a QR code."""
    count = 33
    modules = words.rng.random((count, count)) < 0.5
    for row, column in ((0, 0), (0, count - 7), (count - 7, 0)):
        top, left = max(0, row - 1), max(0, column - 1)
        modules[top : row + 8, left : column + 8] = False
        modules[row : row + 7, column : column + 7] = True
        modules[row + 1 : row + 6, column + 1 : column + 6] = False
        modules[row + 2 : row + 5, column + 2 : column + 5] = True
    modules[6, 8 : count - 8] = modules[8 : count - 8, 6] = np.arange(count - 16) % 2 == 0
    modules[count - 9 : count - 4, count - 9 : count - 4] = True
    modules[count - 8 : count - 5, count - 8 : count - 5] = False
    modules[count - 7, count - 7] = True
    code = Image.fromarray(np.where(modules, 0, 255).astype(np.uint8)).resize(
        (count * 20, count * 20), Image.Resampling.NEAREST
    )
    page = Image.new("RGB", (820, 820), "white")
    page.paste(code, (80, 80))
    return page


def _map(words: Surroundings) -> Image.Image:
    """A street map: roads of three widths, parks, a river, names."""
    page = Image.new("RGB", (1000, 800), "#f2efe9")
    pen = ImageDraw.Draw(page)
    for _ in range(5):
        x, y = words.uniform(0, 900), words.uniform(0, 700)
        pen.rectangle(
            (x, y, x + words.uniform(60, 200), y + words.uniform(60, 160)), fill="#c8e6b8"
        )
    river = [
        (x, 400 + 160 * math.sin(x / 190 + words.uniform(-0.3, 0.3))) for x in range(-20, 1041, 60)
    ]
    pen.line(river, "#a5cbe8", 44, joint="curve")
    for width, count, fill in ((10, 26, "#ffffff"), (16, 8, "#f7dfa0"), (24, 3, "#e89b8b")):
        for _ in range(count):
            angle = words.one_of((0.15, 1.72, 0.6)) + words.uniform(-0.08, 0.08)
            x, y = words.uniform(0, 1000), words.uniform(0, 800)
            reach = words.uniform(150, 1200)
            dx, dy = math.cos(angle) * reach, math.sin(angle) * reach
            ends = ((x - dx, y - dy), (x + dx, y + dy))
            pen.line(ends, "#b9b2a6", width + 3)
            pen.line(ends, fill, width)
    for _ in range(14):
        place = (words.uniform(20, 860), words.uniform(20, 760))
        pen.text(
            place,
            words.one_of(("Mill Lane", "Station", "Park Street", "Harbour", "School")),
            "#555",
            font("plain", 15),
        )
    return page


def _tiles(words: Surroundings) -> Image.Image:
    """A repeated pattern, such as tiles or wallpaper: a motif, another size, slant and colour."""
    page = Image.new("RGB", (900, 900), words.one_of(("#f4f1de", "#e8eef2", "#f9e4d4")))
    pen = ImageDraw.Draw(page)
    pitch, ink = words.uniform(60, 120), words.one_of(_SERIES)
    slant = words.uniform(0, math.pi / 2)
    sides, turn = words.one_of((3, 4, 5, 6, 8)), words.uniform(0, 90)
    for row in range(-30, 31):
        for column in range(-30, 31):
            along, across = (column + 0.5 * (row % 2)) * pitch, row * pitch
            x = 450 + along * math.cos(slant) - across * math.sin(slant)
            y = 450 + along * math.sin(slant) + across * math.cos(slant)
            if -pitch < x < 900 + pitch and -pitch < y < 900 + pitch:
                pen.regular_polygon((x, y, pitch * 0.36), sides, turn, ink)
                pen.ellipse((x - 6, y - 6, x + 6, y + 6), fill="white")
    return page


DRAWINGS: Final[dict[str, Callable[[Surroundings], Image.Image]]] = {
    "bar charts": _bars,
    "line charts": _lines,
    "pie charts": _pies,
    "scatter plots": _points,
    "gradients": _gradient,
    "drawn skies": _sky,
    "QR codes": _qr_like,
    "maps": _map,
    "tiles": _tiles,
}
"""Each draws one more picture of its kind."""
