# SPDX-License-Identifier: Apache-2.0
"""The flood guard: a content that suddenly matches pictures that are nothing alike is put under quarantine.

One partner alone cannot bring that about: whoever follows the feed knows values near which it could ask
(docs/decisions/030). A picture that spreads is looked up many times, too, but its copies are alike: they are one look. So it
counts looks, not look-ups: values that are far from each other though all of them match the content. A
circle around a value of 31 bits holds copies of one picture; a flat or noisy one has neighbours on every
side. Kept for an hour, in the memory of this process.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Final

from haechi.values import Signal, SignalType

LOOK_BITS: Final = 16
"""Values at most this far apart are one look: a picture and its re-encodings (docs/decisions/012)."""

_WINDOW_S: Final = 3600.0
_MOST_LOOKS: Final = 64
_MOST_CONTENTS: Final = 10_000


class FloodGuard:
    """The looks that matched each content within the hour. Safe across threads; bounded in memory."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._looks: OrderedDict[str, dict[str, list[tuple[int, float]]]] = OrderedDict()

    def count(self, content_id: str, queries: Iterable[Signal], *, partner_id: str = "") -> int:
        """How many looks of this partner have matched this content within the hour, this upload among them.

        An upload is at most one look, however many values it was asked about by: a video has many.
        It is none of its own if any of its values is near a look that was seen.
        """
        values = [int.from_bytes(q.value) for q in queries if q.type is SignalType.PDQ]
        with self._lock:
            by_partner = self._living(content_id)
            looks = by_partner.get(partner_id, [])
            is_new = all(_is_far(value, seen) for value in values for seen, _ in looks)
            if values and is_new and len(looks) < _MOST_LOOKS:
                looks.append((values[0], self._clock()))
                by_partner[partner_id] = looks
            if by_partner:
                self._looks[content_id] = by_partner
            while len(self._looks) > _MOST_CONTENTS:
                self._looks.popitem(last=False)
            return len(looks)

    def is_flood(self, content_id: str, least: int) -> bool:
        """Whether it matched so many looks, of which those of one partner count for half at most."""
        half = least // 2
        return sum(min(count, half) for count in self._counts(content_id)) >= 2 * half

    def is_much(self, content_id: str, least: int) -> bool:
        """Whether it is a flood, or would be one if the looks of one partner alone made one."""
        counts = self._counts(content_id)
        return max(counts, default=0) >= least or self.is_flood(content_id, least)

    def _counts(self, content_id: str) -> list[int]:
        with self._lock:
            return [len(looks) for looks in self._looks.get(content_id, {}).values()]

    def _living(self, content_id: str) -> dict[str, list[tuple[int, float]]]:
        now = self._clock()
        kept = {
            partner_id: [look for look in looks if now - look[1] < _WINDOW_S]
            for partner_id, looks in self._looks.pop(content_id, {}).items()
        }
        return {partner_id: looks for partner_id, looks in kept.items() if looks}

    def forget(self, content_id: str) -> None:
        """Begin anew with this content."""
        with self._lock:
            self._looks.pop(content_id, None)


def _is_far(one: int, other: int) -> bool:
    return (one ^ other).bit_count() > LOOK_BITS
