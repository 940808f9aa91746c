# SPDX-License-Identifier: Apache-2.0
"""What is done to a video before it is uploaded again (reference/matching.md §7, video)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ._video_film import Film, Pixels

__all__ = ["VIDEO_EDITS", "VideoEdit"]

_BLACK_S: Final = 3.3
_BEFORE_S: Final = 7.37
_BAR_SHARE: Final = 0.12
_INSET_SHARE: Final = 0.4
_OFF: Final = 11


@dataclass(frozen=True, slots=True)
class VideoEdit:
    """One edit: what it does to a film, given another film to mix it with, and how it is encoded.

    `share` of the film is left in it; `is_expected` False where frame hashes are known not to see
    it (a small picture inside another).
    """

    name: str
    apply: Callable[[Film, Film], Film]
    crf: int = 23
    share: float = 1.0
    is_expected: bool = True


def _each(change: Callable[[Image.Image], Image.Image]) -> Callable[[Film, Film], Film]:
    def apply(film: Film, _other: Film) -> Film:
        frames = [np.asarray(change(Image.fromarray(frame))) for frame in film.frames]
        return Film(frames, film.fps)

    return apply


def _unchanged(film: Film, _other: Film) -> Film:
    return film


def _half_size(image: Image.Image) -> Image.Image:
    sides = image.width // 4 * 2, image.height // 4 * 2
    return image.resize(sides, Image.Resampling.BILINEAR)


def _at_rate(fps: int) -> Callable[[Film, Film], Film]:
    """Shown at another frame rate: frames are repeated or left out."""

    def apply(film: Film, _other: Film) -> Film:
        count = int(film.seconds * fps)
        frames = [film.frames[int(number * film.fps / fps)] for number in range(count)]
        return Film(frames, fps)

    return apply


def _at_speed(speed: float) -> Callable[[Film, Film], Film]:
    def apply(film: Film, _other: Film) -> Film:
        count = int(len(film.frames) / speed)
        return Film([film.frames[int(number * speed)] for number in range(count)], film.fps)

    return apply


def _cut(start: float, end: float) -> Callable[[Film, Film], Film]:
    def apply(film: Film, _other: Film) -> Film:
        count = len(film.frames)
        # Not at a whole second: that the cut falls on a sampled frame would be luck.
        return Film(film.frames[int(start * count) + _OFF : int(end * count)], film.fps)

    return apply


def _letterboxed(image: Image.Image) -> Image.Image:
    bar = round(image.height * _BAR_SHARE)
    height = image.height - 2 * bar
    canvas = Image.new("RGB", image.size)
    canvas.paste(image.resize((image.width, height)), (0, bar))
    return canvas


def _pillarboxed(image: Image.Image) -> Image.Image:
    """Between bars on both sides, whole: as a wide film in an upright one."""
    canvas = Image.new("RGB", image.size)
    small = image.resize((round(image.width * 0.75), image.height))
    canvas.paste(small, ((image.width - small.width) // 2, 0))
    return canvas


def _captioned(image: Image.Image) -> Image.Image:
    image = image.copy()
    draw = ImageDraw.Draw(image)
    size = image.height // 9
    top = image.height - 2 * size
    draw.rectangle((0, top, image.width, top + round(1.4 * size)), fill=(20, 20, 20))
    font = ImageFont.load_default(size)
    draw.text((image.width // 12, top), "wait for the end", font=font, fill=(255, 255, 255))
    return image


def _fitted(frames: list[Pixels], film: Film) -> list[Pixels]:
    height, width = film.frames[0].shape[:2]
    sides = (width, height)
    return [np.asarray(Image.fromarray(frame).resize(sides)) for frame in frames]


def _inset(film: Film, other: Film) -> Film:
    """A small picture in the corner of another film."""
    frames = []
    for number, inner in enumerate(film.frames):
        ground = Image.fromarray(other.frames[number % len(other.frames)])
        sides = round(ground.width * _INSET_SHARE), round(ground.height * _INSET_SHARE)
        ground.paste(Image.fromarray(inner).resize(sides), (8, 8))
        frames.append(np.asarray(ground))
    return Film(frames, film.fps)


def _joined(film: Film, other: Film) -> Film:
    """In the middle of another film, at the film's own frame rate."""
    filler = _fitted(list(other.frames), film)
    cut = round(_BEFORE_S * film.fps)
    before = filler[:cut]
    return Film([*before, *film.frames, *filler[cut:]], film.fps)


def _in_a_long_one(film: Film, other: Film) -> Film:
    """Once in a film many times as long."""
    filler = _fitted(list(other.frames), film)
    cut = round(_BEFORE_S * film.fps)
    return Film([*filler[cut:], *filler, *film.frames, *filler[::-1]], film.fps)


def _after_black(film: Film, _other: Film) -> Film:
    black = np.zeros_like(film.frames[0])
    return Film([black] * round(_BLACK_S * film.fps) + list(film.frames), film.fps)


def _reversed(film: Film, _other: Film) -> Film:
    return Film(film.frames[::-1], film.fps)


VIDEO_EDITS: Final = (
    VideoEdit("re-encoded, CRF 23", _unchanged),
    VideoEdit("re-encoded, CRF 35", _unchanged, crf=35),
    VideoEdit("half the size", _each(_half_size)),
    VideoEdit("30 frames a second", _at_rate(30)),
    VideoEdit("15 frames a second", _at_rate(15)),
    VideoEdit("5 % cut off each end", _cut(0.05, 0.95), share=0.9),
    VideoEdit("the middle half", _cut(0.25, 0.75), share=0.5),
    VideoEdit("1.25 × as fast", _at_speed(1.25)),
    VideoEdit("0.8 × as fast", _at_speed(0.8)),
    VideoEdit("mirrored", _each(lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT))),
    VideoEdit("letterbox", _each(_letterboxed)),
    VideoEdit("bars on both sides", _each(_pillarboxed)),
    VideoEdit("caption", _each(_captioned)),
    VideoEdit("black before", _after_black),
    VideoEdit("inside another video", _joined),
    VideoEdit("inside a long video", _in_a_long_one),
    VideoEdit("reversed", _reversed),
    VideoEdit("picture in picture", _inset, is_expected=False),
)
