# SPDX-License-Identifier: Apache-2.0
"""Rows: values with the entry, the payload and the group that each belongs to, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["ALIVE", "KEY_BYTES", "VALUE_BYTES", "WORDS", "Rows", "as_words"]

VALUE_BYTES: Final = 32
WORDS: Final = 4

KEY_BYTES: Final = 8
"""A value's key is its first word: what regions are looked up by."""

ALIVE: Final = np.iinfo(np.int64).max
"""The epoch in which a row dies that nobody has removed."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Columns of one length n: `entry_ids` int64, `values` uint64 (n, 4), `payloads` uint64, `groups` uint16.

    A value's 256 bits stand in four little-endian words. What a payload means is the caller's affair.
    """

    entry_ids: NDArray[np.int64]
    values: NDArray[np.uint64]
    payloads: NDArray[np.uint64]
    groups: NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.entry_ids)

    @property
    def nbytes(self) -> int:
        """The memory this takes."""
        return sum(column.nbytes for column in self.columns)

    @property
    def columns(self) -> tuple[NDArray[Any], ...]:
        """The four columns, in the order of the fields."""
        return (self.entry_ids, self.values, self.payloads, self.groups)

    @classmethod
    def empty(cls, count: int) -> Self:
        """Room for so many rows, with anything in it."""
        return cls(
            np.empty(count, dtype=np.int64),
            np.empty((count, WORDS), dtype=np.uint64),
            np.empty(count, dtype=np.uint64),
            np.empty(count, dtype=np.uint16),
        )

    @classmethod
    def joined(cls, parts: Sequence[Rows]) -> Self:
        """All of these, one after the other."""
        if not parts:
            return cls.empty(0)
        columns = zip(*(part.columns for part in parts), strict=True)
        return cls(*(np.concatenate(column) for column in columns))

    def at(self, places: Any) -> Rows:
        """The rows at these places, copied: numbers, flags or a slice."""
        return Rows(*(np.array(column[places]) for column in self.columns))

    def sorted(self) -> Rows:
        """The same rows by rising entry id; those of one entry keep their order."""
        if (self.entry_ids[1:] >= self.entry_ids[:-1]).all():
            return self.at(slice(None))
        return self.at(np.argsort(self.entry_ids, kind="stable"))


def as_words(values: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Values as uint8 (n, 32), seen as uint64 (n, 4).

    Raises:
        ValueError: another shape or type.
    """
    if values.dtype != np.uint8 or values.ndim != 2 or values.shape[1] != VALUE_BYTES:
        raise ValueError("values are uint8 of shape (n, 32)")
    return np.ascontiguousarray(values).view("<u8")
