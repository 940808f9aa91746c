# SPDX-License-Identifier: Apache-2.0
"""What the child that reads one video says: fixed headers, then bytes. Nothing is unpickled.

    opened:  0 u8 │ frames a second f64
    frame:   0 u8 │ number u32 │ at_s f64 │ turn u8 │ reduction u32 │ width u32 │ height u32
                  │ the brightness, row by row
    end:   255 u8 │ missing u32 │ is_cut_short u8
    error: its outcome u8, as for a picture (`_wire`)
It is asked nothing. Opened comes first, then frames, then an end or an error. Big-endian.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Final

import numpy as np

from haechi.errors import DecodingStopped

from ._limits import VideoLimits
from ._picture import Picture, reduced_side
from ._sniff import VideoFormat
from ._video_frame import Frame
from ._wire import OUTCOME, Read, error_of

__all__ = ["VIDEO_HELLO", "End", "Receiver", "end_reply", "frame_reply", "opened_reply"]

VIDEO_HELLO: Final = b"haechi-video-1\n"
"""What a child says when it is ready: its limits are set, its codecs loaded."""

_OPENED: Final = struct.Struct("!d")
_FRAME: Final = struct.Struct("!IdBIII")
_END: Final = struct.Struct("!IB")
_GOOD: Final = 0
_AT_THE_END: Final = 255
_LATEST_S: Final = 2**32 / 1000
"""As late as a `vpdq` can say."""


@dataclass(frozen=True, slots=True)
class End:
    """All frames were sent; `missing` could not be decoded, and there may be more than the limit."""

    missing: int
    is_cut_short: bool


def opened_reply(fps: float) -> bytes:
    """What is said once the file is open."""
    return OUTCOME.pack(_GOOD) + _OPENED.pack(fps)


def frame_reply(frame: Frame) -> list[bytes | memoryview]:
    """What is said for a frame, in pieces to be written one after the other."""
    picture = frame.picture
    header = _FRAME.pack(
        frame.number,
        frame.at_s,
        picture.exif_turn,
        picture.reduction,
        picture.source_width,
        picture.source_height,
    )
    return [OUTCOME.pack(_GOOD) + header, picture.luma.data.cast("B")]


def end_reply(end: End) -> bytes:
    """What is said after the last frame."""
    return OUTCOME.pack(_AT_THE_END) + _END.pack(min(end.missing, 2**32 - 1), end.is_cut_short)


class Receiver:
    """Reads what one child says, by `read`.

    A child that a file has taken over can send what it likes: every number is checked before memory
    is set aside for it. Frames come in order, within the limits, and never more than so many.
    """

    def __init__(self, read: Read, form: VideoFormat, limits: VideoLimits) -> None:
        self._read = read
        self._form = form
        self._limits = limits
        self._frames_left = limits.max_frames
        self._bytes_left = limits.max_sent_bytes
        self._last_number = -1
        self._last_s = 0.0

    def opened(self) -> float:
        """The frames a second, once the file is open.

        Raises:
            MediaError: the error that was sent; DecodingStopped when the reply makes no sense.
        """
        untrusted_outcome = OUTCOME.unpack(self._read(OUTCOME.size))[0]
        if untrusted_outcome != _GOOD:
            raise error_of(untrusted_outcome, self._limits)
        untrusted_fps = float(_OPENED.unpack(self._read(_OPENED.size))[0])
        if not (math.isfinite(untrusted_fps) and untrusted_fps > 0):
            raise DecodingStopped
        return untrusted_fps

    def next(self) -> Frame | End:
        """The next frame, or the end.

        Raises:
            MediaError: the error that was sent; DecodingStopped when the reply makes no sense.
        """
        untrusted_outcome = OUTCOME.unpack(self._read(OUTCOME.size))[0]
        if untrusted_outcome == _AT_THE_END:
            missing, is_cut_short = _END.unpack(self._read(_END.size))
            return End(missing, bool(is_cut_short))
        if untrusted_outcome != _GOOD:
            raise error_of(untrusted_outcome, self._limits)
        return self._frame()

    def _frame(self) -> Frame:
        number, at_s, turn, reduction, width, height = _FRAME.unpack(self._read(_FRAME.size))
        limits = self._limits
        if (
            self._frames_left == 0
            or number <= self._last_number
            or not self._last_s <= at_s < _LATEST_S
            or min(reduction, width, height) < 1
            or max(width, height) > limits.max_side_pixels
            or width * height > limits.max_pixels
            or not 1 <= turn <= 8
        ):
            raise DecodingStopped
        shape = reduced_side(height, reduction), reduced_side(width, reduction)
        self._bytes_left -= shape[0] * shape[1]
        if self._bytes_left < 0:
            raise DecodingStopped
        luma = np.frombuffer(self._read(shape[0] * shape[1]), np.uint8).reshape(shape)
        self._frames_left -= 1
        self._last_number, self._last_s = number, at_s
        return Frame(number, at_s, Picture(luma, width, height, self._form, reduction, turn))
