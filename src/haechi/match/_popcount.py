# SPDX-License-Identifier: Apache-2.0
"""The one loop that compares values: exclusive or, count the bits, keep what is near enough."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

_FIRST_ROOM: Final = 4096


@intrinsic
def _popcount(_typing: Any, _word: Any) -> Any:
    """The number of set bits of a 64-bit word, as LLVM's own instruction."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@njit(nogil=True, cache=True)
def _scan(
    asked: Any, known: Any, alive: Any, radius_bits: int, queries: Any, rows: Any, distances: Any
) -> int:
    """Write every (query, row, distance) within the radius while there is room; count them all."""
    found = 0
    room = len(queries)
    for row in range(known.shape[0]):
        if not alive[row]:
            continue
        for query in range(asked.shape[0]):
            distance = 0
            for word in range(known.shape[1]):
                distance += _popcount(asked[query, word] ^ known[row, word])  # type: ignore[call-arg]  # Numba hands in its typing context
            if distance <= radius_bits:
                if found < room:
                    queries[found] = query
                    rows[found] = row
                    distances[found] = distance
                found += 1
    return found


def within_radius(
    asked: NDArray[np.uint64],
    known: NDArray[np.uint64],
    alive: NDArray[np.uint8],
    radius_bits: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Every pair at most `radius_bits` apart: (query rows, known rows, distances), int64 each.

    `asked` and `known` are uint64 of shape (n, words); rows whose `alive` is 0 are passed over.
    """
    room = _FIRST_ROOM
    while True:
        queries, rows, distances = (np.empty(room, dtype=np.int64) for _ in range(3))
        found = int(_scan(asked, known, alive, radius_bits, queries, rows, distances))
        if found <= room:
            return queries[:found], rows[:found], distances[:found]
        room = found
