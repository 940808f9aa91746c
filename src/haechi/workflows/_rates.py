# SPDX-License-Identifier: Apache-2.0
"""How many lookups a partner may make: a bucket of tokens for each, in the memory of this process."""

from __future__ import annotations

import threading
import time
from typing import Final

_BURST_S: Final = 2.0
_S_PER_MIN: Final = 60.0


class Rates:
    """Buckets by partner. Safe across threads.

    A bucket holds two seconds' worth of lookups, one at least. A request that asks for more than that at
    once waits for a full bucket and leaves a debt, so that the rate holds in the long run whatever the
    size of the requests. Each process counts for itself.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, partner_id: str, count: int, *, per_min: int) -> float:
        """Take this many lookups; returns 0, or in how many seconds it can be asked again.

        When that is above 0, nothing was taken.
        """
        per_s = per_min / _S_PER_MIN
        burst = max(1.0, per_s * _BURST_S)
        now_s = time.monotonic()
        with self._lock:
            level, at_s = self._levels.get(partner_id, (burst, now_s))
            level = min(burst, level + (now_s - at_s) * per_s)
            missing = min(float(count), burst) - level
            if missing > 0:
                self._levels[partner_id] = level, now_s
                return missing / per_s
            self._levels[partner_id] = level - count, now_s
            return 0.0
