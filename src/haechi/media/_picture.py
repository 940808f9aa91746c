# SPDX-License-Identifier: Apache-2.0
"""What is left of a picture once it is decoded: its brightness, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ._sniff import VideoFormat

__all__ = ["Luma", "Picture", "PictureFormat", "reduced_side"]

Luma: TypeAlias = NDArray[np.uint8]


class PictureFormat(StrEnum):
    """The picture formats that are read."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    GIF = "gif"
    HEIC = "heic"
    AVIF = "avif"


def reduced_side(source_pixels: int, reduction: int) -> int:
    """How many pixels are left of a side: every `reduction` become one, and the rest one more."""
    return -(-source_pixels // reduction)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """The brightness of a decoded picture, as it was sent: alpha ignored, EXIF turn not applied.

    `luma` is uint8, (height, width), C-contiguous and read-only: 0.299 R + 0.587 G + 0.114 B of the
    pixels with their alpha thrown away. `on_white` and `on_black` are the same pixels laid on a
    white and a black ground; None when nothing is transparent. All three have the same shape:
    ceil(source side / `reduction`), each pixel the mean of `reduction`×`reduction` source pixels.
    `exif_turn` is the EXIF orientation, 1-8, for information only. `format` is that of the file; a
    frame has that of its video.

    The repr never shows pixels. Two pictures are equal only when they are the same object.

    Raises:
        ValueError: a shape, type or number does not fit the others.
    """

    luma: Luma
    source_width: int
    source_height: int
    format: PictureFormat | VideoFormat
    reduction: int = 1
    exif_turn: int = 1
    on_white: Luma | None = None
    on_black: Luma | None = None

    def __post_init__(self) -> None:
        if min(self.source_width, self.source_height, self.reduction) < 1:
            raise ValueError("a picture has at least one pixel")
        if not 1 <= self.exif_turn <= 8:
            raise ValueError("an EXIF orientation lies between 1 and 8")
        if (self.on_white is None) != (self.on_black is None):
            raise ValueError("a transparent picture is laid on white and on black")
        shape = (
            reduced_side(self.source_height, self.reduction),
            reduced_side(self.source_width, self.reduction),
        )
        for plane in self.planes:
            if plane.dtype != np.uint8 or plane.shape != shape or not plane.flags.c_contiguous:
                raise ValueError("a plane is a contiguous array of bytes of the reduced size")
            plane.setflags(write=False)

    @property
    def planes(self) -> tuple[Luma, ...]:
        """`luma`, then `on_white` and `on_black` when something is transparent."""
        if self.on_white is None or self.on_black is None:
            return (self.luma,)
        return (self.luma, self.on_white, self.on_black)

    def __repr__(self) -> str:
        return f"Picture({self.format.value}, {self.source_width}×{self.source_height})"
