# SPDX-License-Identifier: Apache-2.0
"""Decoding apart: a stranger's bytes are unpacked in processes that may die."""

from __future__ import annotations

import math
import threading
import weakref
from types import TracebackType
from typing import Self

from haechi.errors import DecodingStopped, MediaError

from ._frames import Frames
from ._limits import DEFAULT_LIMITS, DEFAULT_VIDEO_LIMITS, Limits, VideoLimits
from ._picture import Picture
from ._video_source import VideoSource
from ._worker import Worker

__all__ = ["Decoder"]


def _end_all(workers: list[Worker]) -> None:
    while workers:
        workers.pop().end()


class Decoder:
    """Decodes pictures and videos in child processes; at most `processes` at the same time.

    Thread-safe: each request takes a child of its own and waits for one when all are busy. Children
    for pictures start at the first need (a fraction of a second), stay, and are replaced when a file
    was too much for them. They have no files, no environment and limited memory; they are neither
    barred from the network nor from reading what this user may read. A video has a child to itself,
    which can open neither files nor sockets.

    Use it as a context manager, or call `close()`.

    Raises:
        ValueError: fewer than one process.
    """

    def __init__(
        self,
        limits: Limits = DEFAULT_LIMITS,
        *,
        video_limits: VideoLimits = DEFAULT_VIDEO_LIMITS,
        processes: int = 1,
    ) -> None:
        if processes < 1:
            raise ValueError("a decoder needs at least one process")
        self._limits = limits
        self._video_limits = video_limits
        self._free = threading.BoundedSemaphore(processes)
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._is_closed = False
        # A decoder that is dropped, or alive when Python ends, leaves no process behind.
        self._finalizer = weakref.finalize(self, _end_all, self._idle)

    def picture(self, data: bytes, *, min_side_pixels: int = 1) -> Picture:
        """The picture that `data` holds: the same, bit for bit, as `open_picture` gives.

        Waits for a free child first; `timeout_s` counts from when it has one.

        Raises:
            DecodingStopped: out of time or memory, or the child died; the next request is not
                affected.
            MediaError: as `open_picture`.
            RuntimeError: the decoder is closed.
        """
        self._limits.check_bytes(len(data))
        with self._free:
            worker = self._take()
            is_fit = False
            try:
                picture = worker.picture(data, min_side_pixels)
            except MediaError as error:
                # That a file is damaged or too large is an answer; the child is as good as before.
                is_fit = not isinstance(error, DecodingStopped)
                raise
            else:
                is_fit = True
                return picture
            finally:
                self._give_back(worker, is_fit=is_fit)

    def frames(self, source: VideoSource, *, every_s: float = 1.0) -> Frames:
        """The frames of a video, about `every_s` seconds apart; all of them when that is 0.

        Of n frames a second those are given whose number is a multiple of int(every_s · n), at least
        1, as the reference samples. Where the frame rate changes, frames that lie close together
        are left out and gaps are filled. Only the frames that these need are decoded.

        `source` is the bytes, a path, or an open file of the system, which is read in place by the
        child and never into memory. Waits for a free child first; the frames hold it until they are
        exhausted or closed, so one thread that reads two videos at once needs two `processes`.

        A damaged or cut-off stretch loses its own frames and no others (`Frames.missing`).

        Raises:
            FileNotReadable: the path cannot be opened, or is no ordinary file.
            FileTooLarge: more bytes than the limit.
            UnsupportedFormat: not a video that we read; no picture in it, only sound.
            TooManyPixels: by the header; nothing has been decoded.
            DamagedFile: the container is not whole enough to be read.
            DecodingStopped: out of time or memory, or the child died.
            ValueError: `every_s` is no number from 0 on, or `source` no file of the system.
            RuntimeError: the decoder is closed.
        """
        if not (math.isfinite(every_s) and every_s >= 0):
            raise ValueError("frames lie a number of seconds apart, from 0 on")
        with self._lock:
            if self._is_closed:
                raise RuntimeError("this decoder is closed")
        self._free.acquire()
        return Frames(source, every_s, self._video_limits, self._free.release)

    def close(self) -> None:
        """End all children; those at work when they are done. Further requests are refused."""
        with self._lock:
            self._is_closed = True
            idle, self._idle[:] = list(self._idle), []
        _end_all(idle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _take(self) -> Worker:
        with self._lock:
            if self._is_closed:
                raise RuntimeError("this decoder is closed")
            if self._idle:
                return self._idle.pop()
        return Worker(self._limits)

    def _give_back(self, worker: Worker, *, is_fit: bool) -> None:
        with self._lock:
            if is_fit and not self._is_closed:
                self._idle.append(worker)
                return
        worker.end()
