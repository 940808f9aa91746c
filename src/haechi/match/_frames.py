# SPDX-License-Identifier: Apache-2.0
"""Whether one video shows another, whole or in part, and where: two lists of frames compared.

The share of the *known* video that is found decides, not that of the query: a clip of half a minute
inside an upload of ten is found. It is taken in two ways. `known_share` is vPDQ's own (the share of
the known frames that look like some query frame, in whatever order). `timed_share` is how much of
the known video lies in stretches that the query shows in order: a camera that moves changes PDQ
within a tenth of a second, so of a clip that was cut between two of its sampled frames, or re-timed,
vPDQ finds a part of the frames, and those still tell where all of it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from haechi.match._frames_near import Integers, looks_of, nearest, words_of
from haechi.match._frames_ranges import Known, Run, Side, runs_of
from haechi.match._frames_rule import DEFAULT_FRAME_RULE, FrameRule
from haechi.signals import FrameList

__all__ = ["FrameMatch", "TimeRange", "entries_to_compare", "match_frames"]


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Query seconds `query_from_s` to `query_to_s` show known seconds `known_from_s` to `known_to_s`.

    The times are those of the first and the last frame found; both go up. `speed` is known time for
    query time: 1.25 was played faster, below zero backwards; None when what is shown stands still,
    so that no time can be told. `frames` of the known video were found in it.
    """

    query_from_s: float
    query_to_s: float
    known_from_s: float
    known_to_s: float
    speed: float | None
    frames: int

    @property
    def known_s(self) -> float:
        """How long a stretch of the known video it is."""
        return self.known_to_s - self.known_from_s


@dataclass(frozen=True, slots=True)
class FrameMatch:
    """How a query shows a known video.

    `known_share` and `query_share` are vPDQ's: the share of each side's trusted frames that look
    like one of the other's. `timed_share` is the share of the known frames that lie within `ranges`,
    which are in the order of the query. `is_whole`: the known video is there, by one of the first
    and the third share; otherwise a part of it is. `is_still`: the known video has so few looks that
    this is worth no more than as many matches of pictures. `looks` of them were found.
    `nearest_bits` and `median_bits` are distances of the known frames that were found to the nearest
    query frame.
    """

    entry_id: int
    known_share: float
    query_share: float
    timed_share: float
    ranges: tuple[TimeRange, ...]
    is_whole: bool
    is_still: bool
    looks: int
    nearest_bits: int
    median_bits: int


def entries_to_compare(query: Integers, entry_ids: Integers) -> list[int]:
    """The entries that hits of a query's frames point to, those hit by most of its frames first.

    One column each of the hits: the query frame's place, and the entry, int64 (n,). One frame is
    enough: of a captioned copy there may be no more within the radius. Entries that are hit by as
    many frames come in the order of their ids.
    """
    pairs = np.unique(np.column_stack((entry_ids, query)), axis=0)
    found, frames = np.unique(pairs[:, 0], return_counts=True)
    return [int(entry_id) for entry_id in found[np.lexsort((found, -frames))]]


def match_frames(
    entry_id: int, query: FrameList, known: FrameList, rule: FrameRule = DEFAULT_FRAME_RULE
) -> FrameMatch | None:
    """How `query` shows `known`, or None when it does not show enough of it.

    Exact: every trusted frame is compared with every trusted frame. Whole: at least
    `min_known_share` of the known frames are found, in at least `min_looks` looks or in all there
    are; or so many lie in stretches that are shown in order. A part: such a stretch of at least
    `min_run_s` known seconds. So a black lead-in or a title card that two videos share makes no
    match, unless the card is all that the known video shows. Frames of low quality count nowhere.
    """
    asked, wanted = _side(query), _known(known, rule)
    to_known, to_query = nearest(asked.words, wanted.words)
    is_found = to_query <= rule.radius_bits
    if not is_found.any():
        return None
    is_still = wanted.looks < rule.min_looks
    runs = [] if is_still else runs_of(asked, wanted, to_known, rule)
    spans = _still_spans(asked, wanted, to_known, rule) if is_still else _spans(asked, wanted, runs)
    known_share, timed_share = float(is_found.mean()), _timed_share(wanted, spans)
    looks = len(np.unique(wanted.look[is_found]))
    is_whole = timed_share >= rule.min_known_share or (
        known_share >= rule.min_known_share and looks >= min(rule.min_looks, wanted.looks)
    )
    if not is_whole and (is_still or max((s.known_s for s in spans), default=0) < rule.min_run_s):
        return None
    return FrameMatch(
        entry_id,
        known_share,
        float((to_known <= rule.radius_bits).mean()),
        timed_share,
        tuple(spans),
        is_whole,
        is_still,
        looks,
        int(to_query.min()),
        int(np.median(to_query[is_found])),
    )


def _side(frames: FrameList) -> Side:
    trusted = frames.trusted()
    return Side(words_of(trusted.values), trusted.at_ms / 1000.0)


def _known(frames: FrameList, rule: FrameRule) -> Known:
    side = _side(frames)
    return Known(side.words, side.at_s, *looks_of(side.words, rule.look_bits))


def _spans(asked: Side, wanted: Known, runs: Iterable[Run]) -> list[TimeRange]:
    spans = []
    for run in runs:
        asked_s, wanted_s = asked.at_s[run.query], wanted.at_s[run.known]
        spans.append(
            TimeRange(
                float(asked_s.min()),
                float(asked_s.max()),
                float(wanted_s.min()),
                float(wanted_s.max()),
                round(run.speed, 3),
                len(run.known),
            )
        )
    return sorted(spans, key=lambda span: span.query_from_s)


def _still_spans(
    asked: Side, wanted: Known, to_known: Integers, rule: FrameRule
) -> list[TimeRange]:
    """Where the query shows a known video that stands still: all of it, each time."""
    frames = np.flatnonzero(to_known <= rule.radius_bits)
    cuts = np.flatnonzero(np.diff(asked.at_s[frames]) > rule.max_gap_s) + 1
    first_s, last_s = float(wanted.at_s[0]), float(wanted.at_s[-1])
    return [
        TimeRange(
            float(asked.at_s[part[0]]),
            float(asked.at_s[part[-1]]),
            first_s,
            last_s,
            None,
            len(wanted.at_s),
        )
        for part in np.split(frames, cuts)
    ]


def _timed_share(wanted: Known, spans: Iterable[TimeRange]) -> float:
    """The share of the known frames within the stretches whose time can be told."""
    inside: NDArray[np.bool_] = np.zeros(len(wanted.at_s), np.bool_)
    for span in spans:
        if span.speed is not None:
            inside |= (wanted.at_s >= span.known_from_s) & (wanted.at_s <= span.known_to_s)
    return float(inside.mean())
