# SPDX-License-Identifier: Apache-2.0
"""The state of an index, and the only two things that change it: a batch, and a merge.

A state is never changed, only replaced, by one assignment: a reader that took one goes on reading
it, whole, for as long as it likes. Writers queue on a lock; readers never do.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from haechi.match._columns import Rows
from haechi.match._entries import Batch
from haechi.match._ids import Ids, both, ids_of, unique, without
from haechi.match._kinds import RING_OF, Kind
from haechi.match._same import changed_entries
from haechi.match._segment import LOOK_ONLY, Segment
from haechi.match._table import Sizes, Table

__all__ = ["State", "Store"]


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What readers see: rows that are in a table and die after `epoch`; `entries` have any."""

    epoch: int
    entries: int
    tables: Mapping[Kind, Table]

    @classmethod
    def empty(cls, sizes: Sizes) -> State:
        """A state without rows."""
        return cls(0, 0, {kind: Table.empty(RING_OF[kind], sizes) for kind in Kind})

    def are_there(self, named: Ids) -> NDArray[np.bool_]:
        """Which of the named entries (sorted) have a row."""
        is_there = np.zeros(len(named), dtype=np.uint8)
        for table in self.tables.values():
            table.mark(named, LOOK_ONLY, is_there)
        return is_there.astype(bool)


@dataclass(slots=True, eq=False)
class Store:
    """Holds the present state. Whoever replaces it holds `lock`, and tells all who wait on it."""

    sizes: Sizes
    state: State
    lock: threading.Condition = field(default_factory=threading.Condition)
    _deaths: dict[Kind, list[Ids]] = field(default_factory=dict)

    def apply(self, batch: Batch, removed: Ids) -> None:
        """Let these entries be as the batch has them, and the removed ones be gone, in one step.

        An entry of the batch is not removed, and one that has these very rows already is not touched.
        """
        with self.lock:
            state = self.state
            there = batch.entry_ids[state.are_there(batch.entry_ids)]
            changed = self._changed(batch, there)
            removed = without(removed, batch.entry_ids)
            removed = removed[state.are_there(removed)]
            batch = batch.only(without(batch.entry_ids, without(there, changed)))
            gone, come = both(changed, removed), batch.with_rows()
            if len(come) or len(gone):
                self._publish(batch, gone, state.entries - len(gone) + len(come))

    def begin_merge(self, kind: Kind) -> None:
        """From now on keep in mind which entries die, until the merge is published or given up."""
        self._deaths[kind] = []

    def publish_merge(self, kind: Kind, sources: Sequence[Segment], result: Segment | None) -> None:
        """Put the result in the place of its sources; who died meanwhile is dead in it too."""
        with self.lock:
            deaths = self._deaths.pop(kind)
            if result and deaths:
                named = unique(np.concatenate(deaths))
                scratch = np.zeros(len(named), dtype=np.uint8)
                result.mark(named, self.state.epoch, scratch)
            state = self.state
            table = state.tables[kind].with_merged(sources, result)
            self.state = State(state.epoch, state.entries, {**state.tables, kind: table})
            self.lock.notify_all()

    def give_up_merge(self, kind: Kind) -> None:
        """The merge that was begun will not be published."""
        with self.lock:
            self._deaths.pop(kind, None)
            self.lock.notify_all()

    def _changed(self, batch: Batch, there: Ids) -> Ids:
        """Those of the entries that are there whose rows are others in the batch."""
        changed = ids_of(())
        if len(there):
            again = batch.only(there)
            for kind, table in self.state.tables.items():
                old = table.rows_of(there, self.state.epoch)
                new = again.rows.get(kind, Rows.empty(0))
                changed = both(changed, changed_entries(old, new))
        return changed

    def _publish(self, batch: Batch, gone: Ids, entries: int) -> None:
        """Build what is new, then let die what is gone, then show both: nothing can fail halfway."""
        state = self.state
        epoch = state.epoch + 1
        tables = dict(state.tables)
        for kind, rows in batch.rows.items():
            if len(rows):
                tables[kind] = tables[kind].grown(rows, gone, self.sizes)
        following = State(epoch, entries, tables)
        if len(gone):
            scratch = np.zeros(len(gone), dtype=np.uint8)
            for table in state.tables.values():
                table.mark(gone, epoch, scratch)
            for deaths in self._deaths.values():
                deaths.append(gone)
        self.state = following
        self.lock.notify_all()
