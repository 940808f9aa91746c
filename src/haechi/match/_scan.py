# SPDX-License-Identifier: Apache-2.0
"""Search by reading everything: exclusive or, count the bits, keep what is near enough.

Exact for all limits and every set. It is what wide radii and sets without structure come to, and
how the newest rows are searched.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from haechi.match._limits import UNLIMITED
from haechi.match._machine import near_rows, popcount, trailing_zeros

__all__ = ["scan_columns", "scan_rows"]

_BLOCK: Final = 256
"""Rows that stay in the nearest cache while every query is held against them."""


@njit(nogil=True, cache=True)
def scan_rows(
    asked: Any, chosen: Any, segment: Any, epoch: Any, limits: Any, hits: Any, found: Any
) -> Any:
    """Write every (query, row, distance) within the limits behind `found` others; count them all.

    `asked` is uint64 (q, 4), `chosen` the numbers of the queries to answer; `segment` holds the
    values as one row of words, the epochs of death and the entries in their order, `limits` the
    numbers of `Limits`, `hits` queries, rows and distances. Hits beyond the room of `hits` are
    counted, not written. A query that has found as many entries as it may is not read on for.
    """
    words, died, _ = segment
    columns = np.zeros(4 * _BLOCK, dtype=np.uint64)
    tally = np.zeros((len(chosen), 2), dtype=np.int64)
    for first in range(0, len(died), _BLOCK):
        count = min(_BLOCK, len(died) - first)
        for row in range(count):
            for word in range(4):
                columns[word * _BLOCK + row] = words[4 * (first + row) + word]
        are_done = True
        for at in range(len(chosen)):
            if tally[at, 0] <= limits[2]:
                are_done = False
                found = _scan_block(
                    asked, chosen[at], columns, (0, _BLOCK, count, first), segment, epoch, limits,
                    tally[at], hits, found,
                )  # fmt: skip
        if are_done:
            break
    return found


@njit(nogil=True, cache=True)
def scan_columns(asked: Any, rows: Any, segment: Any, epoch: Any, limits: Any, hits: Any) -> Any:
    """As `scan_rows` for every query and the first `rows` rows of values that stand word by word.

    Their entries are in no order: as many are found as there are.
    """
    columns, died, _ = segment
    step = len(died)
    everyone = (limits[0], limits[1], UNLIMITED)
    nothing = np.zeros(2, dtype=np.int64)
    found = 0
    for first in range(0, rows, _BLOCK):
        count = min(_BLOCK, rows - first)
        for query in range(asked.shape[0]):
            found = _scan_block(
                asked, query, columns, (first, step, count, first), segment, epoch, everyone,
                nothing, hits, found,
            )  # fmt: skip
    return found


@njit(nogil=True, cache=True)
def _scan_block(
    asked: Any, query: Any, columns: Any, block: Any, segment: Any, epoch: Any, limits: Any,
    tally: Any, hits: Any, found: Any,
) -> Any:  # fmt: skip
    """Hold one query against the rows of a block: where they start, a word's step, how many, the first's number.

    `tally` is how many entries the query has found, and the last of them.
    """
    start, step, count, first = block
    _, died, entry_ids = segment
    whole_bits, key_bits, most_entries = limits
    w0, w1, w2, w3 = asked[query, 0], asked[query, 1], asked[query, 2], asked[query, 3]
    for offset in range(0, count, 8):
        near = near_rows(columns, start + offset, step, w0, w1, w2, w3, np.uint64(whole_bits))
        while near:
            lane = offset + np.int64(trailing_zeros(near))
            near &= near - np.uint64(1)
            row, place = first + lane, start + lane
            if lane >= count or died[row] <= epoch:
                continue
            distance = popcount(columns[place] ^ w0)
            if np.int64(distance) > key_bits:
                continue
            if most_entries < UNLIMITED and (tally[0] == 0 or tally[1] != entry_ids[row]):
                tally[0], tally[1] = tally[0] + 1, entry_ids[row]
                if tally[0] > most_entries:
                    return found
            if found < len(hits[0]):
                distance += popcount(columns[place + step] ^ w1)
                distance += popcount(columns[place + 2 * step] ^ w2)
                distance += popcount(columns[place + 3 * step] ^ w3)
                hits[0][found] = query
                hits[1][found] = row
                hits[2][found] = distance
            found += 1
    return found
