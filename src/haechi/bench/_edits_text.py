# SPDX-License-Identifier: Apache-2.0
"""Words drawn on pictures, with the fonts that matplotlib carries."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

import matplotlib as mpl
from PIL import Image, ImageDraw, ImageFont

from ._edits_hangul import hangul_mask

__all__ = ["STYLES", "drawn_hangul", "drawn_text", "font"]

STYLES: Final = {
    "plain": "DejaVuSans.ttf",
    "bold": "DejaVuSans-Bold.ttf",
    "mono": "DejaVuSansMono.ttf",
    "serif": "DejaVuSerif.ttf",
    "serif bold": "DejaVuSerif-Bold.ttf",
    "serif italic": "DejaVuSerif-Italic.ttf",
    "book": "STIXGeneral.ttf",
    "book italic": "STIXGeneralItalic.ttf",
}


@functools.lru_cache(maxsize=256)
def font(style: str, size_px: int) -> ImageFont.FreeTypeFont:
    """The font of a style. Simple layout: the same letters on every machine, with or without Raqm."""
    path = Path(mpl.get_data_path()) / "fonts" / "ttf" / STYLES[style]
    return ImageFont.truetype(str(path), max(4, size_px), layout_engine=ImageFont.Layout.BASIC)


def drawn_text(
    text: str,
    size_px: int,
    colour: tuple[int, int, int],
    style: str = "bold",
    *,
    outline: tuple[int, int, int] | None = None,
    align: str = "center",
) -> Image.Image:
    """The text alone, transparent around it, as large as its letters."""
    letters = font(style, size_px)
    stroke = max(1, size_px // 12) if outline else 0
    ruler = ImageDraw.Draw(Image.new("L", (1, 1)))
    spacing = size_px * 0.25
    left, top, right, bottom = ruler.multiline_textbbox(
        (0, 0), text, letters, spacing=spacing, stroke_width=stroke
    )
    size = (max(1, round(right - left)), max(1, round(bottom - top)))
    paper = Image.new("RGBA", size, (*(outline or colour), 0))
    ImageDraw.Draw(paper).multiline_text(
        (-left, -top),
        text,
        colour,
        letters,
        spacing=spacing,
        align=align,
        stroke_width=stroke,
        stroke_fill=outline,
    )
    return paper


def drawn_hangul(
    text: str,
    size_px: int,
    colour: tuple[int, int, int],
    *,
    outline: tuple[int, int, int] | None = None,
) -> Image.Image:
    """Korean text alone, transparent around it, its lines centred."""
    inner = hangul_mask(text, size_px)
    paper = Image.new("RGBA", inner.size, (*(outline or colour), 0))
    if outline:
        paper.paste((*outline, 255), (0, 0), hangul_mask(text, size_px, thickness=0.2))
    paper.paste((*colour, 255), (0, 0), inner)
    return paper
