# SPDX-License-Identifier: Apache-2.0
"""The index over all types of signals: one exact table for digests, one for PDQ."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from haechi.match._hamming import HammingTable
from haechi.values import PDQ_MATCH_RADIUS_BITS, SIGNAL_BITS, Signal, SignalType

_PERCEPTUAL: Final = (SignalType.PDQ,)


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A known signal near the one asked for: `distance_bits` away, under the entry `entry_id`."""

    distance_bits: int
    entry_id: int


class Index:
    """Answers which entries hold a signal within a radius; exact for every type.

    An entry is a whole number with the signals of one content. Adding and removing may go on while
    others search; a search sees an entry's signals all or not at all as soon as `add` or `remove`
    has returned. Signals of low quality are not indexed (see `Signal.is_trusted`), and an entry
    without any other is none. Memory, measured at 300,000 entries: 0.53 kB for an entry with one PDQ
    value, 1.55 kB with two digests besides.
    """

    def __init__(self) -> None:
        self._write_lock = threading.Lock()
        self._tables = {kind: HammingTable(SIGNAL_BITS[kind]) for kind in _PERCEPTUAL}
        self._digests: dict[tuple[SignalType, bytes], frozenset[int]] = {}
        self._entries: dict[int, tuple[Signal, ...]] = {}

    def __len__(self) -> int:
        """How many entries can be found."""
        return len(self._entries)

    def add(self, entries: Iterable[tuple[int, Sequence[Signal]]]) -> None:
        """Add (entry id, its signals), or replace the signals of an entry that is there.

        An entry that has these very signals already is not touched: no search misses it meanwhile.
        """
        with self._write_lock:
            wanted = {
                entry_id: tuple({s: None for s in signals if s.is_trusted})
                for entry_id, signals in entries
            }
            fresh = {i: kept for i, kept in wanted.items() if self._entries.get(i, ()) != kept}
            self._drop([entry_id for entry_id in fresh if entry_id in self._entries])
            rows: dict[SignalType, list[tuple[int, bytes]]] = {kind: [] for kind in _PERCEPTUAL}
            for entry_id, kept in fresh.items():
                if kept:
                    self._entries[entry_id] = kept
                for signal in kept:
                    if signal.type in rows:
                        rows[signal.type].append((entry_id, signal.value))
                    else:
                        key = (signal.type, signal.value)
                        self._digests[key] = self._digests.get(key, frozenset()) | {entry_id}
            for kind, pairs in rows.items():
                self._tables[kind].add(pairs)

    def remove(self, entry_ids: Iterable[int]) -> None:
        """Forget these entries; unknown ones, and one named twice, are no error."""
        with self._write_lock:
            self._drop([i for i in dict.fromkeys(entry_ids) if i in self._entries])

    def search(
        self, signals: Sequence[Signal], *, radius_bits: int = PDQ_MATCH_RADIUS_BITS
    ) -> list[list[Hit]]:
        """For each signal every entry within `radius_bits` (inclusive), nearest first, then by id.

        Exact: nothing within the radius is left out, nothing farther is returned. Digests match only
        when equal, whatever the radius. A signal of low quality finds nothing. Does not check who
        may ask; `workflows.screen` does.

        Raises:
            ValueError: the radius is below zero.
        """
        if radius_bits < 0:
            raise ValueError("a radius counts bits, from zero on")
        answers: list[list[Hit]] = [[] for _ in signals]
        for kind, table in self._tables.items():
            wanted = [i for i, s in enumerate(signals) if s.type is kind and s.is_trusted]
            found = table.search([signals[i].value for i in wanted], radius_bits)
            for i, pairs in zip(wanted, found, strict=True):
                answers[i] = _nearest(pairs)
        for i, signal in enumerate(signals):
            if signal.type not in self._tables:
                same = self._digests.get((signal.type, signal.value), frozenset())
                answers[i] = [Hit(0, entry_id) for entry_id in sorted(same)]
        return answers

    def _drop(self, entry_ids: list[int]) -> None:
        for entry_id in entry_ids:
            for signal in self._entries.pop(entry_id):
                if signal.type not in self._tables:
                    key = (signal.type, signal.value)
                    left = self._digests[key] - {entry_id}
                    if left:
                        self._digests[key] = left
                    else:
                        del self._digests[key]
        for table in self._tables.values():
            table.remove(entry_ids)


def _nearest(pairs: Iterable[tuple[int, int]]) -> list[Hit]:
    """One hit an entry, the nearest: an entry may hold several values of a type."""
    best: dict[int, int] = {}
    for entry_id, distance_bits in pairs:
        best[entry_id] = min(distance_bits, best.get(entry_id, distance_bits))
    return sorted(Hit(distance_bits, entry_id) for entry_id, distance_bits in best.items())
