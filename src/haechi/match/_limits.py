# SPDX-License-Identifier: Apache-2.0
"""What counts as found: how many bits may differ, and of how many entries one value may tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from haechi.match._columns import KEY_BYTES, VALUE_BYTES
from haechi.match._plan import Ring

__all__ = [
    "MOST_ENTRIES",
    "REGION_KEY_RADIUS_BITS",
    "REGION_RADIUS_BITS",
    "UNLIMITED",
    "Limits",
]

REGION_KEY_RADIUS_BITS: Final = 8
"""So many of the 64 bits of two regions' keys may differ where they may show the same patch."""

REGION_RADIUS_BITS: Final = 80
"""And so many of all their 256 bits."""

MOST_ENTRIES: Final = 1000
"""A patch in as many contents as this, such as a sticker, says little about any one of them."""

UNLIMITED: Final = 1 << 60
"""More entries than there can be."""

_ALL_BITS: Final = 8 * VALUE_BYTES
_KEY_BITS: Final = 8 * KEY_BYTES


@dataclass(frozen=True, slots=True)
class Limits:
    """At most `whole_bits` of all 256 bits differ, and at most `key_bits` of the first 64.

    Of each value asked for, only the rows of the `most_entries` entries with the lowest ids are found.

    Raises:
        ValueError: a number of bits is below zero, or not one entry may be found.
    """

    whole_bits: int
    key_bits: int = _KEY_BITS
    most_entries: int = UNLIMITED

    def __post_init__(self) -> None:
        if min(self.whole_bits, self.key_bits) < 0:
            raise ValueError("a radius counts bits, from zero on")
        if self.most_entries < 1:
            raise ValueError("at least one entry may be found")

    @property
    def numbers(self) -> tuple[int, int, int]:
        """What the kernels read, in their order."""
        return (
            min(self.whole_bits, _ALL_BITS),
            min(self.key_bits, _KEY_BITS),
            min(self.most_entries, UNLIMITED),
        )

    def radius_on(self, ring: Ring) -> int:
        """How many bits of a ring's bands can differ at most."""
        whole_bits, key_bits, _ = self.numbers
        return whole_bits if ring.bits > _KEY_BITS else min(key_bits, whole_bits)
