# SPDX-License-Identifier: Apache-2.0
"""The lookups that partners let us keep, searchable in memory, and those that wait to be written."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection, Sequence
from time import monotonic
from typing import Final

from sqlalchemy import Connection

from haechi import exchange
from haechi.bank import Bank
from haechi.exchange import KeptLookup, Lookup
from haechi.match import Index
from haechi.storage import Database, Vault
from haechi.values import PDQ_MATCH_RADIUS_BITS, BankPolicy, Signal
from haechi.workflows._find import Known, find_all
from haechi.workflows._upload import upload_of_signals

_MOST_WAITING: Final = 50_000
_MOST_AT_ONCE: Final = 5_000
_COMPARE_AFTER_S: Final = 30.0


class RecentLookups:
    """Lookups that are kept, searchable; the newest wait here until they are written. Safe across threads.

    In memory it is a pure function of the table `kept_lookup`, read by rising number.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._compared_at_s = float("-inf")
        self._lock = threading.Lock()
        self._waiting: deque[Lookup] = deque(maxlen=_MOST_WAITING)
        self._index = Index()
        self._known: set[int] = set()
        self._newest = 0

    def keep(self, lookup: Lookup) -> None:
        """Take a lookup in; it is written within about a second."""
        with self._lock:
            self._waiting.append(lookup)

    def write(self, database: Database, vault: Vault) -> int:
        """Write down what waits; how many there were."""
        with self._lock:
            waiting = list(self._waiting)
            self._waiting.clear()
        if not waiting:
            return 0
        try:
            with database.write() as tx:
                return exchange.keep_lookups(tx, vault, waiting)
        except Exception:
            with self._lock:
                self._waiting.extendleft(reversed(waiting))
            raise

    def catch_up(self, tx: Connection, vault: Vault) -> None:
        """Take in what others wrote; and every half minute, forget what is kept no more.

        Then also what another process wrote under a lower number, but later. All numbers are read for that:
        with many lookups too much for every second. What was forgotten meanwhile is told to nobody: what is
        near a content is read from the table before it counts.
        """
        while kept := exchange.kept_lookups(tx, vault, after=self._newest, limit=_MOST_AT_ONCE):
            self._take_in(kept)
            self._newest = kept[-1].id
        now_s = self._clock()
        if now_s - self._compared_at_s < _COMPARE_AFTER_S:
            return
        self._compared_at_s = now_s
        ids = exchange.kept_ids(tx)
        gone = self._known - ids
        self._index.remove(gone)
        self._known -= gone
        late = sorted(ids - self._known)
        for first in range(0, len(late), _MOST_AT_ONCE):
            some = late[first : first + _MOST_AT_ONCE]
            self._take_in(exchange.kept_lookups(tx, vault, ids=some, limit=_MOST_AT_ONCE))

    def _take_in(self, kept: Sequence[KeptLookup]) -> None:
        self._index.add((one.id, one.lookup.signals) for one in kept)
        self._known.update(one.id for one in kept)

    @property
    def is_empty(self) -> bool:
        """Whether no lookup is kept, as of the last time this caught up."""
        return not self._known

    def near(self, signals: Sequence[Signal]) -> list[int]:
        """The numbers of kept lookups that these signals of a content may match."""
        if not self._known:
            return []
        everyone = Bank("", "", BankPolicy.BLOCK, PDQ_MATCH_RADIUS_BITS)

        def owners_of(ids: Collection[int]) -> dict[int, tuple[str, Bank]]:
            return {number: (str(number), everyone) for number in ids}

        known = Known(self._index.view(), owners_of, PDQ_MATCH_RADIUS_BITS)
        return sorted(int(m.content_id) for m in find_all(upload_of_signals(signals), known))

    def close(self) -> None:
        """End the work in the background."""
        self._index.close()
