# SPDX-License-Identifier: Apache-2.0
"""What follows from what was found: `same`, `edited`, `review`, or nothing (docs/decisions/012)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from haechi.match import FrameMatch, RegionMatch, RegionRule
from haechi.signals import Rendition, Turn
from haechi.values import PDQ_MATCH_RADIUS_BITS, SignalType
from haechi.workflows._upload import Query

CERTAIN_RADIUS_BITS: Final = 20
"""Up to here a PDQ match is taken as it is; from here to 31 a person looks (reference/survivors.md §4)."""

_DRAWN_RADIUS_BITS: Final = 16
"""Pages, charts and tiles of one kind come as near as 20 bits to one another; copies stay below this."""

_SAME_RADIUS_BITS: Final = 16
_EVEN_SO_RADIUS_BITS: Final = 6
_LEAST_KNOWN_REGIONS: Final = 8
_MOST_OF_THEM: Final = 0.5
_PLAIN: Final = (Rendition.AS_SENT, Turn.NONE)


class Verdict(StrEnum):
    """`same`: equal, or the same picture re-encoded. `edited`: made from it. `review`: near enough to
    ask a person, not near enough to act alone.
    """

    SAME = "same"
    EDITED = "edited"
    REVIEW = "review"


class Reason(StrEnum):
    """Why a verdict is what it is; the words stand in docs/http-api.md."""

    EQUAL_FILE = "equal_file"
    NEAR_VALUE = "near_value"
    NEAR_VALUE_AND_REGIONS = "near_value_and_regions"
    NEAR_VALUE_WITHOUT_REGIONS = "near_value_without_regions"
    FAR_VALUE = "far_value"
    MOST_REGIONS = "most_regions"
    SOME_REGIONS = "some_regions"
    SHOWN_WHOLE = "shown_whole"
    WHOLE_VIDEO = "whole_video"
    PART_OF_VIDEO = "part_of_video"
    FRAME = "frame"


@dataclass(frozen=True, slots=True)
class NearValue:
    """The nearest single value: how far it is, and by which view of the upload; a frame's too."""

    query: Query
    distance_bits: int
    is_frame: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether the upload was looked at as it is: not turned, cut or inverted."""
        return self.query == Query(self.query.signal)

    @property
    def rank(self) -> tuple[bool, int]:
        """The best sorts first: a plain look that is taken as it is, then the nearest."""
        return not (self.is_plain and self.distance_bits <= CERTAIN_RADIUS_BITS), self.distance_bits


@dataclass(slots=True)
class Evidence:
    """What speaks for one content. `known_regions` is how many it has; `part_bits` how far the part of
    the upload is, set upright, where its regions lie; `look` how the video was looked at.
    """

    equal_digest: SignalType | None = None
    value: NearValue | None = None
    regions: RegionMatch | None = None
    part_bits: int | None = None
    known_regions: int = 0
    frames: FrameMatch | None = None
    look: tuple[Rendition, Turn] = _PLAIN


def judged(
    evidence: Evidence, *, asks_regions: bool, is_drawn: Callable[[], bool]
) -> tuple[Verdict, Reason] | None:
    """The verdict on one content, and its reason; None: it only looks like a match.

    Both sides must have regions for them to contradict a value. `is_drawn` is only asked when it
    decides.
    """
    if evidence.equal_digest is not None:
        return Verdict.SAME, Reason.EQUAL_FILE
    if evidence.frames is not None:
        return _of_video(evidence.frames, is_plain=evidence.look == _PLAIN)
    if evidence.value is not None and evidence.value.is_frame:
        is_near = evidence.value.distance_bits <= CERTAIN_RADIUS_BITS
        return (Verdict.EDITED if is_near else Verdict.REVIEW), Reason.FRAME
    is_compared = asks_regions and evidence.known_regions >= _LEAST_KNOWN_REGIONS
    if evidence.value is not None and not is_compared and evidence.regions is None:
        return _of_value_alone(evidence.value, is_drawn)
    return _of_regions(evidence, is_drawn)


def _of_value_alone(
    value: NearValue, is_drawn: Callable[[], bool]
) -> tuple[Verdict, Reason] | None:
    if value.distance_bits > _DRAWN_RADIUS_BITS and is_drawn():
        return None
    if value.distance_bits > CERTAIN_RADIUS_BITS:
        return Verdict.REVIEW, Reason.FAR_VALUE
    return (Verdict.SAME if value.is_plain else Verdict.EDITED), Reason.NEAR_VALUE


def _of_regions(evidence: Evidence, is_drawn: Callable[[], bool]) -> tuple[Verdict, Reason] | None:
    value, found = evidence.value, evidence.regions
    share = found.share if found is not None else 0.0
    if value is not None and value.is_plain:
        bits = value.distance_bits
        if bits <= _SAME_RADIUS_BITS and share >= _MOST_OF_THEM:
            return Verdict.SAME, Reason.NEAR_VALUE_AND_REGIONS
        if bits <= _EVEN_SO_RADIUS_BITS:
            return Verdict.SAME, Reason.NEAR_VALUE
    if found is not None:
        return _of_found_regions(found, evidence.part_bits)
    if value is None or (value.distance_bits > _DRAWN_RADIUS_BITS and is_drawn()):
        return None
    return Verdict.REVIEW, Reason.NEAR_VALUE_WITHOUT_REGIONS


def _of_found_regions(found: RegionMatch, part_bits: int | None) -> tuple[Verdict, Reason]:
    is_sure = RegionRule().accepts(found.score, found.regions)
    if is_sure and part_bits is not None and part_bits <= CERTAIN_RADIUS_BITS:
        return Verdict.EDITED, Reason.SHOWN_WHOLE
    if is_sure and found.share >= _MOST_OF_THEM:
        return Verdict.EDITED, Reason.MOST_REGIONS
    return Verdict.REVIEW, (Reason.SOME_REGIONS if is_sure else Reason.SHOWN_WHOLE)


def confirms(found: RegionMatch, part_bits: int | None) -> bool:
    """Whether regions make a match: by themselves, or with the PDQ of the part that they point to."""
    if RegionRule().accepts(found.score, found.regions):
        return True
    return part_bits is not None and part_bits <= PDQ_MATCH_RADIUS_BITS


def _of_video(found: FrameMatch, *, is_plain: bool) -> tuple[Verdict, Reason]:
    if not found.is_whole:
        return Verdict.REVIEW, Reason.PART_OF_VIDEO
    is_near = found.median_bits <= CERTAIN_RADIUS_BITS
    if found.is_still and not is_near:
        return Verdict.REVIEW, Reason.WHOLE_VIDEO
    covers = min(found.known_share, found.query_share) >= _MOST_OF_THEM
    if is_plain and is_near and covers:
        return Verdict.SAME, Reason.WHOLE_VIDEO
    return Verdict.EDITED, Reason.WHOLE_VIDEO
