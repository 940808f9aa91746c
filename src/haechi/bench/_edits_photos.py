# SPDX-License-Identifier: Apache-2.0
"""The photos of an edits run: of pictures that are there more than once one, and the split in halves."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, overload

import numpy as np
from PIL import Image

from ._edits_edit import as_sent
from ._peers import ask_peer
from ._photos import photo_paths

__all__ = ["Photo", "SentPhotos", "distinct_photos", "in_split"]

_LEAST_SIDE_PX: Final = 128
_SPLIT_SEED: Final = b"haechi bench edits"


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo file, and the half of all photos that it belongs to for good."""

    path: Path
    is_test: bool


def distinct_photos(folder: Path | None) -> tuple[list[Photo], int]:
    """Of each picture in the folder one file, the one with most pixels; and how many were left out.

    Which files show the same picture is decided by their pixels, in the peers' environment. Small
    pictures and files that are none are left out and not counted.

    Raises:
        OutsideServiceFailed: the peers' environment cannot be set up.
    """
    sizes: dict[Path, int] = {}
    for path in photo_paths(folder):
        try:
            with Image.open(path) as opened:
                opened.load()
        except (OSError, ValueError):
            continue  # no picture that can be read
        if min(opened.size) >= _LEAST_SIDE_PX:
            sizes[path] = opened.width * opened.height
    paths = list(sizes)
    pairs = ask_peer("alike_with_opencv", [str(path) for path in paths])
    kept = _one_of_each(paths, [(paths[i], paths[j]) for i, j in pairs], sizes)
    return [Photo(path, _is_test(path)) for path in kept], len(paths) - len(kept)


def _one_of_each(
    paths: Sequence[Path], pairs: Sequence[tuple[Path, Path]], sizes: dict[Path, int]
) -> list[Path]:
    """The paths without those that are paired, by however many steps, with a larger one."""
    stands_for = {path: path for path in paths}
    for one, other in pairs:
        first, second = stands_for[one], stands_for[other]
        larger = max(first, second, key=lambda path: (sizes[path], str(path)))
        for path, whose in stands_for.items():
            if whose in {first, second}:
                stands_for[path] = larger
    return [path for path in paths if stands_for[path] == path]


def _is_test(path: Path) -> bool:
    digest = hashlib.blake2b(_SPLIT_SEED, digest_size=8)
    digest.update(path.read_bytes())
    return digest.digest()[0] >= 0x80


def in_split(photos: Sequence[Photo], split: str) -> list[int]:
    """The places of the photos of `test`, `tune` or `all`."""
    return [
        place
        for place, photo in enumerate(photos)
        if split == "all" or photo.is_test == (split == "test")
    ]


class SentPhotos(Sequence[Image.Image]):
    """Photos as messengers send them, decoded once and kept as arrays in a folder.

    Costs no memory until one is asked for; can be sent to another process.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self._folder = folder
        self._count = count

    @classmethod
    def of(cls, photos: Sequence[Photo], folder: Path) -> SentPhotos:
        """Those of the files, kept in `folder`."""
        for place, photo in enumerate(photos):
            with Image.open(photo.path) as opened:
                np.save(folder / f"{place}.npy", np.asarray(as_sent(opened)))
        return cls(folder, len(photos))

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Image.Image: ...
    @overload
    def __getitem__(self, place: slice) -> list[Image.Image]: ...
    def __getitem__(self, place: int | slice) -> Image.Image | list[Image.Image]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(self._count))]
        if not -self._count <= place < self._count:
            raise IndexError(place)
        return Image.fromarray(np.load(self._folder / f"{place % self._count}.npy"))
