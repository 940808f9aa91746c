# SPDX-License-Identifier: Apache-2.0
"""Sets of 256-bit values, harmless and hard, and what comparing with all of them finds."""

from __future__ import annotations

import numpy as np

from haechi.match import Found, Index, Kind

RADII = (0, 1, 15, 16, 20, 31, 32, 47, 63, 64, 80, 256)


def random_values(count: int, seed: int = 0) -> np.ndarray:
    """Values that have nothing to do with one another."""
    return np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)


def turned(values: np.ndarray, bits: int | np.ndarray, seed: int = 0) -> np.ndarray:
    """The values with that many bits of each turned over, at random places."""
    drawn = np.random.default_rng(seed)
    flips = np.zeros((len(values), 256), dtype=np.uint8)
    for row, count in enumerate(np.broadcast_to(bits, len(values))):
        flips[row, drawn.permutation(256)[:count]] = 1
    return values ^ np.packbits(flips, axis=1)


def clustered(count: int, seed: int = 0) -> np.ndarray:
    """Near-duplicates: values 0 to 90 bits from one of five centres."""
    drawn = np.random.default_rng(seed)
    centres = random_values(5, seed)[drawn.integers(0, 5, count)]
    return turned(centres, drawn.integers(0, 91, count), seed)


def skewed(count: int, seed: int = 0) -> np.ndarray:
    """Values that share most of their bands, so that a few buckets hold nearly all of them."""
    values = np.zeros((count, 32), dtype=np.uint8)
    drawn = np.random.default_rng(seed)
    for row in range(count):
        band = drawn.integers(0, 16)
        values[row, 2 * band : 2 * band + 2] = drawn.integers(0, 256, 2)
    return values


def extremes(count: int) -> np.ndarray:
    """All zeros, all ones, halves and their complements, over and over."""
    few = np.zeros((6, 32), dtype=np.uint8)
    few[1], few[2, :16], few[3, 16:], few[4], few[5] = 255, 255, 255, 0x55, 0xAA
    return few[np.arange(count) % 6]


def repeated(count: int, seed: int = 0) -> np.ndarray:
    """A few values, each many times."""
    return random_values(max(1, count // 50), seed)[
        np.random.default_rng(seed).integers(0, max(1, count // 50), count)
    ]


def every_set(count: int) -> dict[str, np.ndarray]:
    """All of these kinds of sets."""
    return {
        "random": random_values(count),
        "clustered": clustered(count),
        "skewed": skewed(count),
        "extremes": extremes(count),
        "repeated": repeated(count),
        "all equal": np.repeat(random_values(1), count, axis=0),
        "mixed": np.concatenate(
            [random_values(count // 2), clustered(count // 4), extremes(count // 4)]
        ),
    }


def questions(values: np.ndarray, count: int = 12, seed: int = 9) -> np.ndarray:
    """Known values, values near them on either side of every radius, complements, and strangers."""
    drawn = np.random.default_rng(seed)
    known = values[drawn.integers(0, len(values), count)]
    near = [turned(known, drawn.integers(0, bits + 1, count), bits) for bits in (1, 16, 31, 47, 80)]
    edges = [turned(known[:1], bits, bits) for bits in (15, 16, 17, 20, 31, 32, 33, 47, 63, 64, 80)]
    return np.concatenate([known, *near, *edges, known[:2] ^ 255, random_values(4, seed)])


def distances(asked: np.ndarray, known: np.ndarray) -> np.ndarray:
    """How many bits differ, (asked, known)."""
    return np.bitwise_count(asked[:, None, :] ^ known[None, :, :]).sum(axis=2, dtype=np.int64)


def brute_force(
    asked: np.ndarray, known: np.ndarray, radius_bits: int
) -> set[tuple[int, int, int]]:
    """Every (query, row, distance) within the radius, by comparing with everything."""
    found = distances(asked, known)
    queries, rows = np.nonzero(found <= radius_bits)
    return set(zip(queries.tolist(), rows.tolist(), found[queries, rows].tolist(), strict=True))


def as_tuples(found: Found) -> list[tuple[int, int, int, int, int]]:
    """(query, distance, entry, payload, group) of all that was found, in its order."""
    order = (found.query, found.distance_bits, found.entry_id, found.payload, found.group)
    return list(zip(*(column.tolist() for column in order), strict=True))


def within(index: Index, asked: np.ndarray, radius_bits: int, kind: Kind = Kind.PDQ) -> list[tuple]:
    """(query, entry, distance) of all that an index finds, each as often as it was found."""
    found = as_tuples(index.search_values(kind, asked, radius_bits))
    return sorted((query, entry, distance) for query, distance, entry, _, _ in found)
