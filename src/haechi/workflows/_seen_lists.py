# SPDX-License-Identifier: Apache-2.0
"""What each partner could see at all when it last fetched its list to the end."""

from __future__ import annotations

import threading
import time
from typing import Final

_SWEEP_EVERY_S: Final = 3600.0


class SeenLists:
    """For each partner a word for what it may see. Safe across threads.

    A bank that is switched off, or a partner that is let into one, changes what many contents are to a
    partner by no step of the feed: then its list is told anew. So it is once after a start, since this is
    kept in memory alone.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, str] = {}
        self._begun: dict[str, str] = {}
        self._sweep_at_s = float("-inf")

    def takes_sweep(self) -> bool:
        """Whether what was handed is to be looked through now: once an hour, and after a start."""
        with self._lock:
            is_due = time.monotonic() >= self._sweep_at_s
            if is_due:
                self._sweep_at_s = time.monotonic() + _SWEEP_EVERY_S
            return is_due

    def begin(self, partner_id: str, sight: str) -> bool:
        """A fetch begins; whether the partner has fetched to the end what it may see by this word."""
        with self._lock:
            self._begun[partner_id] = sight
            return self._seen.get(partner_id) == sight

    def end(self, partner_id: str, sight: str) -> None:
        """A fetch came to its end; it counts if the partner may see now what it might when it began."""
        with self._lock:
            if self._begun.get(partner_id) == sight:
                self._seen[partner_id] = sight
