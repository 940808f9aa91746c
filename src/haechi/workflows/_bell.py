# SPDX-License-Identifier: Apache-2.0
"""Tells those who wait for the next change, without a thread for each."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from haechi.errors import TooManyRequests

_MOST_WAITING: Final = 32
"""So many requests of one partner may wait at once."""

_AGAIN_AFTER_S: Final = 10


class Bell:
    """Rung when the feed has moved. Safe across threads. `is_over`: nobody is to wait any more."""

    def __init__(self) -> None:
        self.is_over = False
        self._lock = threading.Lock()
        self._listeners: dict[object, Callable[[], object]] = {}
        self._waiting: Counter[str] = Counter()

    @contextmanager
    def listen(self, who: str, callback: Callable[[], object]) -> Iterator[None]:
        """Have `callback` called, by another thread, whenever the feed has moved while the block lasts.

        Raises:
            TooManyRequests: too many of `who` wait already.
        """
        mark = object()
        with self._lock:
            if self._waiting[who] >= _MOST_WAITING:
                raise TooManyRequests(seconds=_AGAIN_AFTER_S)
            self._waiting[who] += 1
            self._listeners[mark] = callback
        try:
            yield
        finally:
            with self._lock:
                del self._listeners[mark]
                self._waiting[who] -= 1
                self._waiting += Counter()  # without those of whom nobody waits

    def end(self) -> None:
        """Let everybody go: the service stops."""
        self.is_over = True
        self.ring()

    def ring(self) -> None:
        """Call everybody."""
        with self._lock:
            called = list(self._listeners.values())
        for callback in called:
            # One whose loop has ended meanwhile waits no more.
            with suppress(RuntimeError):
                callback()
