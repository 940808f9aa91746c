# SPDX-License-Identifier: Apache-2.0
"""Signals and sorts of files by the names and in the text that HMA has for them."""

from __future__ import annotations

import json
import math
import re
from typing import Final

from haechi.api._hma_answers import problem
from haechi.values import MOST_FRAMES, Signal, SignalType
from haechi.workflows import HMA_SIGNAL_TYPES, frames_of_text

CONTENT_TYPES: Final[dict[str, tuple[str, ...]]] = {
    "photo": ("pdq",),
    "video": ("video_md5", "vpdq"),
}
"""The signals that each sort of file can have; the first is what is made when none is named."""

_HEX64: Final = re.compile(r"[0-9a-fA-F]{64}")
_MOST_TEXT_CHARS: Final = 100 * MOST_FRAMES

_WANTED: Final = {
    SignalType.PDQ: "64 hexadecimal digits",
    SignalType.MD5: "32 hexadecimal digits",
    SignalType.VPDQ: "a JSON list of HEX,QUALITY,SECONDS",
}


def signal_of(type_name: str, text: str) -> Signal:
    """The signal that a text stands for, digits in either case.

    Raises:
        HTTPException: no such sort, or the text is none of it; the text itself is not shown.
    """
    kind = HMA_SIGNAL_TYPES.get(type_name)
    if kind is None:
        raise problem(400, f"No such SignalType '{type_name[:40]}'")
    try:
        if kind is SignalType.VPDQ:
            return _frames(text)
        return Signal.parse(kind.value, text)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise problem(400, f"invalid signal: {type_name} needs {_WANTED[kind]}") from error


def wanted_types(content_type: str, types: list[str]) -> list[str]:
    """Which sorts of signals are wanted of such a file.

    Raises:
        HTTPException: no such sort.
    """
    for name in types:
        if name not in HMA_SIGNAL_TYPES:
            raise problem(400, f"No such SignalType '{name[:40]}'")
    possible = CONTENT_TYPES[content_type]
    return [name for name in possible if name in types] if types else [possible[0]]


def _frames(text: str) -> Signal:
    if len(text) > _MOST_TEXT_CHARS:
        raise ValueError("more than any video has")
    records = []
    for line in json.loads(text):
        if not isinstance(line, str):
            raise ValueError("no frame")  # noqa: TRY004  # as any other text that is none
        value, quality, seconds = line.split(",")
        if not _HEX64.fullmatch(value):
            raise ValueError("no pdq")
        at_s = float(seconds)
        if not math.isfinite(at_s) or at_s < 0 or not 0 <= int(quality) <= 100:
            raise ValueError("no frame")
        records.append((bytes.fromhex(value), int(quality), round(at_s * 1000)))
    return frames_of_text(records)
