# SPDX-License-Identifier: Apache-2.0
"""What an everyday edit is: a named, seeded change of one photo into the file somebody uploads."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeVar

import numpy as np
from PIL import Image

__all__ = ["Change", "Edit", "Encoding", "Strength", "Surroundings", "as_sent", "percent", "seeded"]

_Choice = TypeVar("_Choice")

LONGEST_SENT_PX: Final = 1280
"""Messengers reduce a photo to about this long side before it is sent."""


def percent(share: float) -> str:
    """A share as it stands in the name of an edit."""
    return f"{share:.0%}".replace("%", " %")


class Strength(StrEnum):
    """How hard an edit changes what can be seen."""

    LIGHT = "light"
    MIDDLE = "middle"
    STRONG = "strong"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around one edit: chance, and unrelated photos that may lie in the same picture."""

    rng: np.random.Generator
    others: Sequence[Image.Image] = ()

    def other(self) -> Image.Image:
        """One of the unrelated photos as RGB; a coloured gradient when there are none."""
        if not self.others:
            return _gradient(self.rng)
        return self.others[int(self.rng.integers(len(self.others)))].convert("RGB")

    def different_others(self, count: int) -> list[Image.Image]:
        """So many unrelated photos; the same one twice only when there are too few."""
        if not self.others:
            return [_gradient(self.rng) for _ in range(count)]
        order = self.rng.permutation(len(self.others))
        return [self.others[int(order[at % len(order)])].convert("RGB") for at in range(count)]

    def uniform(self, low: float, high: float) -> float:
        """A number drawn evenly between two others."""
        return float(self.rng.uniform(low, high))

    def whole(self, low: int, high: int) -> int:
        """A whole number drawn evenly from `low` to `high`, both included."""
        return int(self.rng.integers(low, high + 1))

    def one_of(self, choices: Sequence[_Choice]) -> _Choice:
        """One of the choices, drawn evenly."""
        return choices[int(self.rng.integers(len(choices)))]

    def chance(self, share: float) -> bool:
        """Whether a draw fell within `share`."""
        return bool(self.rng.random() < share)


Change = Callable[[Image.Image, Surroundings], Image.Image]
"""From an RGB photo to an RGB picture. Never changes the photo it is given."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the edited picture is written to a file. No quality: what apps use, drawn from 80–90."""

    format: str = "JPEG"
    quality: int | None = None

    def file(self, picture: Image.Image, around: Surroundings) -> bytes:
        """The picture as a file."""
        quality = around.whole(80, 90) if self.quality is None else self.quality
        settings = {"speed": 9, "max_threads": 1} if self.format == "AVIF" else {}
        to = io.BytesIO()
        picture.save(to, self.format, quality=quality, **settings)
        return to.getvalue()


@dataclass(frozen=True, slots=True)
class Edit:
    """One everyday edit. Its name is unique in the suite; it can be sent to another process."""

    family: str
    strength: Strength
    name: str
    change: Change
    encoding: Encoding = field(default_factory=Encoding)


def as_sent(photo: Image.Image) -> Image.Image:
    """The photo as RGB on white, with a long side of at most 1280 pixels: how messengers send it."""
    if photo.mode in {"RGBA", "LA", "PA"} or "transparency" in photo.info:
        photo = Image.alpha_composite(Image.new("RGBA", photo.size, "white"), photo.convert("RGBA"))
    photo = photo.convert("RGB")
    share = LONGEST_SENT_PX / max(photo.size)
    if share >= 1:
        return photo
    width, height = (max(1, round(side * share)) for side in photo.size)
    return photo.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)


def seeded(photo: Image.Image, name: str, seed: int) -> np.random.Generator:
    """Chance that depends on what the photo shows, on the name of the edit and on the seed alone."""
    thumbnail = photo.resize((32, 32), Image.Resampling.BOX, reducing_gap=2.0)
    digest = hashlib.blake2b(thumbnail.tobytes(), digest_size=16)
    digest.update(f"{photo.size}\n{name}".encode())
    return np.random.default_rng([seed, int.from_bytes(digest.digest())])


def _gradient(rng: np.random.Generator) -> Image.Image:
    """A quiet gradient with grain, for a folder of one photo."""
    middle = rng.integers(50, 206, 3)
    corners = (middle + rng.integers(-50, 50, (2, 2, 3))).astype(np.uint8)
    smooth = np.asarray(Image.fromarray(corners).resize((960, 640), Image.Resampling.BICUBIC))
    grain = rng.integers(-12, 13, (640, 960, 1))
    return Image.fromarray(np.clip(smooth.astype(np.int16) + grain, 0, 255).astype(np.uint8))
