# SPDX-License-Identifier: Apache-2.0
"""What partners asked, counted by the minute in memory until it is written down."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from haechi import audit, exchange
from haechi.exchange import Usage
from haechi.storage import Database
from haechi.values import Actor, ActorKind, utc_now

_MOST_CHARS: Final = 200


class UsageCounts:
    """Counts by partner, verb and minute. Safe across threads.

    A line for each lookup would be a second list of uploads, and a write for each would be most of the
    work: so it is counted here, and written with one audit row for each partner. A process that is killed
    loses what it counted since the last time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str, int], list[int]] = {}

    def count(self, partner_id: str, verb: str, *, asked: int, matched: int) -> None:
        """Count signals that were asked for, and uploads among them that are known."""
        now = utc_now()
        key = (partner_id, verb, int(now.timestamp()) // 60)
        with self._lock:
            counted = self._counts.setdefault(key, [0, 0])
            counted[0] += asked
            counted[1] += matched

    def write(self, database: Database) -> int:
        """Write down what was counted; how many partners that were. What cannot be written stays."""
        with self._lock:
            counts, self._counts = self._counts, {}
        if not counts:
            return 0
        usages = [_usage(*key, *counted) for key, counted in counts.items()]
        by_partner: dict[str, list[Usage]] = defaultdict(list)
        for usage in usages:
            by_partner[usage.partner_id].append(usage)
        try:
            with database.write() as tx:
                exchange.add_usage(tx, usages)
                for partner_id, of_it in sorted(by_partner.items()):
                    actor = Actor(ActorKind.PARTNER, partner_id)
                    audit.record(tx, actor, "asked", partner_id, detail=_told(of_it))
        except Exception:
            self._put_back(counts)
            raise
        return len(by_partner)

    def _put_back(self, counts: dict[tuple[str, str, int], list[int]]) -> None:
        with self._lock:
            for key, (asked, matched) in counts.items():
                counted = self._counts.setdefault(key, [0, 0])
                counted[0] += asked
                counted[1] += matched


def _usage(partner_id: str, verb: str, minute: int, asked: int, matched: int) -> Usage:
    return Usage(partner_id, datetime.fromtimestamp(minute * 60, UTC), verb, asked, matched)


def _told(usages: Sequence[Usage]) -> str:
    """The sums by verb, and from which minute on."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for usage in usages:
        sums[usage.verb][0] += usage.asked
        sums[usage.verb][1] += usage.matched
    parts = [f"{verb} asked={asked} matched={found}" for verb, (asked, found) in sums.items()]
    first = min(usage.minute_at for usage in usages)
    told = f"from={first:%Y-%m-%dT%H:%MZ} {' '.join(sorted(parts))}"
    return told if len(told) <= _MOST_CHARS else f"{told[: _MOST_CHARS - 1]}…"
