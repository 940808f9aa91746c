# SPDX-License-Identifier: Apache-2.0
"""The photos that are measured with: those of a folder, or those that an installed package brings."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import skimage

from haechi.errors import MalformedField

__all__ = ["SUFFIXES", "photo_folder", "photo_paths", "too_few_photos"]

SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp"})


def photo_folder(folder: Path | None) -> Path:
    """The folder; scikit-image's samples for None."""
    return Path(skimage.__file__).parent / "data" if folder is None else folder


def photo_paths(folder: Path | None) -> list[Path]:
    """Every JPEG, WebP and PNG under the folder, in the order of names."""
    found = photo_folder(folder).rglob("*")
    return sorted(path for path in found if path.suffix.lower() in SUFFIXES and path.is_file())


def too_few_photos(least: int) -> MalformedField:
    """The error of a folder in which less than `least` photos can be used."""
    what = "a photo" if least == 1 else f"{least} different photos"
    return MalformedField(
        field="photos",
        reason=f"This needs a folder with {what}: JPEG, PNG or WebP that can be read.",
    )
