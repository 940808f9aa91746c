# SPDX-License-Identifier: Apache-2.0
"""Which known videos an upload's frames show: hits from the index, then each video compared as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from haechi.match._frames import FrameMatch, entries_to_compare, match_frames
from haechi.match._frames_rule import DEFAULT_FRAME_RULE, FrameRule
from haechi.match._kinds import Kind
from haechi.match._limits import MOST_ENTRIES
from haechi.match._rows import frames_of
from haechi.match._view import View
from haechi.signals import FrameList

__all__ = ["find_frames"]

_MOST_VIDEOS: Final = 64
"""So many known videos, those hit by most frames first, are compared as a whole."""


def find_frames(
    view: View,
    looks: Sequence[FrameList],
    *,
    rule: FrameRule = DEFAULT_FRAME_RULE,
    threads: int = 1,
) -> dict[int, tuple[int, FrameMatch]]:
    """The entries whose video is shown: by which of these looks at the upload best, and how.

    A look is the frames of the whole upload under one turn. Best is the largest part of the known
    video, then the nearest; of looks that are as good the first counts.
    """
    best: dict[int, tuple[int, FrameMatch]] = {}
    for number, frames in enumerate(looks):
        asked = frames.trusted()
        if not len(asked):
            continue
        found = view.search_values(
            Kind.FRAME,
            asked.values,
            rule.radius_bits,
            most_entries=MOST_ENTRIES,
            threads=threads,
        )
        for entry_id in entries_to_compare(found.query, found.entry_id)[:_MOST_VIDEOS]:
            known = frames_of(*view.rows(entry_id, Kind.FRAME))
            match = match_frames(entry_id, frames, known, rule)
            if match and (entry_id not in best or _rank(match) > _rank(best[entry_id][1])):
                best[entry_id] = number, match
    return best


def _rank(match: FrameMatch) -> tuple[bool, float, int]:
    """How much of the known video is there, and how near."""
    return match.is_whole, max(match.known_share, match.timed_share), -match.median_bits
