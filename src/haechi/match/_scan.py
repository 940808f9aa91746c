# SPDX-License-Identifier: Apache-2.0
"""Search by reading everything: exclusive or, count the bits, keep what is near enough.

Exact for every radius and every set. It is what wide radii and sets without structure come to, and
how the newest rows are searched.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from haechi.match._machine import near_rows, popcount, trailing_zeros

__all__ = ["scan_columns", "scan_rows"]

_BLOCK: Final = 256
"""Rows that stay in the nearest cache while every query is held against them."""


@njit(nogil=True, cache=True)
def scan_rows(
    asked: Any, chosen: Any, segment: Any, epoch: Any, radius_bits: Any, hits: Any, found: Any
) -> Any:
    """Write every (query, row, distance) within the radius behind `found` others; count them all.

    `asked` is uint64 (q, 4), `chosen` the numbers of the queries to answer; `segment` holds the
    values as one row of words and the epochs of death, `hits` queries, rows and distances. Hits
    beyond the room of `hits` are counted, not written.
    """
    words, died = segment
    columns = np.zeros(4 * _BLOCK, dtype=np.uint64)
    for first in range(0, len(died), _BLOCK):
        count = min(_BLOCK, len(died) - first)
        for row in range(count):
            for word in range(4):
                columns[word * _BLOCK + row] = words[4 * (first + row) + word]
        for query in chosen:
            found = _scan_block(
                asked,
                query,
                columns,
                0,
                _BLOCK,
                count,
                first,
                died,
                epoch,
                radius_bits,
                hits,
                found,
            )
    return found


@njit(nogil=True, cache=True)
def scan_columns(
    asked: Any, rows: Any, segment: Any, epoch: Any, radius_bits: Any, hits: Any
) -> Any:
    """As `scan_rows` for every query and the first `rows` rows of values that stand word by word."""
    columns, died = segment
    step = len(died)
    found = 0
    for first in range(0, rows, _BLOCK):
        count = min(_BLOCK, rows - first)
        for query in range(asked.shape[0]):
            found = _scan_block(
                asked,
                query,
                columns,
                first,
                step,
                count,
                first,
                died,
                epoch,
                radius_bits,
                hits,
                found,
            )
    return found


@njit(nogil=True, cache=True)
def _scan_block(
    asked: Any, query: Any, columns: Any, start: Any, step: Any, count: Any, first: Any, died: Any,
    epoch: Any, radius_bits: Any, hits: Any, found: Any,
) -> Any:  # fmt: skip
    """Hold one query against the `count` rows that begin at `start`; the first is row `first`."""
    w0, w1, w2, w3 = asked[query, 0], asked[query, 1], asked[query, 2], asked[query, 3]
    for offset in range(0, count, 8):
        near = near_rows(columns, start + offset, step, w0, w1, w2, w3, np.uint64(radius_bits))
        while near:
            lane = offset + np.int64(trailing_zeros(near))
            near &= near - np.uint64(1)
            row = first + lane
            if lane < count and died[row] > epoch:
                if found < len(hits[0]):
                    place = start + lane
                    distance = popcount(columns[place] ^ w0)
                    distance += popcount(columns[place + step] ^ w1)
                    distance += popcount(columns[place + 2 * step] ^ w2)
                    distance += popcount(columns[place + 3 * step] ^ w3)
                    hits[0][found] = query
                    hits[1][found] = row
                    hits[2][found] = distance
                found += 1
    return found
