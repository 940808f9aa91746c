# SPDX-License-Identifier: Apache-2.0
"""Whether one picture shows another, whole or in part: two sets of regions that agree on one geometry.

A few pairs of regions are alike by chance, or because two pictures share a logo. A picture and its
copy share many, and one shift, turn, size and slant carries all of them. So each of the best pairs
proposes a geometry, the others are looked for where it puts them, and the geometry is fitted anew to
those that are there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from haechi.match._columns import as_words
from haechi.match._regions_fit import agreeing, fitted, seed_model, stretch_of, votes_of
from haechi.match._regions_rule import DEFAULT_REGION_RULE, RegionRule
from haechi.signals import LONG_SIDE, Regions

__all__ = ["RegionMatch", "match_regions"]

_ROUNDS: Final = 3
# A region this far from another in bits, out of 256, is as likely alike by chance as not: the
# distances of unrelated regions have this mean and spread on photographs.
_CHANCE_BITS: Final = 126.0
_SPREAD_BITS: Final = 9.1
_FREE_SPREADS: Final = 4.0


@dataclass(frozen=True, slots=True)
class RegionMatch:
    """How a query shows a known picture.

    `score` says how far this is from chance: each region adds by how many spreads its distance lies
    below that of unrelated regions, beyond the fourth. `regions` agree, of the `expected` known ones
    that should be seen in the query: large enough, and within its frame. `is_mirrored`: left and
    right are swapped. `transform`, row by row (2, 3), carries a point of the known picture into the
    query (of the mirrored query, if so), both in parts of the picture's longer side. `nearest_bits`
    and `median_bits` are distances of the regions that agree; `in_query` are the places of theirs
    among the query's. `sides` are the known picture's height and width, the longer one 1.
    """

    score: float
    regions: int
    expected: int
    is_mirrored: bool
    transform: tuple[float, ...]
    nearest_bits: int
    median_bits: int
    in_query: tuple[int, ...]
    sides: tuple[float, float]

    @property
    def share(self) -> float:
        """The share of the known regions that should be seen and are."""
        return min(1.0, self.regions / max(1, self.expected))


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """One picture's regions as the arithmetic takes them."""

    values: NDArray[np.uint64]
    places: NDArray[np.float64]
    width: float
    height: float

    @classmethod
    def of(cls, regions: Regions) -> _Side:
        x, y = regions.x / LONG_SIDE, regions.y / LONG_SIDE
        places = np.stack([x, y, regions.radius, regions.turn], axis=1)
        sides = regions.width / LONG_SIDE, regions.height / LONG_SIDE
        return cls(as_words(regions.values), places, *sides)


def match_regions(
    query: Regions, known: Regions, *, rule: RegionRule = DEFAULT_REGION_RULE
) -> RegionMatch | None:
    """How the query shows the known picture, as it is or mirrored; None: no two regions are alike.

    The best by score. Says nothing yet about whether that is enough: `RegionRule.accepts` does.
    Costs some milliseconds for 60 known regions and 1000 of the query.
    """
    best = None
    side = _Side.of(known)
    for is_mirrored, seen in ((False, query), (True, query.mirrored())):
        found = _best_geometry(_Side.of(seen), side, rule, is_mirrored=is_mirrored)
        if found is not None and (best is None or found.score > best.score):
            best = found
    return best


def _best_geometry(
    query: _Side, known: _Side, rule: RegionRule, *, is_mirrored: bool
) -> RegionMatch | None:
    votes = votes_of(known.values, query.values, rule.key_bits, rule.whole_bits)
    best = None
    for _, i, j in votes[np.argsort(votes[:, 0], kind="stable")][: rule.most_seeds].tolist():
        model = seed_model(known.places[i], query.places[j])
        model, distance, partner = _refined(model, query, known, rule)
        found = _judged(model, distance, partner, query, known, rule, is_mirrored=is_mirrored)
        if found is not None and (best is None or found.score > best.score):
            best = found
    return best


def _refined(model: Any, query: _Side, known: _Side, rule: RegionRule) -> tuple[Any, Any, Any]:
    """A model fitted to the regions that agree with it, as long as more do; and who agrees."""

    def ask(tried: Any) -> tuple[Any, Any]:
        answer: tuple[Any, Any] = agreeing(
            tried, known.places, known.values, query.places, query.values, rule.whole_bits
        )
        return answer

    distance, partner = ask(model)
    for _ in range(_ROUNDS):
        count = int((distance <= rule.whole_bits).sum())
        if count < 2:
            break
        tried = fitted(known.places, query.places, distance, partner, rule.whole_bits)
        scale, stretch = stretch_of(tried)
        if scale == 0.0 or stretch > rule.most_stretch:
            break
        fresh = ask(tried)
        left = int((fresh[0] <= rule.whole_bits).sum())
        if left < count or (count < 3 and left == count):
            break
        model, (distance, partner) = tried, fresh
    return model, distance, partner


def _judged(
    model: Any, distance: Any, partner: Any, query: _Side, known: _Side, rule: RegionRule,
    *, is_mirrored: bool,
) -> RegionMatch | None:  # fmt: skip
    agree = _once_each(distance, partner, rule.whole_bits)
    if not agree:
        return None
    bits = distance[agree]
    worth = np.maximum((_CHANCE_BITS - bits) / _SPREAD_BITS - _FREE_SPREADS, 0.0)
    return RegionMatch(
        score=float(worth.sum()),
        regions=len(agree),
        expected=max(len(agree), _expected(model, query, known, rule)),
        is_mirrored=is_mirrored,
        transform=tuple(float(number) for number in model.ravel()),
        nearest_bits=int(bits.min()),
        median_bits=int(np.median(bits)),
        in_query=tuple(int(place) for place in partner[agree]),
        sides=(known.height, known.width),
    )


def _once_each(distance: Any, partner: Any, whole_bits: int) -> list[int]:
    """The known regions that agree, without those whose partner is nearer to another one."""
    taken: dict[int, int] = {}
    order: Iterable[int] = np.argsort(distance, kind="stable").tolist()
    for i in order:
        if distance[i] <= whole_bits:
            taken.setdefault(int(partner[i]), i)
    return sorted(taken.values())


def _expected(model: Any, query: _Side, known: _Side, rule: RegionRule) -> int:
    """How many known regions the query should show: within its frame, and large enough to be found."""
    centres = known.places[:, :2] @ model[:, :2].T + model[:, 2]
    radius = known.places[:, 2] * stretch_of(model)[0]
    room = rule.frame_margin * radius
    is_inside = (centres >= room[:, None]) & (
        centres <= np.array([query.width, query.height]) - room[:, None]
    )
    least = rule.least_radius * min(query.width, query.height)
    return int((is_inside.all(axis=1) & (radius >= least)).sum())
