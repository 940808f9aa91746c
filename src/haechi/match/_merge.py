# SPDX-License-Identifier: Apache-2.0
"""Making one run of rows from several: each sorted by entry id, the dead left behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from haechi.match._columns import ALIVE, Rows

__all__ = ["merged"]


def merged(
    runs: Sequence[tuple[Rows, NDArray[np.int64]]],
    *,
    check_stop: Callable[[], None] = lambda: None,
) -> Rows:
    """The living rows of all these (rows sorted by entry id, epochs of death), sorted by entry id.

    Rows may go on dying meanwhile; whether one that does is taken along is left open. `check_stop`
    is called between the steps and may raise to give up. Takes one pass over the largest run when the
    others are small beside it.
    """
    nothing = Rows.empty(0), np.empty(0, dtype=np.uint32)
    done, chosen = nothing
    for rows, died in sorted(runs, key=lambda run: len(run[0])):
        check_stop()
        living = np.empty(len(rows), dtype=np.uint32)
        living = living[: _living(died, living)]
        out = Rows.empty(len(chosen) + len(living))
        _merge_two(done.columns, chosen, rows.columns, living, out.columns)
        done, chosen = out, np.arange(len(out), dtype=np.uint32)
    return done


@njit(nogil=True, cache=True)
def _living(died: Any, rows: Any) -> Any:
    """Write down which rows are alive; how many they are."""
    count = 0
    for row in range(len(died)):
        if died[row] == ALIVE:
            rows[count] = row
            count += 1
    return count


@njit(nogil=True, cache=True)
def _merge_two(one: Any, ones: Any, other: Any, others: Any, out: Any) -> None:
    """Merge the rows `ones` of `one` and `others` of `other`, columns in the order of `Rows`."""
    at, to = 0, 0
    for place in range(len(ones) + len(others)):
        takes_one = to == len(others) or (
            at < len(ones) and one[0][ones[at]] <= other[0][others[to]]
        )
        if takes_one:
            _copy_row(one, ones[at], out, place)
            at += 1
        else:
            _copy_row(other, others[to], out, place)
            to += 1


@njit(nogil=True, cache=True)
def _copy_row(source: Any, row: Any, out: Any, place: Any) -> None:
    out[0][place] = source[0][row]
    for word in range(4):
        out[1][place, word] = source[1][row, word]
    out[2][place] = source[2][row]
    out[3][place] = source[3][row]
