# SPDX-License-Identifier: Apache-2.0
"""Frame lists of videos that were never filmed: bits that change with time as those of PDQ do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from haechi.signals import FrameList


class Scene:
    """What a camera sees at every moment: 256 smooth functions of time, of which PDQ has the signs.

    `hertz` is how fast it moves: at 0.5 a tenth of a second turns about 20 bits, half a second 90.
    """

    def __init__(self, seed: int, hertz: float = 0.5) -> None:
        random = np.random.default_rng(seed)
        self._frequency = random.uniform(0, 2 * hertz, (16, 256))
        self._phase = random.uniform(0, 2 * np.pi, (16, 256))

    def at(self, times_s: NDArray[np.float64]) -> NDArray[np.uint8]:
        """PDQ values, uint8 (n, 32), of these moments."""
        angle = 2 * np.pi * self._frequency * times_s[:, None, None] + self._phase
        return np.packbits(np.cos(angle).sum(axis=1) > 0, axis=1)


def frame_list(
    values: NDArray[np.uint8], times_s: Sequence[float] | NDArray[np.float64], quality: int = 100
) -> FrameList:
    """A list of these values at these times, all of one quality."""
    return FrameList(
        np.ascontiguousarray(values),
        np.full(len(values), quality, np.uint8),
        np.round(np.asarray(times_s) * 1000).astype(np.uint32),
    )


def filmed(
    scene: Scene,
    seconds: float,
    *,
    every_s: float = 1.0,
    moment: Callable[[NDArray[np.float64]], NDArray[np.float64]] = lambda times_s: times_s,
    noise_bits: int = 0,
    seed: int = 0,
) -> FrameList:
    """A video in which second t shows the scene at `moment(t)`, with some bits of each frame turned."""
    times_s = np.arange(0, seconds, every_s)
    values = scene.at(moment(times_s))
    return frame_list(turned(values, noise_bits, seed), times_s)


def turned(values: NDArray[np.uint8], bits: int, seed: int) -> NDArray[np.uint8]:
    """The values with so many bits of each turned over."""
    random = np.random.default_rng(seed)
    unpacked = np.unpackbits(values, axis=1)
    for row in unpacked:
        row[random.choice(256, bits, replace=False)] ^= 1
    return np.packbits(unpacked, axis=1)


def joined(*parts: FrameList) -> FrameList:
    """One video after the other, each a frame's spacing after the one before."""
    times: list[NDArray[np.float64]] = []
    end_s = 0.0
    for part in parts:
        at_s = part.at_ms / 1000
        times.append(at_s + end_s)
        end_s += float(at_s[-1]) + (float(at_s[1] - at_s[0]) if len(part) > 1 else 1.0)
    return FrameList(
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.quality for part in parts]),
        np.round(np.concatenate(times) * 1000).astype(np.uint32),
    )
