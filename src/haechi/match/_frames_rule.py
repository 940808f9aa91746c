# SPDX-License-Identifier: Apache-2.0
"""When two videos match: the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from haechi.match._frames_near import Floats, Integers
from haechi.values import PDQ_MATCH_RADIUS_BITS

__all__ = ["DEFAULT_FRAME_RULE", "FrameRule"]

_SPEED_STEP: Final = 0.05


@dataclass(frozen=True, slots=True)
class FrameRule:
    """When two videos match.

    `radius_bits`: frames this near may be the same. `aligned_bits`: frames this near are the same
    when the frames around them are. `look_bits`: frames of one video this near show the same.
    `tolerance_s`: how far from its line a pair may lie. `max_gap_s`: a stretch ends where nothing is
    found for longer. `min_looks`: so many different looks a stretch must show, where one within
    `sure_bits` counts in full and one at `aligned_bits` hardly. `min_known_share`: this share of the
    known video is the whole of it. `min_run_s`: a part of this length is worth a look by a person.
    `slowest` and `fastest` bound the speed, both ways.
    """

    radius_bits: int = PDQ_MATCH_RADIUS_BITS
    aligned_bits: int = 64
    sure_bits: int = 8
    look_bits: int = 16
    tolerance_s: float = 0.75
    max_gap_s: float = 5.0
    min_looks: int = 3
    min_known_share: float = 0.8
    min_run_s: float = 5.0
    slowest: float = 0.8
    fastest: float = 1.25

    @property
    def speeds(self) -> Floats:
        """The speeds that are tried, 1 first; below zero is backwards."""
        steps = int(np.ceil((self.fastest - self.slowest) / _SPEED_STEP)) + 1
        forwards = np.linspace(self.slowest, self.fastest, steps)
        tried: Floats = np.concatenate([[1.0], forwards, [-1.0], -forwards])
        return tried

    def worth(self, distances_bits: Integers) -> float:
        """How many looks as good as equal these are worth; one beyond `aligned_bits` is nothing."""
        over = self.aligned_bits + 1 - distances_bits
        return float(np.clip(over / (self.aligned_bits + 1 - self.sure_bits), 0.0, 1.0).sum())

    def allows(self, speed: float) -> bool:
        """Whether a speed, by whatever sign, lies within the bounds, or within half a step."""
        half = _SPEED_STEP / 2
        return self.slowest - half <= abs(speed) <= self.fastest + half


DEFAULT_FRAME_RULE: Final = FrameRule()
