# SPDX-License-Identifier: Apache-2.0
"""Which stretch of one video is shown by which stretch of another: lines in the plane of times.

When a query shows a stretch of a known video, the pairs of frames that look alike lie on a line,
known time = speed · query time + offset. Every pair votes for the lines through it, and votes less
the more other pairs its frames are in: a picture that stands still pairs with itself everywhere and
says nothing of time. The line with the most votes is fitted, followed with a wider radius (frames
that must be the same may differ more than frames that might be), and cut where it is interrupted.
Then its pairs are taken away, and the next line is looked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from haechi.match._frames_near import Floats, Integers, Words, along, pairs
from haechi.match._frames_rule import FrameRule

__all__ = ["Known", "Run", "Side", "runs_of"]

_SLACK_BITS: Final = 6
_MOST_PAIRS: Final = 24
_BIN_S: Final = 1.0
_FITTINGS: Final = 3
_MOST_LINES: Final = 12
_UNIT_BONUS: Final = 1.05
"""A line of another speed must explain so much more to be preferred."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """The trusted frames of one video in order: words (n, 4), and when they are shown (n,)."""

    words: Words
    at_s: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Known(Side):
    """The known video: also the look of each frame (n,), numbered from 0, and how many there are."""

    look: Integers
    looks: int


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A stretch of the query on one line: the known frames found, and for each the nearest frame.

    In the order of the known video, none twice; a query frame may be. `speed` is theirs.
    """

    query: Integers
    known: Integers
    distance_bits: Integers
    speed: float


@dataclass(frozen=True, slots=True, eq=False)
class _Votes:
    query: Integers
    query_s: Floats
    known_s: Floats
    weight: Floats

    def without(self, taken: NDArray[np.bool_]) -> _Votes:
        left = ~taken
        return _Votes(self.query[left], self.query_s[left], self.known_s[left], self.weight[left])


@dataclass(frozen=True, slots=True)
class _Line:
    speed: float
    offset_s: float

    def away_s(self, votes: _Votes) -> Floats:
        away: Floats = np.abs(votes.known_s - self.speed * votes.query_s - self.offset_s)
        return away


def _votes(query: Side, known: Known, to_known: Integers, rule: FrameRule) -> _Votes:
    """All pairs that tell a place in time, with what each has to say."""
    limits = (rule.aligned_bits, _SLACK_BITS, _MOST_PAIRS)
    at, of, bits = pairs(query.words, known.words, to_known, limits)
    rarity = 1.0 / (np.bincount(at, minlength=1)[at] * np.bincount(of, minlength=1)[of])
    nearness = 1.0 - bits / (rule.aligned_bits + 1)
    return _Votes(at, query.at_s[at], known.at_s[of], rarity * nearness)


def _heaviest(votes: _Votes, rule: FrameRule) -> _Line:
    """The line with the most votes within two seconds around it."""
    best, line = -1.0, _Line(1.0, 0.0)
    for speed in rule.speeds.tolist():
        offsets = votes.known_s - speed * votes.query_s
        low = float(offsets.min())
        sums = np.bincount(((offsets - low) / _BIN_S).astype(np.int64), votes.weight)
        windows = sums + np.append(sums[1:], 0.0)
        place = int(windows.argmax())
        heard = float(windows[place]) * (_UNIT_BONUS if speed == 1.0 else 1.0)
        if heard > best:
            best, line = heard, _Line(speed, low + (place + 1) * _BIN_S)
    return line


def _fitted(votes: _Votes, line: _Line, rule: FrameRule) -> _Line:
    """The line through the pairs around a line."""
    reach_s = 2 * _BIN_S
    for _ in range(_FITTINGS):
        near = line.away_s(votes) <= reach_s
        if not near.any():
            break
        line = _least_squares(
            votes.query_s[near], votes.known_s[near], votes.weight[near], line.speed, rule
        )
        reach_s = max(rule.tolerance_s, reach_s / 2)
    return line


def _least_squares(x: Floats, y: Floats, weight: Floats, speed: float, rule: FrameRule) -> _Line:
    """The weighted fit; of the speed given when its own turns round or is out of bounds."""
    share = weight / weight.sum()
    mid_x, mid_y = float(share @ x), float(share @ y)
    spread = float(share @ (x - mid_x) ** 2)
    slope = float(share @ ((x - mid_x) * (y - mid_y))) / spread if spread > 0 else speed
    if not rule.allows(slope) or slope * speed < 0:
        slope = speed
    return _Line(slope, mid_y - slope * mid_x)


def _stretches(
    frames: Integers, on: Integers, sides: tuple[Side, Known], rule: FrameRule
) -> list[Integers]:
    """The query frames on a line, cut where it is interrupted for too long on either side."""
    query, known = sides
    gaps_s = np.maximum(np.diff(query.at_s[frames]), np.abs(np.diff(known.at_s[on[frames]])))
    return np.split(frames, np.flatnonzero(gaps_s > rule.max_gap_s) + 1)


def _run(
    frames: Integers,
    found: tuple[Integers, Integers],
    sides: tuple[Side, Known],
    line: _Line,
    rule: FrameRule,
) -> Run:
    """A stretch by its nearest pairs."""
    (on, bits), (query, known) = found, sides
    order = np.lexsort((bits[frames], on[frames]))
    wanted = on[frames][order]
    is_nearest = np.append(np.True_, np.diff(wanted) > 0)[: len(wanted)]
    asked, wanted = frames[order][is_nearest], wanted[is_nearest]
    weight: Floats = rule.aligned_bits + 1.0 - bits[asked].astype(np.float64)
    fit = _least_squares(query.at_s[asked], known.at_s[wanted], weight, line.speed, rule)
    return Run(asked, wanted, bits[asked], fit.speed)


def _tells(run: Run, known: Known, rule: FrameRule) -> bool:
    """Whether a stretch shows enough that is different, near enough to be no coincidence.

    Each look counts by the nearest of its frames. One at least must be near by itself.
    """
    nearest = np.full(known.looks, rule.aligned_bits + 1, np.int64)
    np.minimum.at(nearest, known.look[run.known], run.distance_bits)
    return bool(nearest.min() <= rule.radius_bits) and rule.worth(nearest) >= rule.min_looks


def runs_of(query: Side, known: Known, to_known: Integers, rule: FrameRule) -> list[Run]:
    """The stretches of the query that show the known video, those found first first.

    No query frame is in two of them. A stretch that shows too few looks is none: what stands still
    tells no time. `to_known` is the distance of each query frame to the nearest known.
    """
    votes = _votes(query, known, to_known, rule)
    is_free = np.ones(len(query.at_s), np.bool_)
    runs: list[Run] = []
    for _ in range(_MOST_LINES):
        if len(votes.weight) < rule.min_looks:
            break
        line = _fitted(votes, _heaviest(votes, rule), rule)
        where = (line.speed, line.offset_s, rule.tolerance_s)
        found = along(query.words, known.words, (query.at_s, known.at_s), where, rule.aligned_bits)
        frames = np.flatnonzero((found[0] >= 0) & is_free)
        for stretch in _stretches(frames, found[0], (query, known), rule):
            run = _run(stretch, found, (query, known), line, rule)
            if _tells(run, known, rule):
                runs.append(run)
                is_free[stretch] = False
        votes = votes.without((line.away_s(votes) <= 2 * rule.tolerance_s) | ~is_free[votes.query])
    return runs
