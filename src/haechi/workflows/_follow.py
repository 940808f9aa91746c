# SPDX-License-Identifier: Apache-2.0
"""The live index: follows the change feed in a thread of its own and answers from memory.

The index is a pure function of the bank's tables: nothing else writes to it. A commit of this
process wakes the follower at once; commits of other processes are seen at the next poll. Whose a row
is, and whether it is shared with whoever asks, stands in the bank only, and is asked for what was
found: so nothing that was withdrawn meanwhile is told, and a start need not read the bank.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import structlog

from haechi.bank import (
    Bank,
    Change,
    Owner,
    access_version,
    active_contents,
    all_banks,
    canaries_among,
    changes_after,
    feed_position,
)
from haechi.match import Index
from haechi.storage import Database, Vault
from haechi.values import BankPolicy, ContentStatus, Reader, utc_now
from haechi.workflows._bell import Bell
from haechi.workflows._find import Known
from haechi.workflows._holders import Seen
from haechi.workflows._index_file import IndexFile
from haechi.workflows._reading import reading

_STALE_AFTER_S: Final = 5.0
_RETRY_AFTER_S: Final = 0.5
_STOP_WITHIN_S: Final = 10.0
_SAVE_EVERY_S: Final = 60.0

_log = structlog.get_logger(__name__)


class LiveIndex:
    """Every active content of the bank, searchable; at most one poll behind the last commit.

    With a `file` it begins where that was written and writes it anew once a minute while anything
    changes, so what was erased does not stay in it, and when it stops.
    """

    def __init__(
        self, database: Database, vault: Vault, *, poll_s: float, file: IndexFile | None = None
    ) -> None:
        self._database = database
        self._vault = vault
        self._poll_s = poll_s
        self._index = Index()
        self._file = file
        self._saved_at_s = time.monotonic()
        self._saved_position = -1
        self._banks: dict[str, Bank] = {}
        self._unreadable: set[int] = set()
        self._canary_hits: set[tuple[str, str]] = set()
        self._position = -1
        self._caught_up_at_s = float("-inf")
        self._seen_access = Seen()
        self.moved = Bell()
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
    def seen_access(self) -> Seen:
        """The access version at the last look, and when that look began."""
        return self._seen_access

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
        self._save()
        self._index.close()

    def wake(self) -> None:
        """Look at the feed now, not at the next poll."""
        self._wake.set()

    def known(self) -> Known:
        """All that is known now, as the operator may see it; to be asked as often as one likes."""
        return self._known(None)

    def known_to(self, reader: Reader) -> Known:
        """What is known now and shared with this reader at the moment of each question."""
        return self._known(reader)

    def _known(self, reader: Reader | None) -> Known:
        banks = self._banks
        widest_bits = max((bank.radius_bits for bank in banks.values()), default=0)
        return Known(self._index.view(), partial(self._owners_of, reader), widest_bits)

    def _owners_of(
        self, reader: Reader | None, entry_ids: Collection[int]
    ) -> dict[int, tuple[str, Bank]]:
        if not entry_ids:
            return {}
        banks = self._banks
        with reading(self._database) as tx:
            found = active_contents(tx, entry_ids, reader=reader, at=utc_now())
            unsaid = set(entry_ids) - found.keys()
            if unsaid and any(bank.canary_of for bank in banks.values()):
                asker_id = "" if reader is None else reader.partner_id
                # Nobody but its partner can know a value that was made up, and it is told as any other.
                for partner_id in canaries_among(tx, unsaid).values():
                    if partner_id != asker_id:
                        self._canary_hits.add((asker_id, partner_id))
        return {
            entry_id: (owner.content_id, _as_told(banks[owner.bank_id], owner))
            for entry_id, owner in found.items()
            if owner.bank_id in banks
        }

    def take_canary_hits(self) -> set[tuple[str, str]]:
        """(who asked, whose made-up value it was) since the last time this was taken."""
        hits, self._canary_hits = self._canary_hits, set()
        return hits

    def catch_up(self) -> None:
        """Apply every change that is committed now."""
        begun_at_s = time.monotonic()
        before = self._position, self._seen_access.version
        with self._database.read() as tx:
            head = feed_position(tx)
            access = access_version(tx)
            if access != self._seen_access.version:
                self._banks = all_banks(tx)
            self._seen_access = Seen(access, begun_at_s)
            if self._position < 0 and self._file is not None:
                self._take_up(self._file, head)
                self._banks = all_banks(tx)
            while self._position < head:
                changes = changes_after(tx, self._vault, max(self._position, 0))
                if changes:
                    self._banks = all_banks(tx)
                    self._apply(changes)
                self._position = changes[-1].seq if changes else head
        self._caught_up_at_s = time.monotonic()
        if before != (self._position, self._seen_access.version):
            self.moved.ring()

    def _take_up(self, file: IndexFile, head: int) -> None:
        loaded = file.load(head=head)
        if loaded is not None:
            self._index.close()
            self._index, self._position = loaded
            self._saved_position = self._position

    def _apply(self, changes: Sequence[Change]) -> None:
        latest = {change.entry_id: change for change in changes}.values()
        present = [change for change in latest if change.status is ContentStatus.ACTIVE]
        gone = [change.entry_id for change in latest if change.status is not ContentStatus.ACTIVE]
        for change in present:
            (self._unreadable.discard if change.is_readable else self._unreadable.add)(
                change.entry_id
            )
        self._index.add((change.entry_id, change.signals) for change in present)
        self._index.remove(gone)
        self._unreadable.difference_update(gone)

    def _save(self) -> None:
        """Write the index down, if there is a file and anything has changed since."""
        position = self._position
        if self._file is None or position < 0 or position == self._saved_position:
            return
        # Also after a failure: not to be tried at every look.
        self._saved_at_s = time.monotonic()
        if self._file.save(self._index, position):
            self._saved_position = position

    def _follow(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                self.catch_up()
                pause_s = self._poll_s
                if time.monotonic() - self._saved_at_s > _SAVE_EVERY_S:
                    self._save()
            except Exception as error:  # noqa: BLE001  # the follower outlives whatever a look meets
                # The database may be back in a moment; `is_ready` turns false meanwhile.
                _log.warning("feed_not_read", error_class=type(error).__name__)
                pause_s = _RETRY_AFTER_S
            self._wake.wait(pause_s)


def _as_told(bank: Bank, owner: Owner) -> Bank:
    """The bank as this content's matches show it."""
    if owner.is_quarantined:
        bank = replace(bank, policy=BankPolicy.REVIEW)
    return bank if bank.canary_of is None else replace(bank, name=bank.told_name)
