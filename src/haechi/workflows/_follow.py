# SPDX-License-Identifier: Apache-2.0
"""The live index: follows the change feed in a thread of its own and answers from memory.

The index is a pure function of the bank's tables: nothing else writes to it. A commit of this
process wakes the follower at once; commits of other processes are seen at the next poll.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Final

import structlog

from haechi.bank import Bank, Change, all_banks, changes_after, feed_position
from haechi.match import Hit, Index
from haechi.storage import Database, Vault
from haechi.values import ContentStatus, Signal

_STALE_AFTER_S: Final = 5.0
_RETRY_AFTER_S: Final = 0.5
_STOP_WITHIN_S: Final = 10.0

_log = structlog.get_logger(__name__)


class LiveIndex:
    """Every active content of the bank, searchable; at most one poll behind the last commit."""

    def __init__(self, database: Database, vault: Vault, *, poll_s: float) -> None:
        self._database = database
        self._vault = vault
        self._poll_s = poll_s
        self._index = Index()
        self._contents: dict[int, tuple[str, str]] = {}
        self._banks: dict[str, Bank] = {}
        self._unreadable: set[int] = set()
        self._position = -1
        self._caught_up_at_s = float("-inf")
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="live-index", daemon=True)

    @property
    def position(self) -> int:
        """The number of the newest change that is in the index; -1 before the first look."""
        return self._position

    @property
    def is_ready(self) -> bool:
        """Whether it has caught up with the feed, and still does: within the last five seconds."""
        return time.monotonic() - self._caught_up_at_s < _STALE_AFTER_S

    @property
    def unreadable_count(self) -> int:
        """How many contents hold a signal that could not be read and is left out; doctor names it."""
        return len(self._unreadable)

    def __len__(self) -> int:
        """How many contents are matched."""
        return len(self._index)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """Stop following and wait until the thread has ended."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_WITHIN_S)

    def wake(self) -> None:
        """Look at the feed now, not at the next poll."""
        self._wake.set()

    def search(self, signals: Sequence[Signal]) -> list[list[tuple[Hit, str, Bank]]]:
        """For each signal every hit within the radius of its bank: (hit, content id, bank)."""
        banks = self._banks
        widest_bits = max((bank.radius_bits for bank in banks.values()), default=0)
        answers = []
        for hits in self._index.search(signals, radius_bits=widest_bits):
            known = []
            for hit in hits:
                # No content: withdrawn between the search and this line.
                content_id, bank_id = self._contents.get(hit.entry_id, ("", ""))
                bank = banks.get(bank_id)
                if bank is not None and hit.distance_bits <= bank.radius_bits:
                    known.append((hit, content_id, bank))
            answers.append(known)
        return answers

    def catch_up(self) -> None:
        """Apply every change that is committed now."""
        with self._database.read() as tx:
            head = feed_position(tx)
            while self._position < head:
                changes = changes_after(tx, self._vault, max(self._position, 0))
                if changes:
                    self._banks = all_banks(tx)
                    self._apply(changes)
                self._position = changes[-1].seq if changes else head
        self._caught_up_at_s = time.monotonic()

    def _apply(self, changes: Sequence[Change]) -> None:
        latest = {change.entry_id: change for change in changes}.values()
        present = [change for change in latest if change.status is ContentStatus.ACTIVE]
        gone = [change.entry_id for change in latest if change.status is not ContentStatus.ACTIVE]
        for change in present:
            self._contents[change.entry_id] = (change.content_id, change.bank_id)
            (self._unreadable.discard if change.is_readable else self._unreadable.add)(
                change.entry_id
            )
        self._index.add((change.entry_id, change.signals) for change in present)
        self._index.remove(gone)
        for entry_id in gone:
            self._contents.pop(entry_id, None)
            self._unreadable.discard(entry_id)

    def _follow(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                self.catch_up()
                pause_s = self._poll_s
            except Exception as error:  # noqa: BLE001  # the follower outlives whatever a look meets
                # The database may be back in a moment; `is_ready` turns false meanwhile.
                _log.warning("feed_not_read", error_class=type(error).__name__)
                pause_s = _RETRY_AFTER_S
            self._wake.wait(pause_s)
