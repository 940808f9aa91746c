# SPDX-License-Identifier: Apache-2.0
"""Which known pictures an upload's regions show: votes from the index, then one geometry for each entry."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Final

import numpy as np

from haechi.match._found import Found
from haechi.match._kinds import Kind
from haechi.match._regions import RegionMatch, match_regions
from haechi.match._regions_rule import DEFAULT_REGION_RULE, RegionRule
from haechi.match._rows import regions_of
from haechi.match._view import View
from haechi.signals import Regions

__all__ = ["find_regions"]

_MOST_ENTRIES: Final = 64
"""So many entries, those with most votes first, are compared region by region."""


def find_regions(
    view: View,
    query: Regions,
    *,
    allowed_of: Callable[[Sequence[int]], Container[int]] = lambda _: (),
    rule: RegionRule = DEFAULT_REGION_RULE,
    threads: int = 1,
) -> dict[int, RegionMatch]:
    """The entries whose regions the query shows, as it is or mirrored, each with how; best first.

    What `allowed_of` names among the entries is compared first, and the regions of the query that it
    explains count for no other entry: a logo, a sticker or an app's frame that was allowed makes no match. Only entries
    that are worth a look by the rule are told; whether it accepts them is another question.
    """
    if not len(query):
        return {}
    votes = _votes(view, query, rule, threads)
    named = allowed_of(votes)
    allowed = [entry_id for entry_id in votes if entry_id in named]
    matches = _compared(view, query, allowed, rule)
    explained = {
        place
        for match in matches.values()
        if rule.accepts(match.score, match.regions)
        for place in match.in_query
    }
    rest = [entry_id for entry_id in votes if entry_id not in named]
    matches |= _compared(view, _without(query, explained), rest, rule)
    return dict(sorted(matches.items(), key=lambda item: -item[1].score))


def _votes(view: View, query: Regions, rule: RegionRule, threads: int) -> list[int]:
    """The entries that most speaks for, best first.

    A region of the query that is found in n entries counts 1/n for each: a sticker in a thousand
    pictures must not push out the one picture that shares something of its own.
    """
    weights: dict[int, float] = {}
    for side in (query, query.mirrored()):
        found = view.search_regions(
            side.values, key_bits=rule.key_bits, whole_bits=rule.whole_bits, threads=threads
        )
        for entry_id, weight in zip(*_weighed(found, len(query)), strict=True):
            weights[entry_id] = max(weight, weights.get(entry_id, 0.0))
    return sorted(weights, key=lambda entry_id: (-weights[entry_id], entry_id))[:_MOST_ENTRIES]


def _weighed(found: Found, queries: int) -> tuple[list[int], list[float]]:
    """The entries found, and what the votes for each weigh together."""
    pairs = np.unique(np.column_stack((found.entry_id, found.query)), axis=0)
    shared_by = found.entries_of_each(queries)
    entries, number = np.unique(pairs[:, 0], return_inverse=True)
    weights = np.bincount(number, weights=1.0 / shared_by[pairs[:, 1]], minlength=len(entries))
    return entries.tolist(), weights.tolist()


def _compared(
    view: View, query: Regions, entry_ids: list[int], rule: RegionRule
) -> dict[int, RegionMatch]:
    matches = {}
    for entry_id in entry_ids:
        known = regions_of(*view.rows(entry_id, Kind.REGION))
        match = match_regions(query, known, rule=rule)
        if match is not None and rule.is_worth_a_look(match.score, match.regions):
            matches[entry_id] = match
    return matches


def _without(query: Regions, places: set[int]) -> Regions:
    if not places:
        return query
    kept = np.setdiff1d(np.arange(len(query)), np.array(sorted(places), dtype=np.int64))
    return query.at(kept)
