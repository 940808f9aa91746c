# SPDX-License-Identifier: Apache-2.0
"""The words of hash lists: names of types, values as text, what a list is and why a line is none.

Names and values are those of Meta's `threatexchange` (`tx`) and HMA, and ours.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from haechi.signals import hma_text
from haechi.values import FRAME_BYTES, Signal, SignalType

INTIMATE: Final = "intimate"
"""Stands in every list that we write: it tells of people's bodies, and is to be kept as such."""

_MOST_MS: Final = 2**32 - 1
_PDQ_HEX: Final = re.compile(r"[0-9a-fA-F]{64}")

TYPE_NAMES: Final = {
    **{kind.value: kind for kind in SignalType},
    # `tx` and HMA know digests of videos only; a digest is of bytes, whatever they hold.
    "video_md5": SignalType.MD5,
    "video_sha256": SignalType.SHA256,
}
TYPES_TOLD: Final = (SignalType.PDQ, SignalType.VPDQ, SignalType.MD5, SignalType.SHA256)
"""What leaves in a list: regional signals never do."""

_TX_NAMES: Final = {
    SignalType.PDQ: "pdq",
    SignalType.VPDQ: "vpdq",
    SignalType.MD5: "video_md5",
    SignalType.SHA256: "video_sha256",
}
_TYPE_OF_LENGTH: Final = {64: SignalType.PDQ, 32: SignalType.MD5}


class UnreadableLine(ValueError):
    """A line that is no content; `reason` is a sentence's part of ours and holds nothing of the line."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


NO_SIGNAL: Final = "no signal"
UNKNOWN_TYPE: Final = "a type that is not known here"
NO_VALUE: Final = "a value that is none of its type"
NO_QUALITY: Final = "a quality that is none"
NO_JSON: Final = "no JSON object"
NO_TEXT: Final = "no text in UTF-8"
TOO_LONG: Final = "too long"
NO_NOTE: Final = "a note that is none, or too long"
NO_TIME: Final = "a time that is none"
NO_CSV: Final = "no line of CSV"


def signal_named(type_name: str, value: str, quality: int | None = None) -> Signal:
    """The signal that a list's words stand for; white space around them does not count.

    A `vpdq` may be hexadecimal digits or HMA's list of frames.

    Raises:
        UnreadableLine: they stand for none.
    """
    kind = TYPE_NAMES.get(type_name.strip().lower())
    if kind is None:
        raise UnreadableLine(UNKNOWN_TYPE)
    value = value.strip()
    if kind is not SignalType.PDQ:
        quality = None
    elif quality is not None and not 0 <= quality <= 100:
        raise UnreadableLine(NO_QUALITY)
    try:
        if kind is SignalType.VPDQ and value.startswith("["):
            return frames_named(json.loads(value))
        return Signal.parse(kind.value, value, quality)
    except (ValueError, RecursionError) as error:
        raise UnreadableLine(NO_VALUE) from error


def bare_signal(value: str) -> Signal:
    """The signal that a value without a type stands for, by its length.

    Raises:
        UnreadableLine: none.
    """
    value = value.strip()
    if value.startswith("["):
        return signal_named(SignalType.VPDQ.value, value)
    kind = _TYPE_OF_LENGTH.get(len(value))
    if kind is None:
        raise UnreadableLine(NO_SIGNAL)
    return signal_named(kind.value, value)


def frames_named(frames: Any) -> Signal:
    """The `vpdq` of HMA's list of `PDQ,quality,seconds`, in the order of time.

    Raises:
        ValueError: it is no such list.
    """
    if not isinstance(frames, list) or not all(isinstance(frame, str) for frame in frames):
        raise ValueError("frames are a list of texts")
    records = []
    for frame in frames:
        value, quality, seconds = frame.split(",")
        if not _PDQ_HEX.fullmatch(value.strip()):
            raise ValueError("a frame has 64 hexadecimal digits")
        # Not a number and infinity do not fit into milliseconds.
        at_ms = round(float(seconds) * 1000) if float(seconds) < _MOST_MS else -1
        if not 0 <= at_ms <= _MOST_MS:
            raise ValueError("a frame's time is none")
        records.append(bytes.fromhex(value.strip()) + bytes([int(quality)]) + at_ms.to_bytes(4))
    # Written with three digits, as `tx` does, late times are rounded and may change places.
    records.sort(key=lambda record: record[FRAME_BYTES - 4 :])
    return Signal(SignalType.VPDQ, b"".join(records))


def tx_words(signal: Signal) -> tuple[str, str]:
    """The type and the value as `tx` and HMA write them."""
    value = hma_text(signal) if signal.type is SignalType.VPDQ else signal.hex
    return _TX_NAMES[signal.type], value
