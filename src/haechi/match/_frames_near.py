# SPDX-License-Identifier: Apache-2.0
"""Which frames of two videos look alike: every frame against every frame, exactly."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from haechi.match._machine import popcount

__all__ = ["Floats", "Integers", "Words", "along", "looks_of", "nearest", "pairs", "words_of"]

Words: TypeAlias = NDArray[np.uint64]
Integers: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]

_NEVER: Final = 257


def words_of(values: NDArray[np.uint8]) -> Words:
    """PDQ values, uint8 (n, 32), as four words each, uint64 (n, 4)."""
    return np.ascontiguousarray(values).view(np.uint64).reshape(len(values), 4)


@njit(nogil=True, cache=True)
def _distance(one: Words, i: int, other: Words, j: int) -> int:
    total = 0
    for word in range(4):
        total += popcount(one[i, word] ^ other[j, word])
    return total


@njit(nogil=True, cache=True)
def nearest(query: Words, known: Words) -> tuple[Integers, Integers]:
    """For each query frame the distance to the nearest known one, and the other way round.

    257 where there is nothing on the other side.
    """
    to_known = np.full(len(query), _NEVER, np.int64)
    to_query = np.full(len(known), _NEVER, np.int64)
    for i in range(len(query)):
        for j in range(len(known)):
            distance = _distance(query, i, known, j)
            to_known[i] = min(to_known[i], distance)
            to_query[j] = min(to_query[j], distance)
    return to_known, to_query


@njit(nogil=True, cache=True)
def looks_of(frames: Words, radius_bits: int) -> tuple[Integers, int]:
    """The look of each frame, numbered from 0, and how many looks there are.

    In order of time; a frame has the first look whose first frame is within the radius, or a new
    one. A video of one unchanging picture has one look, a black screen between two shots is one.
    """
    # Compared with all first frames seen so far: quadratic at worst, 0.2 s for three hours.
    of_frame = np.empty(len(frames), np.int64)
    firsts = np.empty(len(frames), np.int64)
    count = 0
    for i in range(len(frames)):
        look = 0
        while look < count and _distance(frames, i, frames, firsts[look]) > radius_bits:
            look += 1
        if look == count:
            firsts[count] = i
            count += 1
        of_frame[i] = look
    return of_frame, count


@njit(nogil=True, cache=True)
def pairs(
    query: Words, known: Words, to_known: Integers, limits: tuple[int, int, int]
) -> tuple[Integers, Integers, Integers]:
    """Pairs of frames that tell a place in time: query frame, known frame, distance.

    `limits`: the radius; how much farther than the nearest a known frame may be; and how many such
    frames a query frame may have. One with more shows something that stands still, and tells nothing.
    """
    radius_bits, slack_bits, most = limits
    query_at = np.empty(len(query) * most, np.int64)
    known_at = np.empty(len(query) * most, np.int64)
    distances = np.empty(len(query) * most, np.int64)
    count = 0
    for i in range(len(query)):
        within = min(radius_bits, to_known[i] + slack_bits)
        if to_known[i] > radius_bits:
            continue
        start = count
        for j in range(len(known)):
            distance = _distance(query, i, known, j)
            if distance <= within:
                if count == start + most:
                    count = start
                    break
                query_at[count], known_at[count], distances[count] = i, j, distance
                count += 1
    return query_at[:count], known_at[:count], distances[:count]


@njit(nogil=True, cache=True)
def along(
    query: Words,
    known: Words,
    times_s: tuple[Floats, Floats],
    line: tuple[float, float, float],
    radius_bits: int,
) -> tuple[Integers, Integers]:
    """For each query frame the most alike known frame near where a line puts it, and its distance.

    `times_s` are those of the query and of the known frames; `line` is slope, offset and tolerance:
    the known time looked at is slope · query time + offset, give or take. -1 where none is within
    the radius.
    """
    slope, offset_s, tolerance_s = line
    best = np.full(len(query), -1, np.int64)
    best_bits = np.full(len(query), -1, np.int64)
    for i in range(len(query)):
        at_s = slope * times_s[0][i] + offset_s
        j = np.searchsorted(times_s[1], at_s - tolerance_s)
        nearest_s = tolerance_s
        while j < len(known) and times_s[1][j] <= at_s + tolerance_s:
            distance = _distance(query, i, known, j)
            away_s = abs(times_s[1][j] - at_s)
            is_better = best[i] < 0 or distance < best_bits[i]
            is_as_good = best[i] >= 0 and distance == best_bits[i] and away_s < nearest_s
            if distance <= radius_bits and (is_better or is_as_good):
                best[i], best_bits[i], nearest_s = j, distance, away_s
            j += 1
    return best, best_bits
