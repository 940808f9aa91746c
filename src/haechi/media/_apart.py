# SPDX-License-Identifier: Apache-2.0
"""Decoding apart: a stranger's bytes are unpacked in processes that may die."""

from __future__ import annotations

import threading
import weakref
from types import TracebackType
from typing import Self

from haechi.errors import DecodingStopped, MediaError

from ._limits import DEFAULT_LIMITS, Limits
from ._picture import Picture
from ._worker import Worker

__all__ = ["Decoder"]


def _end_all(workers: list[Worker]) -> None:
    while workers:
        workers.pop().end()


class Decoder:
    """Decodes pictures in child processes, within `limits`; at most `processes` at the same time.

    Thread-safe: each request takes a child of its own and waits for one when all are busy. Children
    start at the first need (a fraction of a second), stay, and are replaced when a file was too
    much for them. They have no files, no environment and limited memory; they are neither barred
    from the network nor from reading what this user may read.

    Use it as a context manager, or call `close()`.

    Raises:
        ValueError: fewer than one process.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS, *, processes: int = 1) -> None:
        if processes < 1:
            raise ValueError("a decoder needs at least one process")
        self._limits = limits
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
