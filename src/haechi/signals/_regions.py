# SPDX-License-Identifier: Apache-2.0
"""The record of a picture's regions: where they lie, how large, which way, and their hashes.

    version u8 │ width u16 │ height u16 │ then for each region: hash 32 │ x u16 │ y u16 │ scale u8 │ angle u8

Big-endian. Lengths are parts of the picture's longer side, which is 65,535. The regions stand in the
order of what they are worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from haechi.values import MOST_REGIONS, REGION_BYTES, REGIONS_HEAD_BYTES, Signal, SignalType

from ._region_hash import MIRROR_MASK

__all__ = ["LONG_SIDE", "Regions"]

Bytes: TypeAlias = NDArray[np.uint8]
Places: TypeAlias = NDArray[np.uint16]

LONG_SIDE: Final = 65_535

_VERSION: Final = 1
_STEPS_AN_OCTAVE: Final = 24
_OCTAVES_BELOW: Final = 10
_ANGLES: Final = 256
_HEAD: Final = np.dtype([("version", "u1"), ("width", ">u2"), ("height", ">u2")])
_RECORD: Final = np.dtype(
    [("value", "u1", 32), ("x", ">u2"), ("y", ">u2"), ("scale", "u1"), ("angle", "u1")]
)


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """The regions of a picture as arrays of one length; read-only.

    `values` is uint8 (n, 32), of which the first 8 bytes are the key; `x` and `y` uint16 (n,), the
    centres, and `width` and `height` the picture's sides, the longer one 65,535; `scale` uint8 (n,),
    24 steps to a doubling of the radius; `angle` uint8 (n,), of 256 to a turn, clockwise. May be
    empty. Two are equal only when they are the same object, and the repr shows no value.

    Raises:
        ValueError: a shape, type or side does not fit the others.
    """

    values: Bytes
    x: Places
    y: Places
    scale: Bytes
    angle: Bytes
    width: int
    height: int

    def __post_init__(self) -> None:
        count = len(self.x)
        arrays = (self.values, self.x, self.y, self.scale, self.angle)
        if [array.dtype for array in arrays] != ["u1", "u2", "u2", "u1", "u1"] or [
            array.shape for array in arrays
        ] != [(count, 32), (count,), (count,), (count,), (count,)]:
            raise ValueError("a region has 32 bytes, a place, a scale and an angle")
        if max(self.width, self.height) != LONG_SIDE or min(self.width, self.height) < 1:
            raise ValueError("the longer side of a picture is 65535")
        for array in arrays:
            array.setflags(write=False)

    def __len__(self) -> int:
        """How many regions."""
        return len(self.x)

    def __repr__(self) -> str:
        return f"Regions({len(self)} regions)"

    @property
    def radius(self) -> NDArray[np.float64]:
        """Half the side of each region's square, as a part of the picture's longer side."""
        octaves = self.scale / _STEPS_AN_OCTAVE - _OCTAVES_BELOW
        return np.exp2(octaves).astype(np.float64)

    @property
    def turn(self) -> NDArray[np.float64]:
        """Which way each region points, in radians, clockwise as y goes down."""
        return (self.angle * (2.0 * np.pi / _ANGLES)).astype(np.float64)

    @classmethod
    def of(cls, values: Bytes, places: NDArray[np.float64], sides: tuple[int, int]) -> Self:
        """The regions with these hashes and places, (n, 4): x, y, radius in pixels, and angle.

        `sides` are height and width in pixels; the centre of the first pixel is at (0, 0).
        """
        step = LONG_SIDE / max(sides)
        height, width = (max(1, int(side * step + 0.5)) for side in sides)
        centres = np.clip(np.floor((places[:, :2] + 0.5) * step + 0.5), 0, LONG_SIDE)
        octaves = np.log2(np.maximum(places[:, 2], 1e-9) / max(sides)) + _OCTAVES_BELOW
        scale = np.clip(np.floor(octaves * _STEPS_AN_OCTAVE + 0.5), 0, 255)
        angle = np.floor(places[:, 3] * (_ANGLES / (2.0 * np.pi)) + 0.5) % _ANGLES
        return cls(
            values,
            np.ascontiguousarray(centres[:, 0]).astype(np.uint16),
            np.ascontiguousarray(centres[:, 1]).astype(np.uint16),
            scale.astype(np.uint8),
            angle.astype(np.uint8),
            width,
            height,
        )

    def at(self, places: NDArray[np.int64]) -> Regions:
        """The regions at these places."""
        return Regions(
            self.values[places],
            self.x[places],
            self.y[places],
            self.scale[places],
            self.angle[places],
            self.width,
            self.height,
        )

    def mirrored(self) -> Regions:
        """The regions of the picture with left and right swapped: exact, but for rounding of the angle."""
        mask = np.frombuffer(MIRROR_MASK, np.uint8)
        x = np.maximum(self.width - self.x.astype(np.int64), 0).astype(np.uint16)
        angle = (_ANGLES // 2 - self.angle.astype(np.int64)) % _ANGLES
        return Regions(
            self.values ^ mask,
            x,
            self.y,
            self.scale,
            angle.astype(np.uint8),
            self.width,
            self.height,
        )

    @classmethod
    def from_signal(cls, signal: Signal) -> Self:
        """The regions of an `rpdq` signal.

        Raises:
            ValueError: it is of another type.
        """
        if signal.type is not SignalType.RPDQ:
            raise ValueError(f"a {signal.type} has no regions")
        head = np.frombuffer(signal.value, _HEAD, count=1)[0]
        records = np.frombuffer(signal.value, _RECORD, offset=REGIONS_HEAD_BYTES)
        return cls(
            np.ascontiguousarray(records["value"]),
            records["x"].astype(np.uint16),
            records["y"].astype(np.uint16),
            np.ascontiguousarray(records["scale"]),
            np.ascontiguousarray(records["angle"]),
            int(head["width"]),
            int(head["height"]),
        )

    def to_signal(self) -> Signal:
        """The `rpdq` signal of these regions, of which there must be 1 to 1024.

        Raises:
            ValueError: there are none, or too many.
        """
        if not 1 <= len(self) <= MOST_REGIONS:
            raise ValueError(f"an rpdq has between 1 and {MOST_REGIONS} regions")
        head = np.array([(_VERSION, self.width, self.height)], _HEAD)
        records = np.zeros(len(self), _RECORD)
        records["value"], records["x"], records["y"] = self.values, self.x, self.y
        records["scale"], records["angle"] = self.scale, self.angle
        value = head.tobytes() + records.tobytes()
        # One layout, said in two places.
        assert len(value) == REGIONS_HEAD_BYTES + len(self) * REGION_BYTES  # noqa: S101
        return Signal(SignalType.RPDQ, value)
