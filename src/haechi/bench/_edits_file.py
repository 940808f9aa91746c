# SPDX-License-Identifier: Apache-2.0
"""Edits of the file alone: compressed harder, made smaller."""

from __future__ import annotations

import io
from functools import partial

from PIL import Image

from ._edits_canvas import scaled
from ._edits_edit import Edit, Encoding, Strength, Surroundings

__all__ = ["file_edits", "recompressed", "resized", "unchanged"]


def unchanged(photo: Image.Image, _around: Surroundings) -> Image.Image:
    """The photo itself: all of the edit is in how it is encoded."""
    return photo


def recompressed(photo: Image.Image, around: Surroundings, *, quality: int) -> Image.Image:
    """The photo after one round through a JPEG file."""
    file = io.BytesIO(Encoding("JPEG", quality).file(photo, around))
    with Image.open(file) as picture:
        return picture.convert("RGB")


def resized(photo: Image.Image, _around: Surroundings, *, factor: float) -> Image.Image:
    """Both sides times `factor`."""
    return scaled(photo, factor)


def file_edits() -> list[Edit]:
    """Recompress and resize."""
    light, middle, strong = Strength
    recompress = (
        (light, "JPEG", 75),
        (middle, "JPEG", 30),
        (middle, "WEBP", 50),
        (middle, "AVIF", 45),
        (strong, "JPEG", 10),
        (strong, "WEBP", 8),
        (strong, "AVIF", 15),
    )
    factors = ((light, 0.5), (middle, 0.25), (strong, 0.1))
    return [
        *(
            Edit("recompress", strength, f"{kind} {quality}", unchanged, Encoding(kind, quality))
            for strength, kind, quality in recompress
        ),
        *(
            Edit("resize", strength, f"resized to {factor}", partial(resized, factor=factor))
            for strength, factor in factors
        ),
    ]
