# SPDX-License-Identifier: Apache-2.0
"""A part of the photo replaced by something else, with soft edges, as an editing program leaves it."""

from __future__ import annotations

from functools import partial

import numpy as np
from PIL import Image, ImageFilter

from ._edits_canvas import covering
from ._edits_edit import Edit, Strength, Surroundings, percent

__all__ = ["region_edits", "region_mask", "region_replaced"]


def region_mask(size: tuple[int, int], around: Surroundings, *, area: float) -> Image.Image:
    """A soft, uneven blob that covers about the share `area` of a picture of this size."""
    across, down = 96, max(8, round(96 * size[1] / size[0]))
    x = np.linspace(0, 1, across)[None, :]
    y = np.linspace(0, 1, down)[:, None]
    centre_x, centre_y = around.uniform(0.3, 0.7), around.uniform(0.3, 0.7)
    squeeze = around.uniform(0.7, 1.4)
    distance = np.hypot((x - centre_x) * squeeze, (y - centre_y) / squeeze)
    angle = np.arctan2(y - centre_y, x - centre_x)
    for wave in (2, 3, 5):
        distance = distance * (1 + 0.12 * np.cos(wave * angle + around.uniform(0, 2 * np.pi)))
    # The blob is the nearest `area` of all places, so its size is right wherever its middle lies.
    inside = distance <= np.quantile(distance, area)
    blob = Image.fromarray(inside.astype(np.uint8) * 255)
    soft = blob.resize(size, Image.Resampling.BICUBIC)
    return soft.filter(ImageFilter.BoxBlur(max(size) / 100))


def region_replaced(photo: Image.Image, around: Surroundings, *, area: float) -> Image.Image:
    """The share `area` of the photo shows another photo, brought near its brightness and colour."""
    mask = region_mask(photo.size, around, area=area)
    patch = covering(around.other(), *photo.size)
    small, own = (np.asarray(item.resize((24, 24))).reshape(-1, 3) for item in (patch, photo))
    shift = (own.mean(0) - small.mean(0)) * 0.6
    table = [
        min(255, max(0, round(level + float(channel)))) for channel in shift for level in range(256)
    ]
    return Image.composite(patch.point(table), photo, mask)


def region_edits() -> list[Edit]:
    """Regional edits."""
    light, middle, strong = Strength
    return [
        Edit(
            "regional edit",
            strength,
            f"{percent(area)} replaced",
            partial(region_replaced, area=area),
        )
        for strength, area in ((light, 0.1), (middle, 0.3), (strong, 0.6))
    ]
