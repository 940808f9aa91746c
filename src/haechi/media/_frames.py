# SPDX-License-Identifier: Apache-2.0
"""The frames of one video, seen from this process: decoded by a child as they are asked for."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Final, Self

from ._limits import VideoLimits
from ._process import ChildProcess
from ._video_frame import Frame
from ._video_request import VideoRequest
from ._video_source import VideoSource, format_of, opened_file
from ._video_wire import VIDEO_HELLO, Receiver

__all__ = ["Frames"]

_CHILD: Final = "haechi.media._video_child"


def _started(
    source: VideoSource, every_s: float, limits: VideoLimits
) -> tuple[ChildProcess, VideoRequest]:
    """A child that reads `source`; a file stays open in the child alone."""
    if isinstance(source, bytes):
        limits.check_held_bytes(len(source))
        request = VideoRequest(format_of(source), every_s, len(source), limits)
        return ChildProcess(_CHILD, request.words(), hello=VIDEO_HELLO), request
    with opened_file(source, limits) as (descriptor, form):
        request = VideoRequest(form, every_s, None, limits)
        child = ChildProcess(_CHILD, request.words(), hello=VIDEO_HELLO, input_file=descriptor)
    return child, request


class _Timed:
    """A child that may keep us waiting for so many seconds in all."""

    def __init__(self, child: ChildProcess, timeout_s: float) -> None:
        self._child = child
        self._left_s = timeout_s

    def send(self, data: bytes) -> None:
        """Write all of `data`, and that there is no more."""
        begun_s = time.monotonic()
        self._child.deadline = begun_s + self._left_s
        self._child.write(data)
        self._child.close_input()
        self._left_s -= time.monotonic() - begun_s

    def read(self, count: int) -> bytes:
        """Exactly `count` bytes."""
        begun_s = time.monotonic()
        self._child.deadline = begun_s + self._left_s
        data = self._child.read(count)
        self._left_s -= time.monotonic() - begun_s
        return data


class Frames(Iterator[Frame]):
    """The sampled frames of one video, in order, decoded while they are asked for.

    `format` and `fps` (the mean frame rate) are known at once. At the end `missing` says how many of
    the sampled frames are damaged or not in the file, and `is_cut_short` whether the video has more
    frames than the limit; both say nothing before. A child of its own decodes a few frames ahead and
    waits; it ends with the iteration, with `close()`, with this object and with this process.

    Made by `Decoder.frames`. Use it as a context manager, or exhaust it. Not thread-safe.
    """

    def __init__(
        self,
        source: VideoSource,
        every_s: float,
        limits: VideoLimits,
        at_the_end: Callable[[], None],
    ) -> None:
        self.missing = 0
        self.is_cut_short = False
        try:
            self._child, request = _started(source, every_s, limits)
        except BaseException:
            at_the_end()
            raise
        self._finalizer = weakref.finalize(self, _ended, self._child, at_the_end)
        self.format = request.format
        timed = _Timed(self._child, limits.timeout_s)
        self._receiver = Receiver(timed.read, request.format, limits)
        try:
            if isinstance(source, bytes):
                timed.send(source)
            self.fps = self._receiver.opened()
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The process id of the child."""
        return self._child.pid

    def __next__(self) -> Frame:
        """The next frame.

        Raises:
            DecodingStopped: the child ran out of time or memory, or died.
            DamagedFile: not one frame could be decoded.
            TooManyPixels: the frame is larger than the header said.
        """
        if not self._finalizer.alive:
            raise StopIteration
        try:
            told = self._receiver.next()
        except BaseException:
            self.close()
            raise
        if isinstance(told, Frame):
            return told
        self.missing, self.is_cut_short = told.missing, told.is_cut_short
        self.close()
        raise StopIteration

    def close(self) -> None:
        """End the child; there are no more frames. May be called again."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _ended(child: ChildProcess, at_the_end: Callable[[], None]) -> None:
    child.end()
    at_the_end()
