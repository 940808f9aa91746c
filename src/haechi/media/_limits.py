# SPDX-License-Identifier: Apache-2.0
"""How much one file may cost us."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from haechi.errors import FileTooLarge, TooManyPixels
from haechi.values import MOST_FRAMES

__all__ = ["DEFAULT_LIMITS", "DEFAULT_VIDEO_LIMITS", "Limits", "VideoLimits"]

_MIB: Final = 1024 * 1024
_MEGAPIXEL: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one picture may cost: bytes, pixels, pixels a side, seconds and memory.

    `max_pixels` and `max_side_pixels` are checked from the header, before anything is unpacked; the
    defaults let every camera through and no decompression bomb. `timeout_s` and `memory_bytes` (the
    child's address space) bind a `Decoder` only: a process cannot enforce them on itself.

    Raises:
        ValueError: a limit is not above zero.
    """

    max_bytes: int = 64 * _MIB
    max_pixels: int = 100 * _MEGAPIXEL
    max_side_pixels: int = 30_000
    timeout_s: float = 20.0
    memory_bytes: int = 2048 * _MIB

    def __post_init__(self) -> None:
        smallest = min(self.max_bytes, self.max_pixels, self.max_side_pixels, self.memory_bytes)
        if smallest < 1 or not self.timeout_s > 0:
            raise ValueError("a limit lies above zero")

    def too_large(self) -> FileTooLarge:
        """The error for a file of more than `max_bytes`."""
        return FileTooLarge(max_mib=f"{round(self.max_bytes / _MIB, 1):g}")

    def too_many_pixels(self) -> TooManyPixels:
        """The error for a picture of more than `max_pixels` or with a side over the limit."""
        return TooManyPixels(
            max_megapixels=f"{round(self.max_pixels / _MEGAPIXEL, 1):g}",
            max_side=self.max_side_pixels,
        )

    def check_bytes(self, count: int) -> None:
        """Nothing, when a file of `count` bytes is within the limits.

        Raises:
            FileTooLarge: it is not.
        """
        if count > self.max_bytes:
            raise self.too_large()

    def check_sides(self, width: int, height: int) -> None:
        """Nothing, when a picture of this many pixels is within the limits.

        Raises:
            TooManyPixels: it is not.
        """
        if max(width, height) > self.max_side_pixels or width * height > self.max_pixels:
            raise self.too_many_pixels()


DEFAULT_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class VideoLimits(Limits):
    """The most that one video may cost; pixels are those of one frame.

    `max_bytes` is for a file that is read where it lies, `max_held_bytes` for a video handed over as
    bytes, which the child keeps in its memory. A video with more than `max_frames` frames to look at
    is looked at so far and no further. `timeout_s` is the time spent waiting for the child: one that
    waits for us costs nothing. `max_sent_bytes` is for the brightness of all frames together.

    Raises:
        ValueError: a limit is not above zero.
    """

    max_bytes: int = 16 * 1024 * _MIB
    max_pixels: int = 40 * _MEGAPIXEL
    max_side_pixels: int = 16_384
    timeout_s: float = 900.0
    max_held_bytes: int = 512 * _MIB
    max_frames: int = MOST_FRAMES
    max_sent_bytes: int = 16 * 1024 * _MIB

    def __post_init__(self) -> None:
        Limits.__post_init__(self)
        if min(self.max_held_bytes, self.max_frames, self.max_sent_bytes) < 1:
            raise ValueError("a limit lies above zero")

    def check_held_bytes(self, count: int) -> None:
        """Nothing, when a video of `count` bytes may be handed over as bytes.

        Raises:
            FileTooLarge: it may not.
        """
        if count > self.max_held_bytes:
            raise FileTooLarge(max_mib=f"{round(self.max_held_bytes / _MIB, 1):g}")
        self.check_bytes(count)


DEFAULT_VIDEO_LIMITS: Final = VideoLimits()
