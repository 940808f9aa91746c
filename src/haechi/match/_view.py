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
from haechi.match._limits import (
    MOST_ENTRIES,
    REGION_KEY_RADIUS_BITS,
    REGION_RADIUS_BITS,
    UNLIMITED,
    Limits,
)
from haechi.match._rows import payload_of, value_of
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
        self,
        kind: Kind,
        values: NDArray[np.uint8],
        radius_bits: int,
        *,
        most_entries: int = UNLIMITED,
        threads: int = 1,
    ) -> Found:
        """Every known row within `radius_bits` (inclusive) of each value, uint8 (q, 32).

        Exact: nothing within the radius is left out, nothing farther is returned; but a value that is
        found in more than `most_entries` entries is told of those with the lowest ids only. A radius
        counts all 256 bits for every kind; what votes for a region is asked of `search_regions`, as
        beyond a few bits this reads all regions. Up to `threads` cores share the values out among
        them. Does not check who may ask.

        Raises:
            ValueError: the radius is below zero, `most_entries` is below one, or the values have
                another shape or type.
        """
        return self._search(kind, values, Limits(radius_bits, most_entries=most_entries), threads)

    def search_regions(
        self,
        values: NDArray[np.uint8],
        *,
        key_bits: int = REGION_KEY_RADIUS_BITS,
        whole_bits: int = REGION_RADIUS_BITS,
        most_entries: int = MOST_ENTRIES,
        threads: int = 1,
    ) -> Found:
        """Every known region that votes for being the same patch as each of these, uint8 (q, 32).

        A vote: at most `key_bits` of the first 64 bits differ, and at most `whole_bits` of all 256,
        which are what `Found.distance_bits` counts. Exact but for one thing: a value that is found in
        more than `most_entries` entries is told of those with the lowest ids only, with all of their
        rows, so that a sticker in 100,000 pictures takes neither time nor memory. They are the same
        entries for every region that a picture's copies share, so a picture that was reported over
        and over still gets all its votes. `Found.entries_of_each` says which values are shared by so
        many: those weigh little. Up to `threads` cores share the values out among them.

        Raises:
            ValueError: a number of bits is below zero, `most_entries` is below one, or the values have
                another shape or type.
        """
        return self._search(
            Kind.REGION, values, Limits(whole_bits, key_bits, most_entries), threads
        )

    def _search(self, kind: Kind, values: NDArray[np.uint8], limits: Limits, threads: int) -> Found:
        # Copied: the kernels are compiled for arrays that may be written.
        asked = as_words(values).copy()
        table = self._state.tables[kind]
        return search_table(table, self._state.epoch, asked, limits, threads=threads)

    def search(
        self, signals: Sequence[Signal], *, radius_bits: int = PDQ_MATCH_RADIUS_BITS
    ) -> list[list[Hit]]:
        """For each signal every entry within `radius_bits` (inclusive), nearest first, then by id.

        Digests match only when equal, whatever the radius. A signal of low quality finds nothing. For
        signals of one value: the frames of a `vpdq` and the regions of an `rpdq` are asked for one by
        one, by `search_values` and `search_regions`, and what is found is compared as a whole.

        Raises:
            ValueError: the radius is below zero, or a signal is a `vpdq` or an `rpdq`.
        """
        if radius_bits < 0:
            raise ValueError("a radius counts bits, from zero on")
        answers: list[list[Hit]] = [[] for _ in signals]
        places: dict[Kind, list[tuple[int, bytes]]] = {}
        for place, signal in enumerate(signals):
            if signal.is_trusted:
                kind, value = value_of(signal)
                places.setdefault(kind, []).append((place, value))
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
        self,
        kind: Kind,
        value: NDArray[np.uint8],
        entry_id: int,
        *,
        radius_bits: int,
        key_bits: int | None = None,
    ) -> Explanation | None:
        """How near an entry comes to a value, uint8 (32,), worked out anew; None without any rows.

        The rule is that of `search_values`; with `key_bits`, that of `search_regions`.
        """
        known, _ = self.rows(entry_id, kind)
        return explained(kind, value, known, radius_bits, key_bits) if len(known) else None


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
