# SPDX-License-Identifier: Apache-2.0
"""Edits that mark the photo as somebody's: a site's logo in a corner, a watermark all over it."""

from __future__ import annotations

from functools import partial
from typing import Final

from PIL import Image, ImageDraw

from ._edits_edit import Edit, Strength, Surroundings, percent
from ._edits_text import drawn_text

__all__ = ["drawn_logo", "logo_placed", "mark_edits", "watermarked"]

_NAMES: Final = ("pixnook", "FOTOLY", "snapharbor", "daily mirrorball", "@greenkettle", "Lumenfox")
"""Invented names, so that the suite copies nobody's mark."""

_COLOURS: Final = ((230, 60, 60), (30, 120, 220), (20, 160, 110), (240, 150, 20), (120, 60, 190))


def drawn_logo(around: Surroundings, width_px: int) -> Image.Image:
    """A shape and an invented name beside it, transparent around them, `width_px` wide."""
    colour = around.one_of(_COLOURS)
    height = 96
    words = drawn_text(around.one_of(_NAMES), 64, (255, 255, 255), outline=(40, 40, 40))
    paper = Image.new("RGBA", (height + 20 + words.width, height), (*colour, 0))
    pen = ImageDraw.Draw(paper)
    shape = around.whole(0, 3)
    if shape == 0:
        pen.ellipse((4, 4, 92, 92), fill=colour)
        pen.polygon(((36, 26), (36, 70), (72, 48)), fill="white")
    elif shape == 1:
        pen.rounded_rectangle((4, 4, 92, 92), 22, fill=colour)
        pen.ellipse((26, 26, 70, 70), outline="white", width=9)
    elif shape == 2:
        pen.polygon(((48, 2), (94, 92), (2, 92)), fill=colour)
        pen.line(((48, 34), (48, 78)), "white", 9)
    else:
        pen.rectangle((4, 4, 46, 46), fill=colour)
        pen.rectangle((50, 50, 92, 92), fill=colour)
    paper.paste(words, (height + 16, (height - words.height) // 2), words)
    return paper.resize(
        (max(8, width_px), max(4, round(width_px * height / paper.width))), Image.Resampling.LANCZOS
    )


def _faint(picture: Image.Image, opacity: float) -> Image.Image:
    """The same with its opacity times a number."""
    alpha = picture.getchannel("A").point([round(level * opacity) for level in range(256)])
    done = picture.copy()
    done.putalpha(alpha)
    return done


def logo_placed(
    photo: Image.Image, around: Surroundings, *, share: float, opacity: float, is_central: bool
) -> Image.Image:
    """A logo `share` of the photo's width wide, in a corner or across the middle."""
    logo = _faint(drawn_logo(around, round(photo.width * share)), opacity)
    room_x, room_y = photo.width - logo.width, photo.height - logo.height
    across, down = (
        (0.5, 0.5)
        if is_central
        else around.one_of(((0.03, 0.04), (0.97, 0.04), (0.03, 0.96), (0.97, 0.96)))
    )
    done = photo.copy()
    done.paste(logo, (round(room_x * across), round(room_y * down)), logo)
    return done


def watermarked(
    photo: Image.Image, around: Surroundings, *, opacity: float, rows: int
) -> Image.Image:
    """A name repeated in slanting rows over the whole photo, so many rows from top to bottom."""
    pitch = max(photo.size) / rows
    size_px = round(pitch * 0.42)
    words = drawn_text(around.one_of(_NAMES), size_px, (255, 255, 255), "bold", outline=(0, 0, 0))
    words = _faint(words, opacity)
    reach = round((photo.width**2 + photo.height**2) ** 0.5)
    sheet = Image.new("RGBA", (reach, reach), (255, 255, 255, 0))
    step = words.width + round(pitch * 0.6)
    for row in range(int(reach / pitch) + 1):
        shift = -(row % 2) * step // 2
        for column in range(reach // step + 2):
            sheet.paste(words, (shift + column * step, round(row * pitch)))
    angle = around.one_of((-1, 1)) * around.uniform(20, 40)
    sheet = sheet.rotate(angle, Image.Resampling.BILINEAR)
    left, top = (reach - photo.width) // 2, (reach - photo.height) // 2
    sheet = sheet.crop((left, top, left + photo.width, top + photo.height))
    done = photo.copy()
    done.paste(sheet, (0, 0), sheet)
    return done


def mark_edits() -> list[Edit]:
    """Logo and tiled watermark."""
    light, middle, strong = Strength
    logos = ((light, 0.12, 1.0, False), (middle, 0.25, 1.0, False), (strong, 0.6, 0.6, True))
    sheets = ((light, 0.15, 7), (middle, 0.35, 9), (strong, 0.7, 14))
    return [
        *(
            Edit(
                "logo",
                strength,
                f"logo {percent(share)}" + (" across" if is_central else " in a corner"),
                partial(logo_placed, share=share, opacity=opacity, is_central=is_central),
            )
            for strength, share, opacity, is_central in logos
        ),
        *(
            Edit(
                "tiled watermark",
                strength,
                f"{rows} rows at {percent(opacity)}",
                partial(watermarked, opacity=opacity, rows=rows),
            )
            for strength, opacity, rows in sheets
        ),
    ]
