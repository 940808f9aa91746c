# SPDX-License-Identifier: Apache-2.0
"""One decoding child, seen from its parent: started, asked with a deadline, ended."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from haechi.errors import DecodingStopped

from ._child import arguments
from ._limits import Limits
from ._picture import Picture
from ._wire import HELLO, REQUEST, received

__all__ = ["Worker"]

_START_S: Final = 60.0
_CHUNK_BYTES: Final = 1 << 20
_PIPE_BYTES: Final = 1 << 20
_SOURCE_FOLDER: Final = str(Path(__file__).resolve().parents[2])


def _environment() -> dict[str, str]:
    """Where our own code is found, and no more threads than one: each reserves address space."""
    paths = [_SOURCE_FOLDER, os.environ.get("PYTHONPATH", "")]
    return {
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "OPENBLAS_NUM_THREADS": "1",
    }


class Worker:
    """One child process. Not thread-safe: one request at a time.

    Raises:
        DecodingStopped: the child did not start.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        # -P, -s, -B: nothing from the working folder or the home folder, no bytecode written.
        command = [sys.executable, "-P", "-s", "-B", "-m", "haechi.media._child"]
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [*command, *arguments(limits)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            bufsize=0,
            pipesize=_PIPE_BYTES,
        )
        assert self._process.stdin is not None  # noqa: S101 - for the type checker: we asked for it
        assert self._process.stdout is not None  # noqa: S101 - the same
        self._to_child, self._from_child = self._process.stdin, self._process.stdout
        os.set_blocking(self._to_child.fileno(), False)
        os.set_blocking(self._from_child.fileno(), False)
        self._deadline = time.monotonic() + _START_S
        self._await_hello()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def picture(self, data: bytes, min_side_pixels: int) -> Picture:
        """The picture that the child makes of `data` within the time limit.

        After DecodingStopped the worker is of no more use and must be ended.

        Raises:
            DecodingStopped: the child died, ran out of time or memory, or sent nonsense.
            MediaError: as `open_picture`.
        """
        self._deadline = time.monotonic() + self._limits.timeout_s
        self._write(REQUEST.pack(len(data), min_side_pixels))
        self._write(data)
        return received(self._read, self._limits)

    def _await_hello(self) -> None:
        greeting = b""
        try:
            greeting = self._read(len(HELLO))
        finally:
            if greeting != HELLO:
                self.end()
        if greeting != HELLO:
            raise DecodingStopped

    def end(self) -> None:
        """Kill the child, wait for it, close the pipes. May be called again."""
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            self._to_child.close()
        self._from_child.close()

    def _wait(self, descriptor: int, event: int) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        left_s = self._deadline - time.monotonic()
        if left_s <= 0 or not poll.poll(left_s * 1000):
            raise DecodingStopped

    def _write(self, data: bytes) -> None:
        descriptor = self._to_child.fileno()
        rest = memoryview(data)
        while rest:
            self._wait(descriptor, select.POLLOUT)
            try:
                rest = rest[os.write(descriptor, rest[:_CHUNK_BYTES]) :]
            except BlockingIOError:
                continue
            except BrokenPipeError as error:
                raise DecodingStopped from error

    def _read(self, count: int) -> bytes:
        descriptor = self._from_child.fileno()
        chunks = bytearray()
        while len(chunks) < count:
            self._wait(descriptor, select.POLLIN)
            try:
                chunk = os.read(descriptor, min(count - len(chunks), _CHUNK_BYTES))
            except BlockingIOError:
                continue
            if not chunk:
                raise DecodingStopped
            chunks += chunk
        return bytes(chunks)
