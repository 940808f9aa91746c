# SPDX-License-Identifier: Apache-2.0
"""A growing table of 256-bit values, searched by popcount over all of it: exact by construction.

Faster ways to the same answer come behind this class; `tests/contracts/test_index_contract.py` holds every one of them to
brute force.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from haechi.match._popcount import within_radius

_WORD_BITS: Final = 64
_FIRST_CAPACITY: Final = 1024


class HammingTable:
    """Values with the entry each belongs to. One writer at a time (the caller's lock), any readers.

    A row is written before `_rows` counts it and never moves while `_state` is the same arrays, so
    a reader that took the arrays and the count sees whole rows. A removal clears the row's flag;
    when more than half the rows are dead the living ones are copied to fresh arrays.
    """

    def __init__(self, bits: int) -> None:
        self._words = bits // _WORD_BITS
        self._slots: dict[int, list[int]] = defaultdict(list)
        self._dead_rows = 0
        self._allocate(_FIRST_CAPACITY)
        self._publish(0)

    def add(self, pairs: Sequence[tuple[int, bytes]]) -> None:
        """Append (entry id, value) rows."""
        if not pairs:
            return
        start = self._rows
        end = start + len(pairs)
        if end > len(self._entry_ids):
            self._rebuild(capacity=max(2 * len(self._entry_ids), 2 * end))
            start = self._rows
            end = start + len(pairs)
        joined = b"".join(value for _, value in pairs)
        self._values[start:end] = np.frombuffer(joined, dtype="<u8").reshape(-1, self._words)
        self._entry_ids[start:end] = [entry_id for entry_id, _ in pairs]
        self._alive[start:end] = 1
        for slot, (entry_id, _) in enumerate(pairs, start):
            self._slots[entry_id].append(slot)
        self._publish(end)

    def remove(self, entry_ids: Sequence[int]) -> None:
        """Drop every row of these entries; unknown ones are passed over."""
        for entry_id in entry_ids:
            slots = self._slots.pop(entry_id, [])
            self._alive[slots] = 0
            self._dead_rows += len(slots)
        if self._dead_rows > _FIRST_CAPACITY and 2 * self._dead_rows > self._rows:
            self._rebuild(capacity=len(self._entry_ids))

    def search(self, values: Sequence[bytes], radius_bits: int) -> list[list[tuple[int, int]]]:
        """For each value every living row within the radius, as (entry id, distance in bits)."""
        known, entry_ids, alive, rows = self._state
        answers: list[list[tuple[int, int]]] = [[] for _ in values]
        if not rows or not values:
            return answers
        asked = np.frombuffer(b"".join(values), dtype="<u8").reshape(-1, self._words)
        queries, hits, distances = within_radius(asked, known[:rows], alive[:rows], radius_bits)
        for query, row, distance in zip(
            queries.tolist(), entry_ids[hits].tolist(), distances.tolist(), strict=True
        ):
            answers[query].append((row, distance))
        return answers

    def _allocate(self, capacity: int) -> None:
        self._values: NDArray[np.uint64] = np.zeros((capacity, self._words), dtype=np.uint64)
        self._entry_ids: NDArray[np.int64] = np.zeros(capacity, dtype=np.int64)
        self._alive: NDArray[np.uint8] = np.zeros(capacity, dtype=np.uint8)

    def _publish(self, rows: int) -> None:
        self._rows = rows
        # One assignment: a reader takes either the old state or the new one, never half of each.
        self._state = (self._values, self._entry_ids, self._alive, rows)

    def _rebuild(self, capacity: int) -> None:
        """Copy the living rows to fresh arrays; readers of the old ones are not disturbed."""
        keep = np.flatnonzero(self._alive[: self._rows])
        values, entry_ids = self._values[keep], self._entry_ids[keep]
        self._allocate(max(capacity, _FIRST_CAPACITY))
        rows = len(keep)
        self._values[:rows], self._entry_ids[:rows], self._alive[:rows] = values, entry_ids, 1
        self._slots.clear()
        for slot, entry_id in enumerate(entry_ids.tolist()):
            self._slots[entry_id].append(slot)
        self._dead_rows = 0
        self._publish(rows)
