# SPDX-License-Identifier: Apache-2.0
"""Search through postings: look into the buckets of a plan, and report each row within the radius once."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from haechi.match._limits import UNLIMITED
from haechi.match._machine import LANES, near_sketches, popcount, prefetch, trailing_zeros
from haechi.match._plan import BANDS, KEYS
from haechi.match._postings import NO_TWIN

__all__ = ["probe_postings"]

_AHEAD: Final = 16
"""So many buckets are on their way from memory at once; measured best at 10 million rows."""

_FLUSH_AT: Final = 1024
"""Candidates are looked at when so many are waiting."""

_SPARE: Final = 4
"""So many times as many rows as entries may be found are looked at here before reading all is tried."""


@njit(nogil=True, cache=True)
def probe_postings(
    asked: Any, halves: Any, postings: Any, plan: Any, costs: Any, segment: Any, epoch: Any,
    limits: Any, hits: Any, left: Any,
) -> Any:  # fmt: skip
    """Write every (query, row, distance) within the limits; (how many, how many queries are left over).

    `asked` is uint64 (q, 4), `halves` the same as uint16 (q, 16). `postings` and `plan` are the arrays
    of `Postings` and `Plan`, `costs` those of `Plan.costs`; `segment` holds the values as one row of
    words, the epochs of death and the entries, `limits` the numbers of `Limits`, `hits` queries, rows
    and distances. Hits beyond the room of `hits` are counted, not written. A query for which reading
    all rows is cheaper, as the lengths of its buckets or its many candidates show, is put into `left`
    and has no hits here; one with four times as many rows as entries may be found too, as whoever
    reads all rows meets the entries in their order, and may stop. With fewer, rows of more entries
    than that may be written.
    """
    found, leaving = np.int64(0), np.int64(0)
    probes = len(plan[0])
    buckets = np.empty((2, probes + _AHEAD), dtype=np.int64)
    waiting = np.empty(_FLUSH_AT + LANES, dtype=np.int64)
    for query in range(asked.shape[0]):
        candidates = _find_buckets(halves, query, postings, plan, buckets)
        after = np.int64(-1)
        if costs[0] * probes + costs[1] * candidates < costs[2]:
            after = _read_buckets(
                asked, halves, query, postings, plan, costs[3], buckets, waiting, segment, epoch,
                limits, hits, found,
            )  # fmt: skip
        if after < 0:
            left[leaving] = query
            leaving += 1
        else:
            found = after
    return found, leaving


@njit(nogil=True, cache=True)
def _find_buckets(halves: Any, query: Any, postings: Any, plan: Any, buckets: Any) -> Any:
    """Where the buckets of a query begin and end, and how many postings they hold together."""
    directory, heads = postings[0], postings[4]
    bands, masks = plan[0], plan[1]
    for probe in range(len(bands)):
        band = bands[probe]
        prefetch(directory, band * (KEYS + 1) + np.int64(halves[query, band] ^ masks[probe]))
    candidates = np.int64(0)
    for probe in range(len(bands)):
        band = bands[probe]
        place = band * (KEYS + 1) + np.int64(halves[query, band] ^ masks[probe])
        start, end = np.int64(directory[place]), np.int64(directory[place + 1])
        buckets[0, probe] = band * heads + start
        buckets[1, probe] = band * heads + end
        candidates += end - start
    for probe in range(len(bands), buckets.shape[1]):
        buckets[0, probe] = buckets[1, probe] = 0
    return candidates


@njit(nogil=True, cache=True)
def _read_buckets(
    asked: Any, halves: Any, query: Any, postings: Any, plan: Any, patience: Any, buckets: Any,
    waiting: Any, segment: Any, epoch: Any, limits: Any, hits: Any, found: Any,
) -> Any:  # fmt: skip
    """Compare the sketches in the buckets, look at the values of those that are near; -1 to give up."""
    sketches, bands, most_bits = postings[1], plan[0], plan[2]
    last = len(bands) - 1
    beside = _sketches_of(halves, query, plan[5])
    most_found = found + _SPARE * limits[2]
    waits = np.int64(0)
    for probe in range(min(_AHEAD, last)):
        _fetch(sketches, buckets, probe)
    for probe in range(last + 1):
        _fetch(sketches, buckets, probe + _AHEAD)
        band, end = bands[probe], buckets[1, probe]
        # Also once for an empty bucket: the last one may be, and then the rest is looked at.
        for place in range(buckets[0, probe], max(end, buckets[0, probe] + 1), LANES):
            near = near_sketches(sketches, place, beside[band], most_bits[probe])
            if end - place < LANES:
                near &= (np.uint64(1) << np.uint64(end - place)) - np.uint64(1)
            while near:
                # The band is kept beside the place: a row is reported by the first band that finds it.
                waiting[waits] = (place + np.int64(trailing_zeros(near))) * BANDS + band
                near &= near - np.uint64(1)
                waits += 1
            if waits >= _FLUSH_AT or (probe == last and place + LANES >= end):
                patience -= waits
                if patience < 0:
                    return np.int64(-1)
                found = _look(
                    asked, query, postings, plan, waiting, waits, segment, epoch, limits,
                    most_found, hits, found,
                )  # fmt: skip
                if found < 0:
                    return found
                waits = np.int64(0)
    return found


@njit(nogil=True, cache=True)
def _sketches_of(halves: Any, query: Any, last_band: Any) -> Any:
    """What a posting of the value that is asked for would carry, in each band of the ring."""
    beside = np.empty(BANDS, dtype=np.uint32)
    for band in range(last_band + 1):
        one, two = halves[query, (band + 1) & last_band], halves[query, (band + 2) & last_band]
        beside[band] = np.uint32(one) | np.uint32(np.uint32(two) << np.uint32(16))
    return beside


@njit(nogil=True, cache=True)
def _fetch(sketches: Any, buckets: Any, probe: Any) -> None:
    """Have the sketches of a bucket near when they are needed."""
    for place in range(buckets[0, probe], buckets[1, probe], LANES):
        prefetch(sketches, place)


@njit(nogil=True, cache=True)
def _look(
    asked: Any, query: Any, postings: Any, plan: Any, waiting: Any, waits: Any, segment: Any,
    epoch: Any, limits: Any, most_found: Any, hits: Any, found: Any,
) -> Any:  # fmt: skip
    """Compare whole values, and report what is near, once, with every row of the same value.

    -1 when more would be found than `most_found`.
    """
    rows, twins = postings[2], postings[3]
    words = segment[0]
    whole_bits, key_bits, most_entries = limits
    for at in range(waits):
        prefetch(rows, waiting[at] // BANDS)
    for at in range(waits):
        prefetch(words, 4 * np.int64(rows[waiting[at] // BANDS]))
    for at in range(waits):
        row = np.int64(rows[waiting[at] // BANDS])
        w0 = words[4 * row] ^ asked[query, 0]
        w1 = words[4 * row + 1] ^ asked[query, 1]
        w2 = words[4 * row + 2] ^ asked[query, 2]
        w3 = words[4 * row + 3] ^ asked[query, 3]
        distance = np.int64(popcount(w0) + popcount(w1) + popcount(w2) + popcount(w3))
        if distance > whole_bits or np.int64(popcount(w0)) > key_bits:
            continue
        if _is_found_before((w0, w1, w2, w3), plan, waiting[at] % BANDS):
            continue
        found = _report(query, row, distance, twins, segment, epoch, most_entries, hits, found)
        if found > most_found:
            return np.int64(-1)
    return found


# Left to itself, LLVM calls this for each row, which costs PDQ searches a tenth of their time.
@njit(nogil=True, cache=True, inline="always")
def _report(
    query: Any, row: Any, distance: Any, twins: Any, segment: Any, epoch: Any, most_entries: Any,
    hits: Any, found: Any,
) -> Any:  # fmt: skip
    """Write down a row and every other of the same value, but those of the first entries only."""
    _, died, entry_ids = segment
    entries, last = np.int64(0), np.int64(0)
    while True:
        if died[row] > epoch:
            if most_entries < UNLIMITED and (entries == 0 or entry_ids[row] != last):
                entries, last = entries + 1, entry_ids[row]
                if entries > most_entries:
                    return found
            if found < len(hits[0]):
                hits[0][found], hits[1][found], hits[2][found] = query, row, distance
            found += 1
        if len(twins) == 0 or twins[row] == NO_TWIN:
            return found
        row = np.int64(twins[row])


@njit(nogil=True, cache=True)
def _is_found_before(differing: Any, plan: Any, band: Any) -> Any:
    """Whether an earlier band finds the row too: by its own bits and by those of its sketch."""
    quotas, chains, last_band = plan[3], plan[4], plan[5]
    for earlier in range(band):
        own = _bits_in(differing, earlier)
        if own < quotas[earlier]:
            beside = _bits_in(differing, earlier + 1) + _bits_in(
                differing, (earlier + 2) & last_band
            )
            if own + beside < chains[earlier]:
                return True
    return False


@njit(nogil=True, cache=True)
def _bits_in(words: Any, band: Any) -> Any:
    """How many bits are set in one of the 16 bands of a value."""
    half = words[band // 4] >> np.uint64(16 * (band % 4))
    return np.int64(popcount(half & np.uint64(KEYS - 1)))
