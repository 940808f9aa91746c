# SPDX-License-Identifier: Apache-2.0
"""A made-up scene with depth, photographed more than once: parallax, other light, things that move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from ._edits_canvas import covering
from ._edits_edit import Surroundings
from ._edits_region import region_mask

__all__ = [
    "Camera",
    "Light",
    "Scene",
    "Thing",
    "outline",
    "photographed",
    "some_scene",
    "some_thing",
]

_VIEW: Final = (1200, 900)
_MARGIN: Final = 0.12
"""How far the far ground reaches beyond a straight view, as a share of it."""

_CELLS: Final = (40, 30)

_OUTLINES: Final = {"figure": 0.42, "box": 0.8, "tree": 0.7}
"""Width by height."""

_Field = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that stands in the scene: a cut-out, where its foot is, and how near it stands."""

    cut_out: Image.Image
    x: float
    y: float
    nearness: float


@dataclass(frozen=True, slots=True)
class Scene:
    """A far ground with relief, and things before it, the farthest first."""

    ground: Image.Image
    nearness: _Field
    things: tuple[Thing, ...]


@dataclass(frozen=True, slots=True)
class Camera:
    """Where a photograph is taken from: steps aside as a share of the view at nearness 1."""

    across: float = 0.0
    down: float = 0.0
    zoom: float = 1.0
    roll_degrees: float = 0.0


@dataclass(frozen=True, slots=True)
class Light:
    """How a photograph is exposed, and with how much noise (levels of 255)."""

    exposure: float = 1.0
    gamma: float = 1.0
    warmth: float = 0.0
    slant: float = 0.0
    shadow: float = 0.0
    noise: float = 2.0


def _relief(around: Surroundings) -> _Field:
    """How near each part of the ground is, 0–0.7: the lower the nearer, with hills and steps."""
    across, down = _CELLS[0] + 1, _CELLS[1] + 1
    field = 0.35 * np.linspace(0, 1, down)[:, None] ** 1.5 * np.ones((1, across))
    for cells, height in ((4, 0.2), (8, 0.12), (16, 0.06)):
        rough = around.rng.random((cells, cells), np.float32)
        smooth = Image.fromarray(rough).resize((across, down), Image.Resampling.BICUBIC)
        field = field + height * np.asarray(smooth, np.float64)
    return field


