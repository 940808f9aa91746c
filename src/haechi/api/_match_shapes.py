# SPDX-License-Identifier: Apache-2.0
"""The JSON shapes of questions whether uploads are known, and of their answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, convert

from haechi.api._shapes import SignalBody
from haechi.errors import BadInput, HaechiError, MalformedField
from haechi.workflows import MOST_SIGNALS_AT_ONCE, Answer, Match, Question

Signals = Annotated[list[SignalBody], Meta(min_length=1, max_length=64)]
Reference = Annotated[str, Meta(max_length=100, pattern=r"^[\w.:-]*$")]
"""The partner's own word for the upload, by which it finds it again: never an address or a name."""

_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class MatchBody(Struct, forbid_unknown_fields=True):
    """The signals of one upload, and the partner's own word for it."""

    signals: Signals
    reference: Reference = ""


class BatchBody(Struct, forbid_unknown_fields=True):
    """Uploads of which each has at most 64 signals, and all together 20,000."""

    uploads: Annotated[list[MatchBody], Meta(min_length=1, max_length=MOST_SIGNALS_AT_ONCE)]


_MATCH: Final = msgspec.json.Decoder(MatchBody)
_BATCH: Final = msgspec.json.Decoder(BatchBody)


def read_question(body: bytes) -> Question:
    """The question that a body asks.

    Raises:
        BadInput: it is none; which part, where that can be said.
    """
    wanted: MatchBody = _read(_MATCH, body, "signals")
    return _question(wanted)


def read_batch(body: bytes) -> list[Question]:
    """The questions that a body asks.

    Raises:
        BadInput: they are none; which part, where that can be said.
    """
    wanted: BatchBody = _read(_BATCH, body, "uploads")
    questions = []
    for place, upload in enumerate(wanted.uploads):
        try:
            questions.append(_question(upload))
        except HaechiError as error:
            error.field = f"uploads[{place}].{error.field}"
            raise
    return questions


def check_reference(reference: str) -> str:
    """The word, if it can be one.

    Raises:
        MalformedField: it cannot.
    """
    try:
        convert(reference, Reference)
    except msgspec.ValidationError as error:
        raise MalformedField(field="reference", reason=f"{error}.") from error
    if reference.endswith("\n"):
        raise MalformedField(field="reference", reason="A reference is one line.")
    return reference


def _question(wanted: MatchBody) -> Question:
    # The pattern alone would let a line end through.
    if wanted.reference.endswith("\n"):
        check_reference(wanted.reference)
    return Question(wanted.reference, tuple(signal.to_signal() for signal in wanted.signals))


def _read(decoder: msgspec.json.Decoder[Any], body: bytes, field: str) -> Any:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise MalformedField(field=field, reason=f"{error}.") from error
    except _UNREADABLE as error:
        raise BadInput from error


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
    """One known content that the upload matches. The last three need the scope `distance`.

    `match` names this match in `/v1/opinions` and `/v1/appeals`.
    """

    match: str
    content: str
    bank: str
    signal: str
    verdict: str
    policy: str
    distance: int | UnsetType = UNSET
    radius: int | UnsetType = UNSET
    evidence: EvidenceAnswer | UnsetType = UNSET

    @classmethod
    def of(cls, match: Match, match_id: str, *, tells_distance: bool) -> MatchAnswer:
        """The shape of a workflow's match."""
        answer = cls(
            match_id,
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


ActionName = Literal["block", "review", "none"]


class MatchesAnswer(Struct):
    """What follows for one upload, and every match of it, best first; `none` when it is not known."""

    action: ActionName
    matches: list[MatchAnswer]

    @classmethod
    def of(cls, answer: Answer, *, tells_distance: bool) -> MatchesAnswer:
        """The shape of a workflow's answer."""
        return cls(answer.action.value, _matches(answer, tells_distance=tells_distance))


class UploadAnswer(Struct):
    """What follows for one upload of a batch: its place, from 0 on, and the word it came with."""

    upload: int
    reference: str
    action: ActionName
    matches: list[MatchAnswer]


class BatchAnswer(Struct):
    """How many uploads were looked at, and an answer for each that is known, in the order they came."""

    asked: int
    answers: list[UploadAnswer]

    @classmethod
    def of(
        cls, uploads: Sequence[Question], answers: Mapping[int, Answer], *, tells_distance: bool
    ) -> BatchAnswer:
        """The shape of a workflow's answers."""
        told = [
            UploadAnswer(
                place,
                uploads[place].reference,
                answer.action.value,
                _matches(answer, tells_distance=tells_distance),
            )
            for place, answer in sorted(answers.items())
        ]
        return cls(len(uploads), told)


def _matches(answer: Answer, *, tells_distance: bool) -> list[MatchAnswer]:
    return [
        MatchAnswer.of(match, match_id, tells_distance=tells_distance)
        for match, match_id in zip(answer.matches, answer.match_ids, strict=True)
    ]


class UsageLine(Struct):
    """What was asked in one minute: signals, and how many uploads were known."""

    minute_at: datetime
    verb: str
    asked: int
    matched: int


class UsageAnswer(Struct):
    """What you asked in the last day, by the minute, newest first."""

    usage: list[UsageLine]
