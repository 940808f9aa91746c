# SPDX-License-Identifier: Apache-2.0
"""Frozen values that every room speaks of; no input or output, nothing of haechi imported.

The words are those of docs/concepts.md: one word, one thing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Final

__all__ = [
    "FRAME_BYTES",
    "MOST_FRAMES",
    "MOST_REGIONS",
    "PDQ_MATCH_RADIUS_BITS",
    "PDQ_TRUSTED_QUALITY",
    "REGIONS_HEAD_BYTES",
    "REGION_BYTES",
    "SIGNAL_BITS",
    "Actor",
    "ActorKind",
    "AgeFacts",
    "BankPolicy",
    "ContentStatus",
    "ListForm",
    "MediaKind",
    "Opinion",
    "PartnerKind",
    "Reader",
    "Sharing",
    "Signal",
    "SignalType",
    "StaffRole",
    "utc_now",
]

PDQ_MATCH_RADIUS_BITS: Final = 31
"""Two PDQ values at most this far apart are the same picture (facebook/ThreatExchange pdq/README)."""

PDQ_TRUSTED_QUALITY: Final = 50
"""A PDQ value of lower quality comes from a nearly flat picture and is not matched (same source)."""


class SignalType(StrEnum):
    """The kinds of fingerprint."""

    PDQ = "pdq"
    RPDQ = "rpdq"
    VPDQ = "vpdq"
    MD5 = "md5"
    SHA256 = "sha256"


SIGNAL_BITS: Final[dict[SignalType, int]] = {
    SignalType.PDQ: 256,
    SignalType.MD5: 128,
    SignalType.SHA256: 256,
}
"""The length of the types whose values are all of one length."""

FRAME_BYTES: Final = 37
"""One frame of a `vpdq`: 32 bytes PDQ, 1 byte quality, 4 bytes milliseconds, big-endian."""

MOST_FRAMES: Final = 10_800
"""Three hours at one frame a second."""

REGIONS_HEAD_BYTES: Final = 5
"""An `rpdq` begins with 1 byte version (1), 2 bytes width and 2 bytes height, big-endian; the longer is 65,535."""

REGION_BYTES: Final = 38
"""One region of an `rpdq`: 32 bytes hash, 2 bytes x, 2 bytes y, 1 byte scale, 1 byte angle."""

MOST_REGIONS: Final = 1024
"""What one signal may hold; a report has at most 60, and so less than 2.4 KB."""

_REGIONS_VERSION: Final = 1
_LONG_SIDE: Final = 65_535

_HEX: Final = re.compile(r"[0-9a-fA-F]+")


def _check_length(kind: SignalType, value: bytes) -> None:
    if len(value) * 8 != SIGNAL_BITS[kind]:
        raise ValueError(f"a {kind} value has {SIGNAL_BITS[kind]} bits")


def _check_frames(kind: SignalType, value: bytes) -> None:
    count, left_over = divmod(len(value), FRAME_BYTES)
    if left_over or not 1 <= count <= MOST_FRAMES:
        raise ValueError(f"a {kind} value is 1 to {MOST_FRAMES} frames of {FRAME_BYTES} bytes")
    if max(value[32::FRAME_BYTES]) > 100:
        raise ValueError("a frame's quality lies between 0 and 100")
    times = [value[at + 33 : at + 37] for at in range(0, len(value), FRAME_BYTES)]
    if any(earlier > later for earlier, later in pairwise(times)):
        raise ValueError("frames come by rising time")


def _check_regions(kind: SignalType, value: bytes) -> None:
    count, left_over = divmod(len(value) - REGIONS_HEAD_BYTES, REGION_BYTES)
    if left_over or not 1 <= count <= MOST_REGIONS:
        raise ValueError(
            f"a {kind} value is {REGIONS_HEAD_BYTES} bytes and 1 to {MOST_REGIONS} regions of "
            f"{REGION_BYTES} bytes"
        )
    if value[0] != _REGIONS_VERSION:
        raise ValueError(f"this {kind} value is of a version that is not known here")
    sides = (int.from_bytes(value[1:3]), int.from_bytes(value[3:5]))
    if max(sides) != _LONG_SIDE or min(sides) == 0:
        raise ValueError(f"the longer side of a {kind} value's picture is {_LONG_SIDE}")


_CHECKS: Final[dict[SignalType, Callable[[SignalType, bytes], None]]] = {
    SignalType.PDQ: _check_length,
    SignalType.RPDQ: _check_regions,
    SignalType.VPDQ: _check_frames,
    SignalType.MD5: _check_length,
    SignalType.SHA256: _check_length,
}


@dataclass(frozen=True, slots=True)
class Signal:
    """One fingerprint: its type, its value as raw bytes, and its quality.

    `quality` is 0-100 for `pdq` and None for all others. A `vpdq` is frames of `FRAME_BYTES` each by
    rising time, each with a quality of its own; an `rpdq` is `REGIONS_HEAD_BYTES` and then regions of
    `REGION_BYTES` each. The value never shows in `repr`, so that a signal
    that slips into a log or a traceback gives nothing away.

    Raises:
        ValueError: the value is none of its type, or the quality does not fit.
    """

    type: SignalType
    value: bytes
    quality: int | None = None

    def __post_init__(self) -> None:
        _CHECKS[self.type](self.type, self.value)
        if (self.quality is None) == (self.type is SignalType.PDQ):
            raise ValueError("a quality goes with pdq, and only with pdq")
        if self.quality is not None and not 0 <= self.quality <= 100:
            raise ValueError("a quality lies between 0 and 100")

    def __repr__(self) -> str:
        return f"Signal({self.type.value}, …, quality={self.quality})"

    @property
    def hex(self) -> str:
        """The value as lowercase hexadecimal digits, the form in which signals travel."""
        return self.value.hex()

    @property
    def is_trusted(self) -> bool:
        """Whether the value may be matched: always but for a PDQ of a quality below 50."""
        return self.quality is None or self.quality >= PDQ_TRUSTED_QUALITY

    @classmethod
    def parse(cls, type_name: str, hex_value: str, quality: int | None = None) -> Signal:
        """The signal that a text form stands for; digits in either case.

        A `pdq` without a quality is taken to be trusted (quality 100): lists of hashes carry none.

        Raises:
            ValueError: unknown type, wrong length, or anything but hexadecimal digits (a trailing
                line end included).
        """
        kind = SignalType(type_name)
        # `fromhex` alone would let white space through.
        if len(hex_value) % 2 or not _HEX.fullmatch(hex_value):
            raise ValueError(f"a {kind} value is an even number of hexadecimal digits")
        if kind is SignalType.PDQ and quality is None:
            quality = 100
        return cls(kind, bytes.fromhex(hex_value), quality)


class MediaKind(StrEnum):
    """What a file is to us."""

    IMAGE = "image"
    VIDEO = "video"


class BankPolicy(StrEnum):
    """What a match in a bank means for the upload."""

    BLOCK = "block"
    REVIEW = "review"
    ALLOW = "allow"


class ContentStatus(StrEnum):
    """Whether a content is matched (`active` only)."""

    ACTIVE = "active"
    HELD = "held"
    WITHDRAWN = "withdrawn"


class ListForm(StrEnum):
    """How a list of hashes is written: `hma` is JSON as HMA answers it, `tx` lines of `threatexchange`.

    `auto` is for reading: the list's beginning says how it is written.
    """

    AUTO = "auto"
    CSV = "csv"
    JSONL = "jsonl"
    HMA = "hma"
    TX = "tx"


class ActorKind(StrEnum):
    """Who asks."""

    NOBODY = "nobody"
    PERSON = "person"
    PARTNER = "partner"
    STAFF = "staff"
    OPERATOR = "operator"


class StaffRole(StrEnum):
    """What somebody who runs an installation is there for; what each may do: `workflows._permissions`."""

    WORKER = "worker"
    LEAD = "lead"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Opinion(StrEnum):
    """What a partner or a reviewer says of a match.

    `confirmed`: it is what the bank says. `not_this`: the upload is something else. `disputed`: the
    content itself should not be in the bank.
    """

    CONFIRMED = "confirmed"
    NOT_THIS = "not_this"
    DISPUTED = "disputed"


class PartnerKind(StrEnum):
    """What sort of service a partner is; a person says for each item which sorts may be told of it."""

    PLATFORM = "platform"
    COMMUNITY = "community"
    ADULT_SITE = "adult_site"
    HASH_SERVICE = "hash_service"


@dataclass(frozen=True, slots=True)
class Reader:
    """A partner as one who is told of matches: its sort, whether it serves adults only, and who it is.

    What is limited to named partners reaches none without a `partner_id`.
    """

    kind: PartnerKind
    serves_adults_only: bool
    partner_id: str = ""


@dataclass(frozen=True, slots=True)
class AgeFacts:
    """Two facts that laws keep apart; None where nobody said.

    `under_18_when_taken`: the person in it was under 18 when it was taken, or when the fake was made
    (the line of the hash services). `under_19_kr`: under 19 then, a child or youth by Korean law
    (청소년성보호법 제2조).
    """

    under_18_when_taken: bool | None = None
    under_19_kr: bool | None = None

    @property
    def is_adult(self) -> bool:
        """Whether both facts are known to be no; what is not known counts as under age."""
        return self.under_18_when_taken is False and self.under_19_kr is False


@dataclass(frozen=True, slots=True)
class Sharing:
    """With whom an item is shared: sorts of partners, until when (None: until she stops it).

    An item that is not surely an adult's never reaches a partner that serves adults only.
    """

    kinds: frozenset[PartnerKind] = frozenset(PartnerKind)
    until: datetime | None = None
    reaches_adult_services: bool = False

    def is_open(self, at: datetime) -> bool:
        """Whether anybody at all may be told of the item at that moment."""
        return bool(self.kinds) and (self.until is None or at < self.until)

    def reaches(self, reader: Reader, at: datetime) -> bool:
        """Whether this reader may be told of the item at that moment."""
        return (
            self.is_open(at)
            and reader.kind in self.kinds
            and (self.reaches_adult_services or not reader.serves_adults_only)
        )


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks for something: `id` is a case's, a partner's, a user's or an operator's internal id.

    `scopes` are what a partner's token allows, `reader` what sort of partner it is, `role` what a user
    of the console is there for; empty for others.
    """

    kind: ActorKind
    id: str = ""
    scopes: frozenset[str] = frozenset()
    reader: Reader | None = None
    role: StaffRole | None = None


def utc_now() -> datetime:
    """The present moment, in UTC, with its zone."""
    return datetime.now(UTC)
