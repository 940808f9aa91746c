# SPDX-License-Identifier: Apache-2.0
"""What a search over values answers, and in how many entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Found"]

_SHORT: Final = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Every known row within the radius of every value asked for; columns of one length.

    `query` (int64) is the place of the value among those asked for. `entry_id` (int64), `payload`
    (uint64) and `group` (uint16) are those of the row, `distance_bits` (uint16) is how many bits
    differ. Sorted by query, then distance, then entry, then payload. An entry with several rows
    within the radius stands here several times.
    """

    query: NDArray[np.int64]
    entry_id: NDArray[np.int64]
    distance_bits: NDArray[np.uint16]
    payload: NDArray[np.uint64]
    group: NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.query)

    @classmethod
    def nothing(cls) -> Self:
        """No row at all."""
        return cls(
            np.empty(0, dtype=np.int64),
            np.empty(0, dtype=np.int64),
            np.empty(0, dtype=np.uint16),
            np.empty(0, dtype=np.uint64),
            np.empty(0, dtype=np.uint16),
        )

    @classmethod
    def joined(cls, parts: Sequence[Found]) -> Self:
        """All of these, one after the other, unsorted."""
        columns = zip(*(part.columns for part in parts), strict=True)
        return cls(*(np.concatenate(column) for column in columns))

    @property
    def columns(self) -> tuple[NDArray[Any], ...]:
        """The five columns, in the order of the fields."""
        return (self.query, self.entry_id, self.distance_bits, self.payload, self.group)

    def entries_of_each(self, queries: int) -> NDArray[np.int64]:
        """In how many entries each of so many values was found, int64 (queries,)."""
        query, _, is_new = self._by_entry()
        return np.bincount(query[is_new], minlength=queries)

    def first_entries(self, most: int) -> Found:
        """Of each query only the rows of the `most` entries with the lowest ids; unsorted."""
        if len(self) <= most:
            return self
        query, order, is_new = self._by_entry()
        numbers = np.cumsum(is_new)
        is_first = np.ones(len(query), dtype=bool)
        np.not_equal(query[1:], query[:-1], out=is_first[1:])
        before = np.maximum.accumulate(np.where(is_first, numbers, 0))
        kept = order[numbers - before < most]
        return Found(*(column[kept] for column in self.columns))

    def _by_entry(self) -> tuple[NDArray[np.int64], NDArray[np.intp], NDArray[np.bool_]]:
        """The queries in the order of query and entry, that order, and where an entry begins in it."""
        order = np.lexsort((self.entry_id, self.query))
        query, entry_id = self.query[order], self.entry_id[order]
        is_new = np.ones(len(order), dtype=bool)
        is_new[1:] = (query[1:] != query[:-1]) | (entry_id[1:] != entry_id[:-1])
        return query, order, is_new

    def sorted(self) -> Found:
        """The same rows in the order described above."""
        queries = self.query
        if len(queries) and queries.max() < _SHORT:
            # NumPy sorts numbers of 16 bits by radix: seven times as fast for long answers.
            queries = queries.astype(np.uint16)
        order = np.lexsort((self.payload, self.entry_id, self.distance_bits, queries))
        return Found(*(column[order] for column in self.columns))
