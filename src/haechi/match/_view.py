# SPDX-License-Identifier: Apache-2.0
"""One moment of an index, to be asked as often as one likes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from haechi.match._columns import as_words
from haechi.match._explain import Explanation, explained
from haechi.match._found import Found
from haechi.match._kinds import Kind
from haechi.match._rows import payload_of, rows_of
from haechi.match._search import search_table
from haechi.match._store import State
from haechi.values import PDQ_MATCH_RADIUS_BITS, Signal

__all__ = ["Hit", "View"]


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A known signal near the one asked for: `distance_bits` away, under the entry `entry_id`.

    `group` is the number that the entry was given with.
    """

    distance_bits: int
    entry_id: int
    group: int = 0


class View:
    """The entries as they were when the view was taken, whatever is added and removed meanwhile.

    May be used by several threads at once. Holds the memory of what it shows.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    def __len__(self) -> int:
        """How many entries can be found."""
        return self._state.entries

    def search_values(
        self, kind: Kind, values: NDArray[np.uint8], radius_bits: int, *, threads: int = 1
    ) -> Found:
        """Every known row within `radius_bits` (inclusive) of each value, uint8 (q, 32).

        Exact: nothing within the radius is left out, nothing farther is returned. Up to `threads`
        cores share the values out among them. Does not check who may ask.

        Raises:
            ValueError: the radius is below zero, or the values have another shape or type.
        """
        if radius_bits < 0:
            raise ValueError("a radius counts bits, from zero on")
        # Copied: the kernels are compiled for arrays that may be written.
        asked = as_words(values).copy()
        table = self._state.tables[kind]
        return search_table(table, self._state.epoch, asked, radius_bits, threads=threads)

    def search(
        self, signals: Sequence[Signal], *, radius_bits: int = PDQ_MATCH_RADIUS_BITS
    ) -> list[list[Hit]]:
        """For each signal every entry within `radius_bits` (inclusive), nearest first, then by id.

        Digests match only when equal, whatever the radius. A signal of low quality finds nothing.

        Raises:
            ValueError: the radius is below zero.
        """
        if radius_bits < 0:
            raise ValueError("a radius counts bits, from zero on")
        answers: list[list[Hit]] = [[] for _ in signals]
        places: dict[Kind, list[tuple[int, bytes]]] = {}
        for place, signal in enumerate(signals):
            if signal.is_trusted:
                kind, values, _ = rows_of(signal)
                places.setdefault(kind, []).append((place, values))
        for kind, asked in places.items():
            joined = np.frombuffer(b"".join(value for _, value in asked), dtype=np.uint8)
            radius = 0 if kind is Kind.DIGEST else radius_bits
            found = self.search_values(kind, joined.reshape(len(asked), -1), radius)
            wanted = [payload_of(signals[place]) for place, _ in asked]
            for query, hit in _nearest(found, wanted):
                answers[asked[query][0]].append(hit)
        return answers

    def rows(self, entry_id: int, kind: Kind) -> tuple[NDArray[np.uint8], NDArray[np.uint64]]:
        """The values, uint8 (n, 32), and payloads, uint64 (n,), of an entry; n is 0 for an unknown one."""
        named = np.array([entry_id], dtype=np.int64)
        rows = self._state.tables[kind].rows_of(named, self._state.epoch)
        return rows.values.view(np.uint8), rows.payloads

    def explain(
        self, kind: Kind, value: NDArray[np.uint8], entry_id: int, *, radius_bits: int
    ) -> Explanation | None:
        """How near an entry comes to a value, uint8 (32,), worked out anew; None without any rows."""
        known, _ = self.rows(entry_id, kind)
        return explained(kind, value, known, radius_bits) if len(known) else None


def _nearest(found: Found, wanted: Sequence[int]) -> list[tuple[int, Hit]]:
    """One hit for a query and entry, the nearest: an entry may hold several values of a kind.

    Only rows with the payload that is wanted for the query count.
    """
    seen: set[tuple[int, int]] = set()
    hits = []
    columns = (column.tolist() for column in found.columns)
    for query, entry_id, distance_bits, payload, group in zip(*columns, strict=True):
        if payload == wanted[query] and (query, entry_id) not in seen:
            seen.add((query, entry_id))
            hits.append((query, Hit(distance_bits, entry_id, group)))
    return hits
