# SPDX-License-Identifier: Apache-2.0
"""Why a known entry counts as found, or does not: worked out anew from its values, without the index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from haechi.match._kinds import Kind

__all__ = ["Explanation", "explained"]

_NAMES: Final = {
    Kind.PDQ: "the picture's value",
    Kind.DIGEST: "the file's digest",
    Kind.REGION: "the nearest of the picture's regions",
    Kind.FRAME: "the nearest of the video's frames",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """How near the nearest value of one entry is, and what follows from that, in a sentence."""

    kind: Kind
    distance_bits: int
    radius_bits: int
    rule: str

    @property
    def holds(self) -> bool:
        """Whether the entry is within the radius."""
        return self.distance_bits <= self.radius_bits


def explained(
    kind: Kind, value: NDArray[np.uint8], known: NDArray[np.uint8], radius_bits: int
) -> Explanation:
    """How one value (uint8, (32,)) stands to the nearest of an entry's, uint8 (n, 32), n at least 1."""
    distance_bits = int(np.bitwise_count(known ^ value).sum(axis=1).min())
    differ = f"{distance_bits} of 256 bits differ from {_NAMES[kind]}"
    if kind is Kind.DIGEST and radius_bits == 0:
        rule = "The digests are equal." if distance_bits == 0 else "The digests are not equal."
    elif distance_bits <= radius_bits:
        rule = f"Only {differ}; up to {radius_bits} count as a match."
    else:
        rule = f"As many as {differ}; no more than {radius_bits} count as a match."
    return Explanation(kind, distance_bits, radius_bits, rule)
