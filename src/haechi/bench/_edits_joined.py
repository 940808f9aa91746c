# SPDX-License-Identifier: Apache-2.0
"""Edits that set the photo beside or inside other photos: collages and picture-in-picture."""

from __future__ import annotations

from functools import partial
from typing import Final

from PIL import Image, ImageOps

from ._edits_canvas import covering, fitted
from ._edits_edit import Change, Edit, Strength, Surroundings, percent

__all__ = ["collage", "inset", "joined_edits"]

_Box = tuple[float, float, float, float]

_LAYOUTS: Final[dict[str, tuple[_Box, ...]]] = {
    "2 beside": ((0, 0, 0.5, 1), (0.5, 0, 1, 1)),
    "2 stacked": ((0, 0, 1, 0.5), (0, 0.5, 1, 1)),
    "3 in a row": ((0, 0, 1 / 3, 1), (1 / 3, 0, 2 / 3, 1), (2 / 3, 0, 1, 1)),
    "3, one large": ((0, 0, 0.62, 1), (0.62, 0, 1, 0.5), (0.62, 0.5, 1, 1)),
    "4 in a square": ((0, 0, 0.5, 0.5), (0.5, 0, 1, 0.5), (0, 0.5, 0.5, 1), (0.5, 0.5, 1, 1)),
    "6 in a grid": tuple(
        (column / 3, row / 2, (column + 1) / 3, (row + 1) / 2)
        for row in range(2)
        for column in range(3)
    ),
}
"""Boxes of the tiles as shares of the collage."""

_SHAPES: Final = {"2 beside": (1280, 720), "2 stacked": (900, 1200), "3 in a row": (1500, 720)}


def collage(photo: Image.Image, around: Surroundings, *, layout: str, gap_px: int) -> Image.Image:
    """The photo in one tile of a collage, unrelated photos in the others; each cut to its tile."""
    width, height = _SHAPES.get(layout, (1280, 1280))
    boxes = _LAYOUTS[layout]
    own = around.whole(0, len(boxes) - 1)
    tiles = around.different_others(len(boxes) - 1)
    tiles.insert(own, photo)
    done = Image.new("RGB", (width, height), around.one_of(("white", "black", "#f3e9dc")))
    for tile, box in zip(tiles, boxes, strict=True):
        left, top, right, bottom = (
            round(share * side) for share, side in zip(box, (width, height) * 2, strict=True)
        )
        size = (right - left - gap_px, bottom - top - gap_px)
        done.paste(covering(tile, *size), (left + gap_px // 2, top + gap_px // 2))
    return done


def _compared(photo: Image.Image, around: Surroundings) -> Image.Image:
    """Two whole photos of the same height side by side, nothing cut away."""
    other = around.other()
    height = 640
    pair = [
        picture.resize((max(1, round(picture.width * height / picture.height)), height))
        for picture in ((photo, other) if around.chance(0.5) else (other, photo))
    ]
    done = Image.new("RGB", (pair[0].width + pair[1].width, height))
    done.paste(pair[0], (0, 0))
    done.paste(pair[1], (pair[0].width, 0))
    return done


def inset(photo: Image.Image, around: Surroundings, *, area: float) -> Image.Image:
    """The whole photo on another one, on the share `area` of its area, sometimes with a thin frame."""
    ground = around.other()
    ground = fitted(ground, 1280, 1280)
    factor = (area * ground.width * ground.height / (photo.width * photo.height)) ** 0.5
    factor = min(factor, 0.96 * ground.width / photo.width, 0.96 * ground.height / photo.height)
    size = (max(8, round(photo.width * factor)), max(8, round(photo.height * factor)))
    small = photo.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)
    if around.chance(0.4):
        small = ImageOps.expand(small, max(2, size[0] // 60), "white")
    x = round((ground.width - small.width) * around.uniform(0.05, 0.95))
    y = round((ground.height - small.height) * around.uniform(0.05, 0.95))
    ground.paste(small, (x, y))
    return ground


def joined_edits() -> list[Edit]:
    """Collage and picture-in-picture."""
    light, middle, strong = Strength
    collages: tuple[tuple[Strength, str, int], ...] = (
        (light, "2 beside", 0),
        (light, "2 stacked", 12),
        (middle, "3 in a row", 16),
        (middle, "3, one large", 8),
        (strong, "4 in a square", 14),
        (strong, "6 in a grid", 10),
    )
    whole: Change = _compared
    return [
        *(
            Edit(
                "collage",
                strength,
                f"collage of {layout}",
                partial(collage, layout=layout, gap_px=gap_px),
            )
            for strength, layout, gap_px in collages
        ),
        Edit("collage", light, "collage of two whole photos", whole),
        *(
            Edit(
                "picture-in-picture",
                strength,
                f"on {percent(area)} of another photo",
                partial(inset, area=area),
            )
            for strength, area in ((light, 0.4), (middle, 0.15), (strong, 0.05))
        ),
    ]
