# SPDX-License-Identifier: Apache-2.0
"""One child that decodes pictures, one after the other, for as long as it is fit."""

from __future__ import annotations

import time

from ._child import arguments
from ._limits import Limits
from ._picture import Picture
from ._process import ChildProcess
from ._wire import HELLO, REQUEST, received

__all__ = ["Worker"]


class Worker:
    """One child process. Not thread-safe: one request at a time.

    Raises:
        DecodingStopped: the child did not start.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._child = ChildProcess("haechi.media._child", arguments(limits), hello=HELLO)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._child.pid

    def picture(self, data: bytes, min_side_pixels: int) -> Picture:
        """The picture that the child makes of `data` within the time limit.

        After DecodingStopped the worker is of no more use and must be ended.

        Raises:
            DecodingStopped: the child died, ran out of time or memory, or sent nonsense.
            MediaError: as `open_picture`.
        """
        self._child.deadline = time.monotonic() + self._limits.timeout_s
        self._child.write(REQUEST.pack(len(data), min_side_pixels))
        self._child.write(data)
        return received(self._child.read, self._limits)

    def end(self) -> None:
        """Kill the child, wait for it, close its pipes. May be called again."""
        self._child.end()
