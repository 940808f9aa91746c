# SPDX-License-Identifier: Apache-2.0
"""What a negative is: files that must not be taken for copies of one another, and why they tempt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from ._edits_edit import Encoding, Surroundings

__all__ = ["NegativePair", "NegativeSet", "chance", "uploaded"]


@dataclass(frozen=True, slots=True)
class NegativePair:
    """A reference and a query of the same scene or moment that are two different photographs."""

    name: str
    reference: bytes
    query: bytes


@dataclass(frozen=True, slots=True)
class NegativeSet:
    """Files of one kind, of which no two are copies.

    `shows` gives, for each file, which photo it shows by its place in the list the set was made of,
    or None: against a bank of those photos, only a match with another one is wrong.
    """

    name: str
    files: tuple[bytes, ...]
    shows: tuple[int | None, ...]


def chance(seed: int, *names: str | int) -> np.random.Generator:
    """Chance that depends on the seed and on what it is for."""
    words = [int.from_bytes(name.encode()) if isinstance(name, str) else name for name in names]
    return np.random.default_rng([seed, *words])


def uploaded(picture: Image.Image, rng: np.random.Generator) -> bytes:
    """The picture as the JPEG file that somebody uploads."""
    return Encoding().file(picture, Surroundings(rng))
