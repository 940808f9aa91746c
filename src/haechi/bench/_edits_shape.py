# SPDX-License-Identifier: Apache-2.0
"""Edits of shape: stretched, cropped, mirrored, turned, seen at an angle."""

from __future__ import annotations

from functools import partial

from PIL import Image

from ._edits_canvas import Quad, turned, warped
from ._edits_edit import Edit, Strength, Surroundings, percent

__all__ = ["cropped_centre", "cropped_corner", "mirrored", "rotated", "shape_edits"]

_Colour = tuple[int, int, int]


def _stretched(photo: Image.Image, around: Surroundings, *, factor: float) -> Image.Image:
    width, height = photo.size
    if around.chance(0.5):
        width = round(width * factor)
    else:
        height = round(height * factor)
    return photo.resize((width, height), Image.Resampling.LANCZOS)


def _squared(photo: Image.Image, _around: Surroundings) -> Image.Image:
    """Squeezed to a square; a photo that is one already is squeezed to 4:3."""
    shorter, longer = min(photo.size), max(photo.size)
    size = (shorter, round(shorter * 0.75)) if longer < shorter * 1.1 else (shorter, shorter)
    return photo.resize(size, Image.Resampling.LANCZOS)


def cropped_centre(photo: Image.Image, around: Surroundings, *, cut: float) -> Image.Image:
    """The share `cut` of each side taken away, about evenly around the middle."""
    across = cut * around.uniform(0.35, 0.65)
    down = cut * around.uniform(0.35, 0.65)
    return _cut_out(photo, across, down, 1 - cut)


def cropped_corner(photo: Image.Image, around: Surroundings, *, cut: float) -> Image.Image:
    """The share `cut` of each side taken away, so that one corner of the photo stays."""
    return _cut_out(photo, around.one_of((0.0, cut)), around.one_of((0.0, cut)), 1 - cut)


def _cut_out(photo: Image.Image, left: float, top: float, kept: float) -> Image.Image:
    width, height = (max(1, round(side * kept)) for side in photo.size)
    x, y = round(photo.width * left), round(photo.height * top)
    return photo.crop((x, y, min(x + width, photo.width), min(y + height, photo.height)))


def mirrored(photo: Image.Image, _around: Surroundings) -> Image.Image:
    """Left and right exchanged."""
    return photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def _transposed(photo: Image.Image, _around: Surroundings, *, way: Image.Transpose) -> Image.Image:
    return photo.transpose(way)


def rotated(
    photo: Image.Image, around: Surroundings, *, degrees: float, corners: _Colour | None
) -> Image.Image:
    """Turned to the left or the right. Empty corners are filled, or with None cropped away."""
    angle = degrees * around.uniform(0.85, 1.15) * around.one_of((-1, 1))
    if corners is None:
        return turned(photo, angle)
    return photo.rotate(
        angle, Image.Resampling.BICUBIC, expand=around.chance(0.5), fillcolor=corners
    )


def _corners(photo: Image.Image) -> Quad:
    width, height = photo.size
    return ((0, 0), (width, 0), (width, height), (0, height))


def _bent(photo: Image.Image, around: Surroundings, *, by: float) -> Image.Image:
    """Each corner cut in by up to `by` of the side, on its own; the frame stays full."""
    source = tuple(
        (
            x + (1 if x == 0 else -1) * photo.width * around.uniform(0, by),
            y + (1 if y == 0 else -1) * photo.height * around.uniform(0, by),
        )
        for x, y in _corners(photo)
    )
    return warped(photo, _corners(photo), source)


def _keystone(photo: Image.Image, around: Surroundings, *, by: float) -> Image.Image:
    """Photographed from one side: that far edge is shorter, and what lies beside it is flat."""
    width, height = photo.size
    far, depth = around.uniform(0.8, 1.0) * by, around.uniform(0.2, 0.5) * by
    side = around.one_of(("left", "right", "top", "bottom"))
    across, down = width * far / 2, height * far / 2
    inward_x, inward_y = width * depth, height * depth
    seen: dict[str, Quad] = {
        "left": ((inward_x, down), (width, 0), (width, height), (inward_x, height - down)),
        "right": ((0, 0), (width - inward_x, down), (width - inward_x, height - down), (0, height)),
        "top": ((across, inward_y), (width - across, inward_y), (width, height), (0, height)),
        "bottom": (
            (0, 0),
            (width, 0),
            (width - across, height - inward_y),
            (across, height - inward_y),
        ),
    }
    fill = around.one_of(((0, 0, 0), (255, 255, 255), (92, 84, 76)))
    return warped(photo, seen[side], _corners(photo), fill=fill)


def _crop_edits() -> list[Edit]:
    strengths = {0.05: Strength.LIGHT, 0.1: Strength.LIGHT, 0.25: Strength.MIDDLE}
    edits = []
    for where, change in (("centre", cropped_centre), ("corner", cropped_corner)):
        for cut in (0.05, 0.1, 0.25, 0.5, 0.7):
            strength = strengths.get(cut, Strength.STRONG)
            name = f"crop {percent(cut)} of each side, {where}"
            edits.append(Edit(f"crop {where}", strength, name, partial(change, cut=cut)))
    return edits


def _turn_edits() -> list[Edit]:
    ways = {
        "mirrored": Image.Transpose.FLIP_LEFT_RIGHT,
        "upside down mirrored": Image.Transpose.FLIP_TOP_BOTTOM,
        "turned 90°": Image.Transpose.ROTATE_90,
        "turned 180°": Image.Transpose.ROTATE_180,
        "turned 270°": Image.Transpose.ROTATE_270,
    }
    return [
        Edit("mirror and turn", Strength.MIDDLE, name, partial(_transposed, way=way))
        for name, way in ways.items()
    ]


def _rotate_edits() -> list[Edit]:
    black, white = (0, 0, 0), (255, 255, 255)
    members: tuple[tuple[Strength, int, str, _Colour | None], ...] = (
        (Strength.LIGHT, 1, "cropped", None),
        (Strength.LIGHT, 1, "black corners", black),
        (Strength.MIDDLE, 3, "cropped", None),
        (Strength.MIDDLE, 3, "white corners", white),
        (Strength.MIDDLE, 10, "cropped", None),
        (Strength.STRONG, 10, "black corners", black),
        (Strength.STRONG, 30, "cropped", None),
        (Strength.STRONG, 30, "white corners", white),
    )
    return [
        Edit(
            "rotate",
            strength,
            f"rotated {degrees}°, {how}",
            partial(rotated, degrees=degrees, corners=corners),
        )
        for strength, degrees, how, corners in members
    ]


def shape_edits() -> list[Edit]:
    """Aspect, crops, mirror and turn, rotate, perspective."""
    light, middle, strong = Strength
    edits = [
        Edit("aspect", strength, f"stretched to {factor}", partial(_stretched, factor=factor))
        for strength, factor in ((light, 0.9), (middle, 0.8), (strong, 0.67))
    ]
    edits.append(Edit("aspect", strong, "squeezed to a square", _squared))
    edits += _crop_edits() + _turn_edits() + _rotate_edits()
    for strength, by in ((light, 0.05), (middle, 0.12), (strong, 0.25)):
        pulled, aside = f"corners pulled {percent(by)}", f"seen from a side {percent(by)}"
        edits += [
            Edit("perspective", strength, pulled, partial(_bent, by=by)),
            Edit("perspective", strength, aside, partial(_keystone, by=by)),
        ]
    return edits
