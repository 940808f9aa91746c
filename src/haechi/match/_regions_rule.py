# SPDX-License-Identifier: Apache-2.0
"""When the regions of two pictures match: the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from haechi.match._limits import REGION_KEY_RADIUS_BITS, REGION_RADIUS_BITS

__all__ = ["DEFAULT_REGION_RULE", "RegionRule"]


@dataclass(frozen=True, slots=True)
class RegionRule:
    """When the regions of two pictures match.

    A region votes for another when at most `key_bits` of the 64 bits of their keys and `whole_bits`
    of all 256 differ. `most_seeds` votes propose a geometry. One that stretches one way more than
    `most_stretch` times as much as another is none. `frame_margin` (of the radius) and `least_radius`
    (of the query's shorter side) say which regions a query should show. A match has at least
    `min_regions` and a score of at least `min_score`. With `min_pointers` and `min_pointer_score` it is
    worth a closer look.
    """

    key_bits: int = REGION_KEY_RADIUS_BITS
    whole_bits: int = REGION_RADIUS_BITS
    most_seeds: int = 12
    most_stretch: float = 2.2
    frame_margin: float = 0.6
    least_radius: float = 10.0 / 800.0
    min_regions: int = 3
    min_score: float = 14.0
    min_pointers: int = 2
    min_pointer_score: float = 5.0

    def accepts(self, score: float, regions: int) -> bool:
        """Whether so many regions that agree, and their score, are more than chance gives."""
        return regions >= self.min_regions and score >= self.min_score

    def is_worth_a_look(self, score: float, regions: int) -> bool:
        """Whether these regions point to a place in the query where the picture may be."""
        return regions >= self.min_pointers and score >= self.min_pointer_score


DEFAULT_REGION_RULE: Final = RegionRule()
