# SPDX-License-Identifier: Apache-2.0
"""One match of an upload: with which content, by what, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from haechi.match import FrameMatch, RegionMatch
from haechi.signals import Box, Rendition, Turn
from haechi.values import BankPolicy, SignalType
from haechi.workflows._verdict import Reason, Verdict


@dataclass(frozen=True, slots=True)
class Match:
    """One known content that the upload matches, by its best signal, and why.

    `distance_bits` is at most `radius_bits`: of a value the bank's radius, and for digests both are
    0; of regions and frames the median of those that agree, and the radius of their own rule. `rendition`, `turn` and `box` name the
    view of the upload that matched. `value_bits` is how far the picture's PDQ is, where it is near, and
    `part_bits` that of the part of the upload where its regions lie.
    """

    content_id: str
    bank: str
    policy: BankPolicy
    signal_type: SignalType
    distance_bits: int
    radius_bits: int
    rendition: Rendition
    turn: Turn
    verdict: Verdict
    reason: Reason
    box: Box | None = None
    value_bits: int | None = None
    regions: RegionMatch | None = None
    frames: FrameMatch | None = None
    part_bits: int | None = None

    @property
    def evidence(self) -> dict[str, Any]:
        """What the match rests on, as JSON takes it: see docs/http-api.md."""
        told: dict[str, Any] = {
            "rendition": self.rendition.value,
            "turn": self.turn.value,
            "reason": self.reason.value,
        }
        if self.box is not None:
            box = self.box
            told["box"] = {
                "left": box.left,
                "top": box.top,
                "width": box.width,
                "height": box.height,
            }
        if self.value_bits is not None:
            told["pdq_distance"] = self.value_bits
        if self.regions is not None:
            told["regions"] = {
                "agree": self.regions.regions,
                "expected": self.regions.expected,
                "is_mirrored": self.regions.is_mirrored,
            }
        if self.part_bits is not None:
            told["part_distance"] = self.part_bits
        if self.frames is not None:
            told["frames"] = _frames_told(self.frames)
        return told


def _frames_told(found: FrameMatch) -> dict[str, Any]:
    names = ("query_from_s", "query_to_s", "known_from_s", "known_to_s", "speed")
    return {
        "known_share": round(found.known_share, 3),
        "query_share": round(found.query_share, 3),
        "is_whole": found.is_whole,
        "ranges": [{name: getattr(span, name) for name in names} for span in found.ranges],
    }


def unless_allowed(matches: list[Match]) -> list[Match]:
    """The matches without those that an allowed content is as near as, or nearer."""
    allowed = [rank(match)[:2] for match in matches if match.policy is BankPolicy.ALLOW]
    return [match for match in matches if not allowed or rank(match)[:2] < min(allowed)]


def rank(match: Match) -> tuple[int, int, str]:
    """What matches are sorted by: the verdict, then the distance."""
    return (list(Verdict).index(match.verdict), match.distance_bits, match.content_id)
