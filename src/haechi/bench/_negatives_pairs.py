# SPDX-License-Identifier: Apache-2.0
"""Pairs that show one scene, or one moment and the next, and are two photographs all the same."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import av
import numpy as np
import skimage
from PIL import Image

from ._edits_edit import Surroundings, as_sent
from ._negatives_kinds import NegativePair, chance, uploaded
from ._negatives_scene import Camera, Light, photographed, some_scene, some_thing

__all__ = ["neighbour_pairs", "same_scene_pairs"]

_SAME_SCENE_GAP_S: Final = 0.5
_NEIGHBOUR_GAP_S: Final = 0.1
_STILL_LEVELS: Final = 4.0
"""Frames that differ by less than this on average show a still camera and a still scene."""


def same_scene_pairs(
    photos: Sequence[Image.Image], *, seed: int, count: int, videos: Sequence[Path] = ()
) -> Iterator[NegativePair]:
    """Two different photographs of one scene each.

    First `count` made-up scenes, each seen from two places at two times of day; then scikit-image's
    stereo pair; then frames of the videos half a second and more apart, where something has moved.

    Args:
        photos: What the scenes are made of; at least one.
        seed: Draws the scenes.
        count: How many are made up.
        videos: Files that PyAV reads, in which the camera moves.
    """
    for place in range(count):
        yield _scene_from_two_places(_some(photos, place), seed, place)
    stereo = [_stereo(side) for side in ("left", "right")]
    rng = chance(seed, "stereo")
    yield NegativePair("stereo pair", *(uploaded(side, rng) for side in stereo))
    for number, video in enumerate(videos):
        yield from _frames_apart(video, _SAME_SCENE_GAP_S, seed, number)


def neighbour_pairs(
    photos: Sequence[Image.Image], *, seed: int, count: int, videos: Sequence[Path] = ()
) -> Iterator[NegativePair]:
    """A photograph and the next one of a burst: `count` made-up ones, then frames 0.1 s apart.

    No honest method tells these from copies by their pixels (reference/matching.md §0.5); the
    verdict has to say so.
    """
    for place in range(count):
        yield _burst(_some(photos, place), seed, place)
    for number, video in enumerate(videos):
        yield from _frames_apart(video, _NEIGHBOUR_GAP_S, seed, number)


def _some(photos: Sequence[Image.Image], place: int) -> list[Image.Image]:
    """Four photos, another one first each time, as messengers send them."""
    steps = (0, 7, 13, 19)
    return [as_sent(photos[(place + step) % len(photos)]) for step in steps]


def _scene_from_two_places(photos: Sequence[Image.Image], seed: int, place: int) -> NegativePair:
    around = Surroundings(chance(seed, "scene", place))
    scene = some_scene(photos, around, things=4)
    ways = []
    for side in (-1, 1):
        camera = Camera(
            across=side * around.uniform(0.05, 0.1),
            down=around.uniform(-0.03, 0.03),
            zoom=around.uniform(1.0, 1.25),
            roll_degrees=around.uniform(-3, 3),
        )
        light = Light(
            exposure=around.uniform(0.75, 1.2),
            gamma=around.uniform(0.75, 1.3),
            warmth=around.uniform(-0.12, 0.12),
            slant=side * around.uniform(0.2, 0.5),
            shadow=around.uniform(0.2, 0.5),
            noise=around.uniform(2, 6),
        )
        # Somebody has come and somebody has gone between the two photographs.
        passing = some_thing(photos[-1], around, height=0.3, nearness=0.7)
        seen = replace(scene, things=(*scene.things, passing))
        ways.append(uploaded(photographed(seen, camera, light, around), around.rng))
    return NegativePair("made-up scene", ways[0], ways[1])


def _burst(photos: Sequence[Image.Image], seed: int, place: int) -> NegativePair:
    around = Surroundings(chance(seed, "burst", place))
    scene = some_scene(photos, around, things=1)
    runner = scene.things[0]
    step = around.uniform(0.03, 0.08) * around.one_of((-1, 1))
    files = []
    for moment in range(2):
        moved = replace(runner, x=runner.x + moment * step)
        camera = Camera(
            across=moment * around.uniform(0.01, 0.02) * around.one_of((-1, 1)),
            down=moment * around.uniform(0.005, 0.015) * around.one_of((-1, 1)),
            zoom=1.02 + moment * around.uniform(-0.01, 0.01),
            roll_degrees=moment * around.uniform(-0.5, 0.5),
        )
        light = Light(exposure=around.uniform(0.95, 1.05), noise=around.uniform(2, 4))
        seen = replace(scene, things=(moved,))
        files.append(uploaded(photographed(seen, camera, light, around), around.rng))
    return NegativePair("made-up burst", files[0], files[1])


def _stereo(side: str) -> Image.Image:
    folder = Path(skimage.__file__).parent / "data"
    with Image.open(io.BytesIO((folder / f"motorcycle_{side}.png").read_bytes())) as picture:
        return picture.convert("RGB")


def _frames_apart(video: Path, gap_s: float, seed: int, number: int) -> Iterator[NegativePair]:
    """Frames of the video `gap_s` apart, one pair a second, where they differ enough to be two."""
    rng = chance(seed, "video", number)
    first: tuple[float, Image.Image] | None = None
    next_s = 0.0
    for time_s, frame in _frames(video):
        if first is None:
            if time_s >= next_s:
                first = (time_s, frame)
            continue
        if time_s < first[0] + gap_s - 1e-6:
            continue
        if _difference(first[1], frame) >= (_STILL_LEVELS if gap_s >= _SAME_SCENE_GAP_S else 1.0):
            name = f"frames {gap_s} s apart"
            yield NegativePair(name, uploaded(first[1], rng), uploaded(frame, rng))
        next_s = first[0] + 1.0
        first = (time_s, frame) if time_s >= next_s else None


def _frames(video: Path) -> Iterator[tuple[float, Image.Image]]:
    with av.open(str(video)) as container:
        for frame in container.decode(video=0):
            yield (
                float(frame.time or 0.0),
                as_sent(Image.fromarray(frame.to_ndarray(format="rgb24"))),
            )


def _difference(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two frames in levels of 255, seen small."""
    small = [
        np.asarray(picture.convert("L").resize((160, 120)), np.float32) for picture in (one, other)
    ]
    return float(np.abs(small[0] - small[1]).mean())
