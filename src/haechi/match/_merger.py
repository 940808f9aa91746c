# SPDX-License-Identifier: Apache-2.0
"""Merges segments in the background, while others search and write; no thread when there is nothing to do."""

from __future__ import annotations

import threading
from typing import Final

from haechi.match._kinds import Kind
from haechi.match._merge import merged
from haechi.match._segment import Segment, build_segment
from haechi.match._store import Store
from haechi.match._table import segments_to_merge

__all__ = ["Merger"]

_LOOK_AGAIN_S: Final = 0.1


class _Stopped(Exception):
    """The index is being closed: the merge is given up."""


class Merger:
    """Looks after the form of a store's tables. All its heavy work is done without Python's lock."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread: threading.Thread | None = None
        self._stopping = False

    def wake(self) -> None:
        """Begin if anything is due and nothing is under way; wait if merging lags far behind."""
        with self._store.lock:
            if self._thread is None and not self._stopping and self._next():
                self._thread = threading.Thread(target=self._run, name="index-merger", daemon=True)
                self._thread.start()
            while self._thread is not None and self._is_behind():
                self._store.lock.wait(_LOOK_AGAIN_S)

    def settle(self) -> None:
        """Wait until nothing is due any more."""
        self.wake()
        with self._store.lock:
            while self._thread is not None:
                self._store.lock.wait(_LOOK_AGAIN_S)

    def stop(self) -> None:
        """Give up what is under way, within a fraction of a second, and begin nothing any more."""
        self._stopping = True
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _next(self) -> tuple[Kind, list[Segment]] | None:
        for kind, table in self._store.state.tables.items():
            due = segments_to_merge(table.segments, self._store.sizes)
            if due:
                return kind, due
        return None

    def _is_behind(self) -> bool:
        tables = self._store.state.tables.values()
        return any(table.is_behind(self._store.sizes) for table in tables)

    def _check_stop(self) -> None:
        if self._stopping:
            raise _Stopped

    def _run(self) -> None:
        try:
            while True:
                with self._store.lock:
                    job = None if self._stopping else self._next()
                    if job is None:
                        return
                    self._store.begin_merge(job[0])
                self._merge(*job)
        except (_Stopped, MemoryError):
            # What was there is still there, and searched; the next change tries again.
            pass
        finally:
            with self._store.lock:
                self._thread = None
                self._store.lock.notify_all()

    def _merge(self, kind: Kind, sources: list[Segment]) -> None:
        try:
            runs = [(segment.rows, segment.died) for segment in sources]
            rows = merged(runs, check_stop=self._check_stop)
            ring = self._store.state.tables[kind].ring
            result = build_segment(rows, ring, check_stop=self._check_stop) if len(rows) else None
            self._store.publish_merge(kind, sources, result)
        finally:
            self._store.give_up_merge(kind)
