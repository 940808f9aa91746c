# SPDX-License-Identifier: Apache-2.0
"""Postings: for each band a list of rows by the band's 16 bits, each with a sketch of the bits beside it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from haechi.match._machine import LANES, prefetch
from haechi.match._plan import KEYS, Ring

__all__ = ["NO_TWIN", "Postings", "build_postings"]

NO_TWIN: Final = np.iinfo(np.uint32).max
"""Ends a chain of rows with equal values."""

_FINE_BITS: Final = 8
_FINE: Final = 1 << _FINE_BITS
_AHEAD: Final = 16
_ODD: Final = np.uint64(0x9E3779B97F4A7C15)
_HALF: Final = np.uint64(32)
_LOW: Final = np.uint64(0xFFFFFFFF)


@dataclass(frozen=True, slots=True, eq=False)
class Postings:
    """What the search reads of a segment before it looks at a value.

    The postings of band b with the 16 bits k stand at `directory[b * 65537 + k]` to the next one's,
    counted from `b * heads`: their `sketches` (the next two bands on the ring) and their `rows`. Of
    rows with equal values only the first has postings; `twins[row]` is the next of them, in the order
    of the rows, `NO_TWIN` behind the last. Without any equal values `twins` is empty.
    """

    directory: NDArray[np.uint32]
    sketches: NDArray[np.uint32]
    rows: NDArray[np.uint32]
    twins: NDArray[np.uint32]
    heads: int

    @property
    def arrays(self) -> tuple[Any, ...]:
        """What the search reads, in its order."""
        return (self.directory, self.sketches, self.rows, self.twins, self.heads)

    @property
    def nbytes(self) -> int:
        """The memory this takes."""
        return sum(array.nbytes for array in self.arrays[:-1])


def build_postings(
    values: NDArray[np.uint64],
    ring: Ring,
    *,
    threads: int = 1,
    are_distinct: bool = False,
    check_stop: Callable[[], None] = lambda: None,
) -> Postings:
    """The postings of these values (uint64, (n, 4)) in the posted bands of the ring.

    `are_distinct` says that no two values are equal, so that nobody has to look; where that is wrong,
    equal values have postings each, and are found all the same. `check_stop` is called between the
    bands and may raise to give up. About 0.1 s for a million values on one core; needs up to 24 bytes
    a row besides what it returns.
    """
    if are_distinct:
        twins, is_head = np.empty(0, dtype=np.uint32), np.ones(len(values), dtype=np.uint8)
        heads = len(values)
    else:
        twins, is_head, heads = _twins_of(values)
    bands = ring.posted
    directory = np.empty(bands * (KEYS + 1), dtype=np.uint32)
    # The search compares 16 sketches at once, also at the very end.
    sketches = np.zeros(bands * heads + LANES, dtype=np.uint32)
    rows = np.empty(bands * heads, dtype=np.uint32)
    halves = values.view(np.uint16)
    coarse = np.zeros((bands, _FINE), dtype=np.int64)
    _count_coarse(halves, is_head, coarse)

    def fill(first: int) -> None:
        packed, keys = np.empty(heads, dtype=np.uint64), np.empty(heads, dtype=np.uint16)
        for band in range(first, bands, threads):
            check_stop()
            where = slice(band * heads, (band + 1) * heads)
            table = directory[band * (KEYS + 1) : (band + 1) * (KEYS + 1)]
            out = (table, sketches[where], rows[where])
            beside = ((band + 1) % ring.bands, (band + 2) % ring.bands)
            _fill_band(halves, is_head, band, beside, coarse[band], out, packed, keys)

    if threads == 1:
        fill(0)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(fill, range(threads)))
    return Postings(directory, sketches, rows, twins, heads)


def _twins_of(values: Any) -> tuple[NDArray[np.uint32], NDArray[np.uint8], int]:
    """Chains of rows with equal values, a flag for the first of each, and how many firsts there are."""
    count = len(values)
    twins = np.full(count, NO_TWIN, dtype=np.uint32)
    is_head = np.ones(count, dtype=np.uint8)
    room = 1 << max(4, (count + count // 2).bit_length())
    # Drawn anew each time: nobody can prepare values that all fall into one place.
    seeds = np.frombuffer(secrets.token_bytes(32), dtype=np.uint64).copy()
    repeated = int(_chain(values, np.zeros(room, dtype=np.uint64), seeds, twins, is_head))
    if not repeated:
        return twins[:0].copy(), is_head, count
    _turn_round(twins, is_head)
    return twins, is_head, count - repeated


@njit(nogil=True, cache=True)
def _mixed(values: Any, row: Any, seeds: Any) -> Any:
    """A 64-bit hash of one value that depends on the secret seeds."""
    mixed = np.uint64(0)
    for word in range(4):
        mixed = (mixed ^ values[row, word] ^ seeds[word]) * _ODD
        mixed ^= mixed >> _HALF
    return mixed


@njit(nogil=True, cache=True)
def _chain(values: Any, slots: Any, seeds: Any, twins: Any, is_head: Any) -> Any:
    """Link rows of equal values behind the first of them, latest first; how many are not the first.

    An open hash table: a slot holds half of the hash and one more than the row.
    """
    count = values.shape[0]
    last = np.uint64(len(slots) - 1)
    ahead = np.zeros(_AHEAD, dtype=np.uint64)
    repeated = 0
    for step in range(count + _AHEAD):
        row = step - _AHEAD
        mixed = ahead[step % _AHEAD]
        if step < count:
            coming = _mixed(values, step, seeds)
            ahead[step % _AHEAD] = coming
            prefetch(slots, np.int64(coming & last))
        if row < 0:
            continue
        tag = mixed & ~_LOW
        slot = mixed & last
        while True:
            held = slots[slot]
            if held == 0:
                slots[slot] = tag | np.uint64(row + 1)
                break
            if held & ~_LOW == tag:
                head = np.int64(held & _LOW) - 1
                if _are_equal(values, head, row):
                    twins[row] = twins[head]
                    twins[head] = row
                    is_head[row] = 0
                    repeated += 1
                    break
            slot = (slot + np.uint64(1)) & last
    return repeated


@njit(nogil=True, cache=True)
def _turn_round(twins: Any, is_head: Any) -> None:
    """Let what is linked behind each first row come in the order of the rows."""
    for head in range(len(twins)):
        if is_head[head]:
            turned = np.uint32(NO_TWIN)
            row = twins[head]
            while row != NO_TWIN:
                following = twins[row]
                twins[row] = turned
                turned, row = row, following
            twins[head] = turned


@njit(nogil=True, cache=True)
def _are_equal(values: Any, one: Any, other: Any) -> Any:
    differing = values[one, 0] ^ values[other, 0] | values[one, 1] ^ values[other, 1]
    return differing | values[one, 2] ^ values[other, 2] | values[one, 3] ^ values[other, 3] == 0


@njit(nogil=True, cache=True)
def _count_coarse(halves: Any, is_head: Any, coarse: Any) -> None:
    """Count into `coarse[band, k]` the rows whose upper 8 bits in a band are k, for every band at once."""
    for row in range(halves.shape[0]):
        if is_head[row]:
            for band in range(coarse.shape[0]):
                coarse[band, halves[row, band] >> _FINE_BITS] += 1


@njit(nogil=True, cache=True)
def _fill_band(
    halves: Any, is_head: Any, band: Any, beside: Any, coarse: Any, out: Any, packed: Any, keys: Any
) -> None:  # fmt: skip
    """Sort the rows by their 16 bits in this band: first by the upper 8, then each part by the lower 8.

    Twice, because 256 places that grow stay in the nearest cache where 65,536 do not. `beside`
    names the two bands of the sketch, `coarse` holds how many rows each part has.
    """
    places = np.empty(_FINE, dtype=np.int64)
    place = np.int64(0)
    for part in range(_FINE):
        places[part] = place
        place += coarse[part]
    one, two = beside
    for row in range(halves.shape[0]):
        if is_head[row]:
            key = halves[row, band]
            place = places[key >> _FINE_BITS]
            places[key >> _FINE_BITS] = place + 1
            keys[place] = key
            sketch = np.uint64(halves[row, one]) | np.uint64(halves[row, two]) << np.uint64(16)
            packed[place] = sketch | np.uint64(row) << _HALF
    start = np.int64(0)
    for part in range(_FINE):
        _fill_part(keys, packed, start, places[part], part, out)
        start = places[part]
    out[0][KEYS] = start


@njit(nogil=True, cache=True)
def _fill_part(keys: Any, packed: Any, start: Any, end: Any, part: Any, out: Any) -> None:
    """Sort one part by the lower 8 bits into the directory, the sketches and the rows of `out`."""
    directory, sketches, rows = out
    places = np.zeros(_FINE, dtype=np.int64)
    for at in range(start, end):
        places[keys[at] % _FINE] += 1
    place = start
    for fine in range(_FINE):
        count = places[fine]
        places[fine] = place
        directory[part * _FINE + fine] = place
        place += count
    for at in range(start, end):
        place = places[keys[at] % _FINE]
        places[keys[at] % _FINE] = place + 1
        sketches[place] = packed[at] & _LOW
        rows[place] = packed[at] >> _HALF
