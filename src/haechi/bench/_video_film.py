# SPDX-License-Identifier: Apache-2.0
"""Harmless films to edit and to find again: slow pans and zooms over photos."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["Film", "Pixels", "encoded", "photo_film", "still_film"]

Pixels: TypeAlias = NDArray[np.uint8]

_WIDTH: Final = 426
_HEIGHT: Final = 240
_FPS: Final = 25
_SHOT_S: Final = (2.5, 6.0)
_SHARE: Final = (0.45, 0.9)
_HAND_PX: Final = 1.5
"""How far a hand that holds the camera lets it drift."""


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """Frames as uint8 RGB (height, width, 3), all of one size, `fps` of them a second."""

    frames: Sequence[Pixels]
    fps: int

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.frames) / self.fps


def _window(
    photo: Image.Image, sides: tuple[int, int], random: np.random.Generator
) -> NDArray[np.float64]:
    """A place in a photo, of the film's own shape: left, top, right, bottom."""
    share = random.uniform(*_SHARE)
    width = min(photo.width, photo.height * sides[0] / sides[1]) * share
    height = width * sides[1] / sides[0]
    left = random.uniform(0, photo.width - width)
    top = random.uniform(0, photo.height - height)
    return np.array([left, top, left + width, top + height])


def _shot(
    photo: Image.Image, sides: tuple[int, int], count: int, random: np.random.Generator
) -> Iterable[Pixels]:
    start, end = _window(photo, sides, random), _window(photo, sides, random)
    drift = np.zeros(2)
    for number in range(count):
        along = number / max(1, count - 1)
        drift = 0.9 * drift + random.normal(0, 0.4 * _HAND_PX, 2)
        window = start * (1 - along) + end * along + np.tile(drift, 2)
        frame = photo.transform(
            sides, Image.Transform.EXTENT, tuple(window), Image.Resampling.BILINEAR
        )
        yield np.asarray(frame)


def photo_film(
    photos: Sequence[Image.Image],
    seconds: float,
    seed: int,
    *,
    sides: tuple[int, int] = (_WIDTH, _HEIGHT),
) -> Film:
    """A film of shots of 2.5 to 6 seconds, each a slow pan and zoom over the next photo.

    Held in a hand: the camera drifts by a pixel or two. The same for the same seed; 25 frames a
    second.
    """
    random = np.random.default_rng(seed)
    frames: list[Pixels] = []
    wanted = round(seconds * _FPS)
    shots = 0
    while len(frames) < wanted:
        count = round(random.uniform(*_SHOT_S) * _FPS)
        frames += _shot(photos[shots % len(photos)], sides, count, random)
        shots += 1
    return Film(frames[:wanted], _FPS)


def still_film(pictures: Sequence[Image.Image], seconds_each: float = 3.0) -> Film:
    """A show of pictures that stand still, one after the other, each fitted into the frame."""
    frames: list[Pixels] = []
    for picture in pictures:
        ground = Image.new("RGB", (_WIDTH, _HEIGHT), (128, 128, 128))
        small = picture.convert("RGB")
        small.thumbnail((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS)
        ground.paste(small, ((_WIDTH - small.width) // 2, (_HEIGHT - small.height) // 2))
        frames += [np.asarray(ground)] * round(seconds_each * _FPS)
    return Film(frames, _FPS)


def encoded(film: Film, crf: int = 23) -> bytes:
    """The film as an MP4 file with H.264, at a constant rate factor: the higher, the worse."""
    buffer = io.BytesIO()
    height, width = film.frames[0].shape[:2]
    with av.open(buffer, "w", format="mp4") as container:
        options = {"crf": str(crf), "preset": "veryfast"}
        stream = container.add_stream("libx264", rate=film.fps, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for pixels in film.frames:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()
