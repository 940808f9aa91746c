# SPDX-License-Identifier: Apache-2.0
"""Slowing down whoever guesses: wrong tries against one number are answered later and later.

The right passphrase is never held back, so nobody can shut a person out of her case by guessing. It is
counted by the number as it was typed, whether or not there is such a case: the pause tells nothing.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Final

_FREE_TRIES: Final = 5
_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 8.0
_FORGET_AFTER_S: Final = 15 * 60.0
_MOST_NUMBERS: Final = 100_000


class Tries:
    """Wrong tries of the last quarter of an hour, in the memory of this process; safe across threads."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._wrong: OrderedDict[bytes, tuple[int, float]] = OrderedDict()

    def count_wrong(self, number: str) -> float:
        """Count one more wrong try against this number; the seconds its answer should wait."""
        # A keyed digest: what numbers are tried stays unknown to whoever reads this memory.
        digest = hmac.digest(self._key, number.encode("utf-8", "replace"), "sha256")
        now = self._clock()
        with self._lock:
            count, at = self._wrong.pop(digest, (0, now))
            count = 1 if now - at > _FORGET_AFTER_S else count + 1
            self._wrong[digest] = (count, now)
            if len(self._wrong) > _MOST_NUMBERS:
                self._wrong.popitem(last=False)
        if count <= _FREE_TRIES:
            return 0.0
        return min(_FIRST_PAUSE_S * 2.0 ** min(count - _FREE_TRIES - 1, 10), _LONGEST_PAUSE_S)
