# SPDX-License-Identifier: Apache-2.0
"""Which rows of which table a signal stands for.

    pdq             one row, payload 0
    md5, sha256     one row, payload 0 or 1
    vpdq            a row for each frame of quality 50 or more; payload: its milliseconds
    rpdq            a row for each region; payload: x | y << 16 | scale << 32 | angle << 40 | number << 48

The number of a region is its place in the signal, in ten bits; the six above it are one half of the
picture's shape (see `_shape_parts`).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from haechi.match._columns import VALUE_BYTES
from haechi.match._kinds import Kind
from haechi.signals import LONG_SIDE, FrameList, Regions
from haechi.values import Signal, SignalType

__all__ = ["frames_of", "payload_of", "regions_of", "rows_of", "value_of"]

_DIGESTS: Final = {SignalType.MD5: 0, SignalType.SHA256: 1}
"""The payloads that keep the types of digests apart: an md5 is filled up with zeros."""

_PLACE: Final = np.dtype(
    [("x", "<u2"), ("y", "<u2"), ("scale", "u1"), ("angle", "u1"), ("number", "<u2")]
)

_NUMBER_BITS: Final = 10
_NUMBER: Final = (1 << _NUMBER_BITS) - 1
_PART_BITS: Final = 6
_PART: Final = (1 << _PART_BITS) - 1
_RATIO_STEPS: Final = 2047
_IS_UPRIGHT: Final = 1 << 11

Values = NDArray[np.uint8]
Payloads = NDArray[np.uint64]


def rows_of(signal: Signal) -> tuple[Kind, Values, Payloads]:
    """The kind of a signal's rows, their values, uint8 (n, 32), and their payloads, uint64 (n,).

    n is 0 for a `vpdq` without a frame that may be matched.
    """
    if signal.type is SignalType.VPDQ:
        frames = FrameList.from_signal(signal).trusted()
        return Kind.FRAME, frames.values, frames.at_ms.astype(np.uint64)
    if signal.type is SignalType.RPDQ:
        regions = Regions.from_signal(signal)
        return Kind.REGION, regions.values, _places(regions)
    kind, value = value_of(signal)
    values = np.frombuffer(value, dtype=np.uint8).reshape(1, VALUE_BYTES)
    return kind, values, np.array([payload_of(signal)], dtype=np.uint64)


def value_of(signal: Signal) -> tuple[Kind, bytes]:
    """The kind and the value, 32 bytes, of a signal that has one.

    Raises:
        ValueError: it is a list of frames or of regions.
    """
    if signal.type in _DIGESTS:
        return Kind.DIGEST, signal.value.ljust(VALUE_BYTES, b"\0")
    if signal.type is not SignalType.PDQ:
        raise ValueError(f"a {signal.type} is searched for frame by frame or region by region")
    return Kind.PDQ, signal.value


def payload_of(signal: Signal) -> int:
    """The payload of a row that has to be the same on both sides."""
    return _DIGESTS.get(signal.type, 0)


def _places(regions: Regions) -> Payloads:
    """Where each region lies, and its number, in one word."""
    fields = np.zeros(len(regions), dtype=_PLACE)
    fields["x"], fields["y"] = regions.x, regions.y
    fields["scale"], fields["angle"] = regions.scale, regions.angle
    numbers = np.arange(len(regions))
    parts = np.array(_shape_parts(regions))[numbers % 2]
    fields["number"] = numbers | parts << _NUMBER_BITS
    return fields.view("<u8")


def _shape_parts(regions: Regions) -> tuple[int, int]:
    """The shape of the picture in twice six bits: the shorter side by the longer, and which is which."""
    short = min(regions.width, regions.height)
    ratio = max(1, round(short * _RATIO_STEPS / LONG_SIDE))
    code = ratio | (_IS_UPRIGHT if regions.height > regions.width else 0)
    return code & _PART, code >> _PART_BITS


def _sides_of(numbers: NDArray[np.uint16]) -> tuple[int, int]:
    """Width and height of the picture whose regions have these numbers; square, if one says too little."""
    parts = {int(number) & 1: int(number) >> _NUMBER_BITS for number in numbers[:2]}
    code = parts[0] | parts[1] << _PART_BITS if len(parts) == 2 else 0
    ratio = code & ~_IS_UPRIGHT or _RATIO_STEPS
    short = max(1, min(LONG_SIDE, round(ratio * LONG_SIDE / _RATIO_STEPS)))
    return (short, LONG_SIDE) if code & _IS_UPRIGHT else (LONG_SIDE, short)


def regions_of(values: Values, payloads: Payloads) -> Regions:
    """The regions that these rows of one entry stand for, in the order of their numbers.

    The sides of their picture are kept to a two-thousandth; of a single region it counts as square.
    """
    payloads = np.ascontiguousarray(payloads)
    numbers = payloads.view(_PLACE)["number"]
    order = np.argsort(numbers & _NUMBER, kind="stable")
    fields = payloads.view(_PLACE)[order]
    return Regions(
        np.ascontiguousarray(values[order]),
        np.ascontiguousarray(fields["x"]),
        np.ascontiguousarray(fields["y"]),
        np.ascontiguousarray(fields["scale"]),
        np.ascontiguousarray(fields["angle"]),
        *_sides_of(numbers[order]),
    )


def frames_of(values: Values, payloads: Payloads) -> FrameList:
    """The frames that these rows of one entry stand for, by rising time; all of them may be matched."""
    order = np.argsort(payloads, kind="stable")
    trusted = np.full(len(payloads), 100, dtype=np.uint8)
    return FrameList(
        np.ascontiguousarray(values[order]), trusted, payloads[order].astype(np.uint32)
    )
