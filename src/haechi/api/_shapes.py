# SPDX-License-Identifier: Apache-2.0
"""The JSON shapes of requests and answers. An unknown key in a request is an error, not ignored."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

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


def error_body(error: HaechiError) -> dict[str, dict[str, str]]:
    """The one JSON shape of every error."""
    body = {"code": error.code, "message": error.sentence}
    if error.field is not None:
        body["field"] = error.field
    return {"error": body}
