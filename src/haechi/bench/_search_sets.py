# SPDX-License-Identifier: Apache-2.0
"""Sets of values to search in, and what to ask them: seeded, and each hard in its own way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["RADIUS_BITS", "SearchSet", "brute_force", "search_sets"]

RADIUS_BITS: Final = 31
_VALUE_BYTES: Final = 32
_PLANTED_EACH: Final = 8
_STRANGERS: Final = 256
_CLUSTER: Final = 20
_HARD_ROWS: Final = 1_000_000

Values = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class SearchSet:
    """Known values, uint8 (n, 32), and asked ones, (q, 32).

    `planted[q]` is a row that lies within the radius of query q, and -1 where none was put there.
    """

    name: str
    known: Values
    asked: Values
    planted: NDArray[np.int64]


def search_sets(size: int, seed: int) -> list[SearchSet]:
    """The sets of one run: the first has `size` values, the hard ones at most a million."""
    drawn = np.random.default_rng(seed)
    hard = min(size, _HARD_ROWS)
    return [
        _random(drawn, size),
        _clustered(drawn, hard),
        _near_duplicates(drawn, hard, "far from all of them", 44),
        _near_duplicates(drawn, hard, "near to many of them", 24),
        _one_value(drawn, hard),
    ]


def brute_force(known: Values, asked: Values) -> list[tuple[int, int, int]]:
    """Every (query, row, distance) within the radius, by comparing with everything; sorted."""
    words = np.ascontiguousarray(known).view(np.uint64)
    found = []
    for query, value in enumerate(np.ascontiguousarray(asked).view(np.uint64)):
        distances = np.bitwise_count(words ^ value).sum(axis=1, dtype=np.int64)
        rows = np.flatnonzero(distances <= RADIUS_BITS)
        found += [(query, int(row), int(distances[row])) for row in rows]
    return sorted(found, key=lambda row: (row[0], row[2], row[1]))


def _values(drawn: np.random.Generator, count: int) -> Values:
    return drawn.integers(0, 256, (count, _VALUE_BYTES), dtype=np.uint8)


def _turned(drawn: np.random.Generator, values: Values, bits: Any) -> Values:
    """The values with so many bits of each turned over (one number, or one for each)."""
    places = drawn.random((len(values), 256)).argsort(axis=1).argsort(axis=1)
    flips = places < np.broadcast_to(bits, len(values))[:, None]
    return values ^ np.packbits(flips, axis=1)


def _many_turned(drawn: np.random.Generator, values: Values, most: int) -> Values:
    """The values with up to `most` bits of each turned over, quickly."""
    turned = values.copy()
    rows = np.arange(len(values))
    for place in drawn.integers(0, 256, (most, len(values))):
        turned[rows, place // 8] ^= (1 << (place % 8)).astype(np.uint8)
    return turned


def _random(drawn: np.random.Generator, size: int) -> SearchSet:
    """Values that have nothing to do with each other; neighbours at every distance, and strangers."""
    known = _values(drawn, size)
    bits = np.repeat(np.arange(RADIUS_BITS + 1), _PLANTED_EACH)
    planted = drawn.integers(0, size, len(bits))
    asked = np.concatenate([_turned(drawn, known[planted], bits), _values(drawn, _STRANGERS)])
    nobody = np.full(_STRANGERS, -1, dtype=np.int64)
    return SearchSet("random", known, asked, np.concatenate([planted, nobody]))


def _clustered(drawn: np.random.Generator, size: int) -> SearchSet:
    """Pictures and their copies: twenty values each, up to 12 bits from a centre."""
    centres = np.repeat(_values(drawn, -(-size // _CLUSTER)), _CLUSTER, axis=0)[:size]
    known = _many_turned(drawn, centres, 12)
    planted = drawn.integers(0, size, 256)
    bits = drawn.integers(0, RADIUS_BITS + 1, len(planted))
    return SearchSet("clustered", known, _turned(drawn, known[planted], bits), planted)


def _near_duplicates(drawn: np.random.Generator, size: int, where: str, bits: int) -> SearchSet:
    """One picture over and over, each a little different: a few buckets hold nearly all of them."""
    centre = _values(drawn, 1)
    known = _many_turned(drawn, np.repeat(centre, size, axis=0), 20)
    asked = _many_turned(drawn, np.repeat(centre, 32, axis=0), bits)
    name = f"near-duplicates, {where}"
    return SearchSet(name, known, asked, np.full(32, -1, dtype=np.int64))


def _one_value(drawn: np.random.Generator, size: int) -> SearchSet:
    """One value over and over; half of the queries are within the radius of all, half of none."""
    value = _values(drawn, 1)
    bits = np.array([RADIUS_BITS, RADIUS_BITS + 1] * 2)
    asked = _turned(drawn, np.repeat(value, len(bits), axis=0), bits)
    planted = np.where(bits <= RADIUS_BITS, 0, -1)
    return SearchSet("one value", np.repeat(value, size, axis=0), asked, planted)
