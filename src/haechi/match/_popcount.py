# SPDX-License-Identifier: Apache-2.0
"""The one loop that compares values: exclusive or, count the bits, keep what is near enough."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

_FIRST_ROOM: Final = 4096


def _popcount_of(_typing: Any, _word: Any) -> Any:
    """The number of set bits of a 64-bit word, as LLVM's own instruction."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


# Any: called without the typing context, which Numba adds.
_popcount: Any = intrinsic(_popcount_of)


@njit(nogil=True, cache=True)
def _scan(
    asked: Any, known: Any, alive: Any, radius_bits: int, queries: Any, rows: Any, distances: Any
) -> int:
    """Write every (query, row, distance) within the radius while there is room; count them all."""
    found = 0
    room = len(queries)
    # Of one kind with the counts: Numba compares mixed signs as floating-point numbers.
    most = np.uint64(radius_bits)
    for row in range(known.shape[0]):
        # The words of a row stay in registers while every query is held against them.
        k0, k1, k2, k3 = known[row, 0], known[row, 1], known[row, 2], known[row, 3]
        for query in range(asked.shape[0]):
            distance = _popcount(asked[query, 0] ^ k0)
            distance += _popcount(asked[query, 1] ^ k1)
            distance += _popcount(asked[query, 2] ^ k2)
            distance += _popcount(asked[query, 3] ^ k3)
            if distance <= most and alive[row]:
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

    `asked` and `known` are uint64 of shape (n, 4), 256 bits a row; rows whose `alive` is 0 are passed over.
    """
    room = _FIRST_ROOM
    while True:
        queries, rows, distances = (np.empty(room, dtype=np.int64) for _ in range(3))
        found = int(_scan(asked, known, alive, radius_bits, queries, rows, distances))
        if found <= room:
            return queries[:found], rows[:found], distances[:found]
        room = found