def some_thing(
    photo: Image.Image, around: Surroundings, *, height: float, nearness: float
) -> Thing:
    """A figure, a box or a tree, with a photo for its surface, `height` of the view high."""
    tall = round(_VIEW[1] * height)
    kind = around.one_of(tuple(_OUTLINES))
    wide = round(tall * around.uniform(0.85, 1.15) * _OUTLINES[kind])
    # A small part of the photo is its surface: a whole one would be a poster of that photo.
    where = (around.uniform(0, 1), around.uniform(0, 1))
    left, top = (round(side / 2 * share) for side, share in zip(photo.size, where, strict=True))
    part = photo.crop((left, top, left + photo.width // 2, top + photo.height // 2))
    piece = covering(part, wide, tall).convert("RGBA")
    piece.putalpha(outline(kind).resize(piece.size, Image.Resampling.BICUBIC))
    # What is nearer stands lower in the view.
    foot = 0.55 + 0.38 * nearness + around.uniform(-0.04, 0.04)
    return Thing(piece, around.uniform(0.08, 0.92), foot, nearness)


def outline(kind: str) -> Image.Image:
    """The shape of a thing as a mask: `figure`, `tree` or `box`."""
    mask = Image.new("L", (400, 800), 0)
    pen = ImageDraw.Draw(mask)
    if kind == "figure":
        pen.ellipse((130, 0, 270, 170), fill=255)
        pen.rounded_rectangle((60, 180, 340, 520), 90, fill=255)
        pen.rounded_rectangle((95, 400, 190, 799), 30, fill=255)
        pen.rounded_rectangle((210, 400, 305, 799), 30, fill=255)
    elif kind == "tree":
        for box in (
            (40, 60, 360, 420),
            (0, 220, 240, 520),
            (170, 230, 399, 540),
            (110, 0, 300, 200),
        ):
            pen.ellipse(box, fill=255)
        pen.rectangle((170, 420, 230, 799), fill=255)
    else:
        pen.polygon(((0, 90), (270, 0), (399, 70), (399, 799), (0, 799)), fill=255)
    return mask


def some_scene(photos: Sequence[Image.Image], around: Surroundings, *, things: int) -> Scene:
    """The first photo as far ground; things cut from the others before it."""
    size = (round(_VIEW[0] * (1 + 2 * _MARGIN)), round(_VIEW[1] * (1 + 2 * _MARGIN)))
    nearnesses = sorted(around.uniform(0.4, 1.0) for _ in range(things))
    standing = tuple(
        some_thing(
            photos[1 + place % max(1, len(photos) - 1)] if len(photos) > 1 else photos[0],
            around,
            height=0.12 + 0.4 * nearness,
            nearness=nearness,
        )
        for place, nearness in enumerate(nearnesses)
    )
    return Scene(covering(photos[0], *size), _relief(around), standing)


def photographed(scene: Scene, camera: Camera, light: Light, around: Surroundings) -> Image.Image:
    """One photograph of the scene."""
    view = _ground_seen(scene, camera)
    width, height = _VIEW
    for thing in scene.things:
        factor = camera.zoom * (1 + 0.3 * thing.nearness * (camera.zoom - 1))
        size = tuple(max(2, round(side * factor)) for side in thing.cut_out.size)
        cut_out = thing.cut_out.resize((size[0], size[1]), Image.Resampling.BICUBIC)
        cut_out = cut_out.rotate(camera.roll_degrees, Image.Resampling.BICUBIC, expand=True)
        x = 0.5 + (thing.x - 0.5 - camera.across * thing.nearness) * camera.zoom
        y = 0.5 + (thing.y - 0.5 - camera.down * thing.nearness) * camera.zoom
        place = (round(x * width - cut_out.width / 2), round(y * height - cut_out.height))
        view.paste(cut_out, place, cut_out)
    return _exposed(view, light, around)


def _ground_seen(scene: Scene, camera: Camera) -> Image.Image:
    """The far ground as the camera sees it: each cell of a fine mesh moved by how near it is."""
    width, height = _VIEW
    x = np.linspace(-0.5, 0.5, _CELLS[0] + 1)[None, :]
    y = np.linspace(-0.5, 0.5, _CELLS[1] + 1)[:, None]
    angle = np.radians(camera.roll_degrees)
    turned_x = (x * np.cos(angle) * width - y * np.sin(angle) * height) / camera.zoom
    turned_y = (x * np.sin(angle) * width + y * np.cos(angle) * height) / camera.zoom
    from_x = turned_x + scene.nearness * camera.across * width + scene.ground.width / 2
    from_y = turned_y + scene.nearness * camera.down * height + scene.ground.height / 2
    to_x = np.linspace(0, width, _CELLS[0] + 1).round().astype(int)
    to_y = np.linspace(0, height, _CELLS[1] + 1).round().astype(int)
    mesh = []
    for row in range(_CELLS[1]):
        for column in range(_CELLS[0]):
            corners = ((row, column), (row + 1, column), (row + 1, column + 1), (row, column + 1))
            quad = tuple(float(value) for at in corners for value in (from_x[at], from_y[at]))
            box = (to_x[column], to_y[row], to_x[column + 1], to_y[row + 1])
            mesh.append((tuple(int(edge) for edge in box), quad))
    return scene.ground.transform(_VIEW, Image.Transform.MESH, mesh, Image.Resampling.BICUBIC)


def _exposed(view: Image.Image, light: Light, around: Surroundings) -> Image.Image:
    """The view as a sensor and an app leave it."""
    levels = np.linspace(0, 1, 256) ** light.gamma * light.exposure
    tint = (1 + light.warmth, 1.0, 1 - light.warmth)
    table = [np.clip(levels * share * 255, 0, 255).round() for share in tint]
    view = view.point([int(level) for level in np.concatenate(table)])
    if light.slant or light.shadow:
        slope = np.linspace(1 - abs(light.slant), 1, 64)[None, :] * np.ones((48, 1))
        shade = Image.fromarray((slope[:, :: 1 if light.slant > 0 else -1] * 255).astype(np.uint8))
        shade = shade.resize(_VIEW, Image.Resampling.BICUBIC)
        cast = region_mask(_VIEW, around, area=0.3).filter(ImageFilter.GaussianBlur(16))
        cast = cast.point([round(255 - light.shadow * level) for level in range(256)])
        shade = ImageChops.multiply(shade, cast)
        view = ImageChops.multiply(view, Image.merge("RGB", (shade, shade, shade)))
    noise = around.rng.standard_normal((_VIEW[1], _VIEW[0], 3), np.float32) * light.noise
    return Image.fromarray(np.clip(np.asarray(view) + noise, 0, 255).astype(np.uint8))
