# SPDX-License-Identifier: Apache-2.0
"""Why a known entry counts as found, or does not: worked out anew from its values, without the index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from haechi.match._columns import KEY_BYTES
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
    """How near the nearest value of one entry is, and what follows from that, in a sentence.

    The distance and the radius of the key stand beside those of the whole where they count too.
    """

    kind: Kind
    distance_bits: int
    radius_bits: int
    rule: str
    key_distance_bits: int | None = None
    key_radius_bits: int | None = None

    @property
    def holds(self) -> bool:
        """Whether the entry is within the radius, and its key within that of the key."""
        is_near = self.distance_bits <= self.radius_bits
        if self.key_distance_bits is None or self.key_radius_bits is None:
            return is_near
        return is_near and self.key_distance_bits <= self.key_radius_bits


def explained(
    kind: Kind,
    value: NDArray[np.uint8],
    known: NDArray[np.uint8],
    radius_bits: int,
    key_bits: int | None = None,
) -> Explanation:
    """How one value (uint8, (32,)) stands to the nearest of an entry's, uint8 (n, 32), n at least 1.

    With `key_bits` to the nearest whose first 8 bytes differ in no more bits, if there is any.
    """
    if key_bits is not None:
        return _vote(kind, value, known, radius_bits, key_bits)
    distance_bits = int(np.bitwise_count(known ^ value).sum(axis=1).min())
    differ = f"{distance_bits} of 256 bits differ from {_NAMES[kind]}"
    if kind is Kind.DIGEST and radius_bits == 0:
        rule = "The digests are equal." if distance_bits == 0 else "The digests are not equal."
    elif distance_bits <= radius_bits:
        rule = f"Only {differ}; up to {radius_bits} count as a match."
    else:
        rule = f"As many as {differ}; no more than {radius_bits} count as a match."
    return Explanation(kind, distance_bits, radius_bits, rule)


def _vote(
    kind: Kind,
    value: NDArray[np.uint8],
    known: NDArray[np.uint8],
    radius_bits: int,
    key_radius_bits: int,
) -> Explanation:
    differing = np.bitwise_count(known ^ value)
    whole, key = differing.sum(axis=1), differing[:, :KEY_BYTES].sum(axis=1)
    nearest = np.lexsort((whole, key > key_radius_bits))[0]
    distance_bits, key_distance_bits = int(whole[nearest]), int(key[nearest])
    differ = (
        f"{distance_bits} of 256 bits differ from {_NAMES[kind]}, {key_distance_bits} of them among "
        f"the 64 of its key"
    )
    holds = distance_bits <= radius_bits and key_distance_bits <= key_radius_bits
    if holds:
        rule = f"Only {differ}; up to {radius_bits} and {key_radius_bits} count as a match."
    else:
        rule = f"As many as {differ}; no more than {radius_bits} and {key_radius_bits} count as a match."
    return Explanation(kind, distance_bits, radius_bits, rule, key_distance_bits, key_radius_bits)
