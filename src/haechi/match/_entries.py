# SPDX-License-Identifier: Apache-2.0
"""Entries as callers give them, and the batch of columns that they come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from haechi.match._columns import WORDS, Rows, as_words
from haechi.match._ids import Ids, are_in, both, ids_of, unique
from haechi.match._kinds import Kind
from haechi.match._rows import rows_of
from haechi.values import Signal

__all__ = ["Batch", "Entry"]

_MOST_GROUPS: Final = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One content: a whole number of the caller's, and its rows of each kind.

    `rows` gives for a kind the values, uint8 (n, 32), and the payloads, uint64 (n,). `group` is a
    number from 0 to 65,535 that comes back with every row found, such as that of its bank.
    """

    entry_id: int
    rows: Mapping[Kind, tuple[NDArray[np.uint8], NDArray[np.uint64]]]
    group: int = 0

    @classmethod
    def of_signals(cls, entry_id: int, signals: Sequence[Signal], *, group: int = 0) -> Self:
        """The entry with these signals; without those of low quality, and each only once.

        A `vpdq` or `rpdq` becomes a row for each of its frames or regions (see `_rows`). Those of
        several such signals cannot be told apart any more: give each an entry of its own.
        """
        parts: dict[Kind, list[tuple[NDArray[np.uint8], NDArray[np.uint64]]]] = {}
        for signal in dict.fromkeys(signal for signal in signals if signal.is_trusted):
            kind, values, payloads = rows_of(signal)
            parts.setdefault(kind, []).append((values, payloads))
        rows = {}
        for kind, part in parts.items():
            columns = list(zip(*part, strict=True))
            rows[kind] = (np.concatenate(columns[0]), np.concatenate(columns[1]))
        return cls(entry_id, rows, group)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Whole entries as columns: their ids (sorted, each once; some may have no rows) and their rows."""

    entry_ids: Ids
    rows: dict[Kind, Rows] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Self:
        """The batch of these entries; of several with one id the last counts.

        Raises:
            ValueError: a shape or type is not as `Entry` says, or a group is too large.
        """
        last = {entry.entry_id: entry for entry in entries}
        kinds = {kind for entry in last.values() for kind in entry.rows}
        return cls(ids_of(last), {kind: _columns(kind, last) for kind in kinds})

    @classmethod
    def of_rows(cls, rows: Mapping[Kind, Rows]) -> Self:
        """The batch of whole entries that these rows make up."""
        batch = cls(ids_of(()), dict(rows))
        return cls(batch.with_rows(), batch.rows)

    def only(self, wanted: Ids) -> Batch:
        """The part of the batch that belongs to the wanted entries."""
        if len(wanted) == len(self.entry_ids):
            return self
        rows = {kind: held.at(are_in(held.entry_ids, wanted)) for kind, held in self.rows.items()}
        return Batch(wanted, rows)

    def with_rows(self) -> Ids:
        """The entries that have any rows."""
        named = ids_of(())
        for rows in self.rows.values():
            named = both(named, unique(rows.entry_ids))
        return named


def _columns(kind: Kind, entries: Mapping[int, Entry]) -> Rows:
    """The rows of one kind of all these entries."""
    ids, groups, counts, values, payloads = [], [], [], [], []
    for entry_id, entry in entries.items():
        if kind not in entry.rows:
            continue
        if not 0 <= entry.group < _MOST_GROUPS:
            raise ValueError("a group is a number from 0 to 65535")
        words, carried = as_words(entry.rows[kind][0]), entry.rows[kind][1]
        if carried.dtype != np.uint64 or carried.shape != (len(words),):
            raise ValueError("payloads are uint64, one for each value")
        ids.append(entry_id)
        groups.append(entry.group)
        counts.append(len(words))
        values.append(words)
        payloads.append(carried)
    return Rows(
        np.repeat(np.array(ids, dtype=np.int64), counts),
        np.concatenate(values).reshape(-1, WORDS),
        np.concatenate(payloads),
        np.repeat(np.array(groups, dtype=np.uint16), counts),
    )
