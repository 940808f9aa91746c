# SPDX-License-Identifier: Apache-2.0
"""The index: takes changes, answers searches, and may be written down and taken up again."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from haechi.match._columns import Rows, as_words
from haechi.match._entries import Batch, Entry
from haechi.match._explain import Explanation
from haechi.match._found import Found
from haechi.match._ids import Ids, ids_of
from haechi.match._kinds import Kind
from haechi.match._limits import (
    MOST_ENTRIES,
    REGION_KEY_RADIUS_BITS,
    REGION_RADIUS_BITS,
    UNLIMITED,
)
from haechi.match._merger import Merger
from haechi.match._snapshot import load_state, save_state
from haechi.match._store import State, Store
from haechi.match._table import Sizes
from haechi.match._view import Hit, View
from haechi.values import PDQ_MATCH_RADIUS_BITS, Signal

__all__ = ["Index", "Size"]

_USUAL: Sizes = Sizes()


@dataclass(frozen=True, slots=True)
class Size:
    """How large an index is: entries, rows (the dead that still take room included), and bytes."""

    entries: int
    rows: int
    segments: int
    memory_bytes: int


class Index:
    """Answers which entries hold a value within a radius; exact for every kind and every radius.

    An entry is a whole number with the rows of one content (`Entry`). Adding and removing may go on
    while others search: a search sees each change whole or not at all, and as soon as the change has
    returned. Segments are merged by a thread in the background that ends when nothing is due. Memory
    for a million entries with one PDQ value each: 0.21 GB, and 0.37 GB while all of it is merged; for
    a million regions 0.09 GB.
    """

    def __init__(self, *, sizes: Sizes = _USUAL) -> None:
        self._begin(Store(sizes, State.empty(sizes)))

    def _begin(self, store: Store) -> None:
        self._store = store
        self._merger = Merger(store)
        # Also at the end of the interpreter: a merge must not run while it is taken apart.
        self._finalizer = weakref.finalize(self, self._merger.stop)

    def __len__(self) -> int:
        """How many entries can be found."""
        return self._store.state.entries

    @property
    def size(self) -> Size:
        """How large it is now."""
        tables = self._store.state.tables.values()
        return Size(
            entries=len(self),
            rows=sum(t.delta_rows + sum(len(s) for s in t.segments) for t in tables),
            segments=sum(len(table.segments) for table in tables),
            memory_bytes=sum(table.nbytes for table in tables),
        )

    def view(self) -> View:
        """The index as it is now, for several questions that must see the same."""
        return View(self._store.state)

    def change(self, *, add: Iterable[Entry] = (), remove: Iterable[int] = ()) -> None:
        """Add entries, or replace those that are there, and forget others: all in one visible step.

        Of several entries with one id the last counts, and an entry that is added is not removed. One
        that has these very rows and this group already is not touched: no search misses it meanwhile.
        Unknown ids to remove are passed over; an entry without rows is none.

        Raises:
            ValueError: values, payloads, an id or a group are not as `Entry` says. Nothing is changed.
        """
        self._apply(Batch.of(add), ids_of(remove))

    def add_rows(
        self,
        kind: Kind,
        entry_ids: NDArray[np.int64],
        values: NDArray[np.uint8],
        payloads: NDArray[np.uint64] | None = None,
        groups: NDArray[np.uint16] | None = None,
    ) -> None:
        """As `change`, for many entries with rows of one kind only: ids (n,), values (n, 32).

        Raises:
            ValueError: the columns are of different lengths, shapes or types.
        """
        count = len(entry_ids)
        payloads = np.zeros(count, dtype=np.uint64) if payloads is None else payloads
        groups = np.zeros(count, dtype=np.uint16) if groups is None else groups
        rows = Rows(entry_ids, as_words(values), payloads, groups)
        if any(len(column) != count for column in rows.columns) or [
            column.dtype.str[1:] for column in rows.columns
        ] != ["i8", "u8", "u8", "u2"]:
            raise ValueError("columns are int64, uint8 (n, 32), uint64 and uint16, of one length")
        self._apply(Batch.of_rows({kind: rows}), ids_of(()))

    def add(self, entries: Iterable[tuple[int, Sequence[Signal]]], *, group: int = 0) -> None:
        """As `change`, for entries given as (entry id, its signals); those of low quality are left out."""
        self.change(add=[Entry.of_signals(i, signals, group=group) for i, signals in entries])

    def remove(self, entry_ids: Iterable[int]) -> None:
        """Forget these entries; unknown ones, and one named twice, are no error."""
        self.change(remove=entry_ids)

    def search(
        self, signals: Sequence[Signal], *, radius_bits: int = PDQ_MATCH_RADIUS_BITS
    ) -> list[list[Hit]]:
        """See `View.search`."""
        return self.view().search(signals, radius_bits=radius_bits)

    def search_values(
        self,
        kind: Kind,
        values: NDArray[np.uint8],
        radius_bits: int,
        *,
        most_entries: int = UNLIMITED,
        threads: int = 1,
    ) -> Found:
        """See `View.search_values`."""
        return self.view().search_values(
            kind, values, radius_bits, most_entries=most_entries, threads=threads
        )

    def search_regions(
        self,
        values: NDArray[np.uint8],
        *,
        key_bits: int = REGION_KEY_RADIUS_BITS,
        whole_bits: int = REGION_RADIUS_BITS,
        most_entries: int = MOST_ENTRIES,
        threads: int = 1,
    ) -> Found:
        """See `View.search_regions`."""
        return self.view().search_regions(
            values,
            key_bits=key_bits,
            whole_bits=whole_bits,
            most_entries=most_entries,
            threads=threads,
        )

    def rows(self, entry_id: int, kind: Kind) -> tuple[NDArray[np.uint8], NDArray[np.uint64]]:
        """See `View.rows`."""
        return self.view().rows(entry_id, kind)

    def explain(
        self,
        kind: Kind,
        value: NDArray[np.uint8],
        entry_id: int,
        *,
        radius_bits: int,
        key_bits: int | None = None,
    ) -> Explanation | None:
        """See `View.explain`."""
        return self.view().explain(
            kind, value, entry_id, radius_bits=radius_bits, key_bits=key_bits
        )

    def save(self, path: Path, *, position: int, sealing_key: bytes | None = None) -> None:
        """Write the index as it is now to a file, whole or not at all; `load` gives `position` back.

        Searches and changes go on meanwhile. With a key of 32 bytes the file is sealed.

        Raises:
            ValueError: the key has another length. BrokenStore: the file cannot be written.
        """
        save_state(self._store.state, path, position=position, sealing_key=sealing_key)

    @classmethod
    def load(
        cls, path: Path, *, sealing_key: bytes | None = None, sizes: Sizes = _USUAL
    ) -> tuple[Self, int]:
        """The index that was saved, and its position.

        Raises:
            FileNotFoundError: there is no such file. DamagedSnapshot: it is damaged, cut short,
                something else, or was sealed with another key. ValueError: the key has another length.
        """
        state, position = load_state(path, sealing_key=sealing_key, sizes=sizes)
        index = cls.__new__(cls)
        index._begin(Store(sizes, state))  # noqa: SLF001  # one of ours
        return index, position

    def settle(self) -> None:
        """Wait until no merge is under way or due: for tests and benches, which want to know the form."""
        self._merger.settle()

    def close(self) -> None:
        """End the merging in the background, for good. Everything else goes on working."""
        self._finalizer()

    def _apply(self, batch: Batch, removed: Ids) -> None:
        self._store.apply(batch, removed)
        self._merger.wake()
