# SPDX-License-Identifier: Apache-2.0
"""The JSON shapes of requests and answers. An unknown key in a request is an error, not ignored."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, convert

from haechi.errors import HaechiError, MalformedSignal
from haechi.values import (
    FRAME_BYTES,
    MOST_FRAMES,
    MOST_REGIONS,
    REGION_BYTES,
    REGIONS_HEAD_BYTES,
    SIGNAL_BITS,
    Signal,
    SignalType,
)
from haechi.workflows import Match

_MOST_DIGITS = 2 * FRAME_BYTES * MOST_FRAMES

_LISTS = {
    SignalType.RPDQ: (
        f"{2 * REGIONS_HEAD_BYTES} hexadecimal digits of version 01, then {2 * REGION_BYTES} for each "
        f"of 1 to {MOST_REGIONS} regions"
    ),
    SignalType.VPDQ: (
        f"{2 * FRAME_BYTES} hexadecimal digits for each of 1 to {MOST_FRAMES} frames by rising time"
    ),
}


class SignalBody(Struct, forbid_unknown_fields=True, rename={"type_name": "type"}):
    """One fingerprint: its type, its value in hexadecimal digits, and for `pdq` its quality."""

    type_name: Literal["pdq", "rpdq", "vpdq", "md5", "sha256"]
    value: Annotated[str, Meta(max_length=_MOST_DIGITS)]
    quality: Annotated[int, Meta(ge=0, le=100)] | None = None

    def to_signal(self) -> Signal:
        """The signal.

        Raises:
            MalformedSignal: the value is not as its type wants it, or has other characters.
        """
        try:
            return Signal.parse(self.type_name, self.value, self.quality)
        except ValueError as error:
            kind = SignalType(self.type_name)
            wanted = _LISTS.get(kind) or f"{SIGNAL_BITS[kind] // 4} hexadecimal digits"
            raise MalformedSignal(field="value", type=self.type_name, wanted=wanted) from error


class EnterBody(Struct, forbid_unknown_fields=True):
    """How a person comes back to her case."""

    case_number: Annotated[str, Meta(max_length=40)]
    passphrase: Annotated[str, Meta(max_length=400)]


class MatchBody(Struct, forbid_unknown_fields=True):
    """The signals of one upload."""

    signals: Annotated[list[SignalBody], Meta(min_length=1, max_length=64)]


class BoxAnswer(Struct):
    """A part of the upload, in pixels of its brightness as it was looked at."""

    left: int
    top: int
    width: int
    height: int


class RegionsAnswer(Struct):
    """How many regions agree on one geometry, of how many that the upload should show."""

    agree: int
    expected: int
    is_mirrored: bool


class RangeAnswer(Struct):
    """Upload seconds that show seconds of the known video; no speed where it stands still."""

    query_from_s: float
    query_to_s: float
    known_from_s: float
    known_to_s: float
    speed: float | None


class FramesAnswer(Struct):
    """How much of the known video the upload shows, and where."""

    known_share: float
    query_share: float
    is_whole: bool
    ranges: list[RangeAnswer]


class EvidenceAnswer(Struct, omit_defaults=True):
    """Which view of the upload matched, and what agreed: see docs/http-api.md."""

    rendition: str
    turn: str
    reason: str
    box: BoxAnswer | UnsetType = UNSET
    pdq_distance: int | UnsetType = UNSET
    part_distance: int | UnsetType = UNSET
    regions: RegionsAnswer | UnsetType = UNSET
    frames: FramesAnswer | UnsetType = UNSET


class MatchAnswer(Struct, omit_defaults=True):
    """One known content that the upload matches. The last three need the scope `distance`."""

    content: str
    bank: str
    signal: str
    verdict: str
    policy: str
    distance: int | UnsetType = UNSET
    radius: int | UnsetType = UNSET
    evidence: EvidenceAnswer | UnsetType = UNSET

    @classmethod
    def of(cls, match: Match, *, tells_distance: bool) -> MatchAnswer:
        """The shape of a workflow's match."""
        answer = cls(
            match.content_id,
            match.bank,
            match.signal_type.value,
            match.verdict.value,
            match.policy.value,
        )
        if tells_distance:
            answer.distance = match.distance_bits
            answer.radius = match.radius_bits
            answer.evidence = convert(match.evidence, EvidenceAnswer)
        return answer


class MatchesAnswer(Struct):
    """Every match of one upload, best first; empty when it is not known."""

    matches: list[MatchAnswer]


def error_body(error: HaechiError) -> dict[str, dict[str, str]]:
    """The one JSON shape of every error."""
    body = {"code": error.code, "message": error.sentence}
    if error.field is not None:
        body["field"] = error.field
    return {"error": body}
