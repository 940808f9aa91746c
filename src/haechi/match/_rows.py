# SPDX-License-Identifier: Apache-2.0
"""Which rows of which table a signal stands for.

    pdq             one row, payload 0
    md5, sha256     one row, payload 0 or 1
    vpdq            a row for each frame of quality 50 or more; payload: its milliseconds
    rpdq            a row for each region; payload: x | y << 16 | scale << 32 | angle << 40 | number << 48

The number of a region is its place in the signal.
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
    fields["number"] = np.arange(len(regions))
    return fields.view("<u8")


def regions_of(values: Values, payloads: Payloads) -> Regions:
    """The regions that these rows of one entry stand for, in the order of their numbers.

    The sides of their picture are not among what is kept: it counts as square.
    """
    payloads = np.ascontiguousarray(payloads)
    order = np.argsort(payloads.view(_PLACE)["number"], kind="stable")
    fields = payloads.view(_PLACE)[order]
    return Regions(
        np.ascontiguousarray(values[order]),
        np.ascontiguousarray(fields["x"]),
        np.ascontiguousarray(fields["y"]),
        np.ascontiguousarray(fields["scale"]),
        np.ascontiguousarray(fields["angle"]),
        LONG_SIDE,
        LONG_SIDE,
    )


def frames_of(values: Values, payloads: Payloads) -> FrameList:
    """The frames that these rows of one entry stand for, by rising time; all of them may be matched."""
    order = np.argsort(payloads, kind="stable")
    trusted = np.full(len(payloads), 100, dtype=np.uint8)
    return FrameList(
        np.ascontiguousarray(values[order]), trusted, payloads[order].astype(np.uint32)
    )
