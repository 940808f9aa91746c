# SPDX-License-Identifier: Apache-2.0
"""A search through one table: each segment by its postings or by reading it, and the delta by reading it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from haechi.match._found import Found
from haechi.match._limits import UNLIMITED, Limits
from haechi.match._plan import Ring, plan_for
from haechi.match._probe import probe_postings
from haechi.match._scan import scan_columns, scan_rows
from haechi.match._segment import Delta, Segment
from haechi.match._table import Table

__all__ = ["search_table"]

_FIRST_ROOM: Final = 1024

_LIMITED_AT_ONCE: Final = 128
"""Where each value may be found in so many entries only, so many values are searched before what they
found in each segment is cut down to that: memory stays bounded."""

Hits = tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[np.uint16]]
Values = NDArray[np.uint64]


def search_table(table: Table, epoch: int, asked: Values, limits: Limits, *, threads: int) -> Found:
    """Every row that a reader of this epoch sees within the limits of each value (uint64, (q, 4)).

    Exact. With `threads` the values are shared out among so many cores; a single one is searched by one.
    """
    if not table.segments and not table.delta_rows:
        # Nearly every bank holds no value of some kind: no need to look at it at all.
        return Found.nothing()

    def search(share: Values, first: int) -> Found:
        found = _search_part(table, epoch, share, limits, first)
        return found.first_entries(limits.most_entries).sorted() if len(found) else found

    at_once = _LIMITED_AT_ONCE if limits.most_entries < UNLIMITED else len(asked)
    if len(asked) <= (at_once if threads <= 1 else 1):
        return search(asked, 0)
    shares = np.array_split(asked, max(-(-len(asked) // at_once), min(threads, len(asked))))
    firsts = np.cumsum([0, *(len(share) for share in shares[:-1])]).tolist()
    if threads <= 1:
        return Found.joined(list(map(search, shares, firsts)))
    with ThreadPoolExecutor(threads) as pool:
        return Found.joined(list(pool.map(search, shares, firsts)))


def _search_part(table: Table, epoch: int, asked: Values, limits: Limits, first: int) -> Found:
    """The rows near these values, unsorted; the first value counts as query `first`."""
    parts = []
    for segment in table.segments:
        hits = _in_segment(segment, table.ring, epoch, asked, limits)
        parts.append(_found(hits, first, segment.rows))
    # Also where there is no segment: then there is at least one part.
    if table.delta_rows or not parts:
        hits = _in_delta(table.delta, table.delta_rows, epoch, asked, limits)
        parts.append(_found(hits, first, table.delta))
    parts = [part for part in parts if len(part)] or parts[-1:]
    return parts[0] if len(parts) == 1 else Found.joined(parts)


def _found(hits: Hits, first: int, rows: Any) -> Found:
    queries, places, distances = hits
    return Found(
        queries + first,
        rows.entry_ids[places],
        distances,
        rows.payloads[places],
        rows.groups[places],
    )


def _in_segment(segment: Segment, ring: Ring, epoch: int, asked: Values, limits: Limits) -> Hits:
    plan = plan_for(limits.radius_on(ring), ring)
    held = (segment.rows.values.reshape(-1), segment.died, segment.rows.entry_ids)
    everyone = np.arange(len(asked))

    def run(hits: Hits) -> int:
        left, found = everyone, 0
        if plan is not None:
            left = np.empty(len(asked), dtype=np.int64)
            halves, costs = asked.view(np.uint16), plan.costs(len(segment), len(asked))
            found, leaving = probe_postings(
                asked, halves, segment.postings.arrays, plan.arrays, costs, held, epoch,
                limits.numbers, hits, left,
            )  # fmt: skip
            left = left[:leaving]
        if len(left):
            found = scan_rows(asked, left, held, epoch, limits.numbers, hits, found)
        return found

    return _all_hits(run)


def _in_delta(delta: Delta, rows: int, epoch: int, asked: Values, limits: Limits) -> Hits:
    held = (delta.words.reshape(-1), delta.died, delta.entry_ids)
    return _all_hits(lambda hits: scan_columns(asked, rows, held, epoch, limits.numbers, hits))


def _all_hits(run: Callable[[Hits], int]) -> Hits:
    """What `run` writes, with as much room as it needs: it counts what it could not write."""
    room = _FIRST_ROOM
    while True:
        hits = (
            np.empty(room, dtype=np.int64),
            np.empty(room, dtype=np.uint32),
            np.empty(room, dtype=np.uint16),
        )
        found = run(hits)
        if found <= room:
            return hits[0][:found], hits[1][:found], hits[2][:found]
        room = found
