# SPDX-License-Identifier: Apache-2.0
"""A child process of ours, seen from its parent: started, written to, read from, ended."""

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

__all__ = ["ChildProcess"]

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


class ChildProcess:
    """`python -m MODULE WORDS…`, with a pipe from it, and one to it or a file of ours as its input.

    Ready to be asked once this returns. Whoever uses it sets `deadline` (of `time.monotonic()`)
    before a request; every wait ends by then. Not thread-safe.

    Raises:
        DecodingStopped: the child did not start.
    """

    def __init__(
        self, module: str, words: list[str], *, hello: bytes, input_file: int | None = None
    ) -> None:
        # -P, -s, -B: nothing from the working folder or the home folder, no bytecode written.
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-P", "-s", "-B", "-m", module, *words],
            stdin=subprocess.PIPE if input_file is None else input_file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            bufsize=0,
            pipesize=_PIPE_BYTES,
        )
        assert self._process.stdout is not None  # noqa: S101 - for the type checker: we asked for it
        self._to_child, self._from_child = self._process.stdin, self._process.stdout
        if self._to_child is not None:
            os.set_blocking(self._to_child.fileno(), False)
        os.set_blocking(self._from_child.fileno(), False)
        self.deadline = time.monotonic() + _START_S
        self._await(hello)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def _await(self, hello: bytes) -> None:
        greeting = b""
        try:
            greeting = self.read(len(hello))
        finally:
            if greeting != hello:
                self.end()
        if greeting != hello:
            raise DecodingStopped

    def end(self) -> None:
        """Kill the child, wait for it, close the pipes. May be called again."""
        self._process.kill()
        self._process.wait()
        self.close_input()
        self._from_child.close()

    def close_input(self) -> None:
        """Tell the child that no more will be written. May be called again."""
        if self._to_child is not None:
            with contextlib.suppress(BrokenPipeError):
                self._to_child.close()

    def write(self, data: bytes) -> None:
        """Write all of `data` before the deadline.

        Raises:
            DecodingStopped: the child died or did not read in time.
            ValueError: it has a file as its input.
        """
        if self._to_child is None:
            raise ValueError("this child reads a file")
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

    def read(self, count: int) -> bytes:
        """Exactly `count` bytes, before the deadline.

        Raises:
            DecodingStopped: the child died or did not write them in time.
        """
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

    def _wait(self, descriptor: int, event: int) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        left_s = self.deadline - time.monotonic()
        if left_s <= 0 or not poll.poll(left_s * 1000):
            raise DecodingStopped
