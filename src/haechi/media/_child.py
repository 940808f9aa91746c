# SPDX-License-Identifier: Apache-2.0
"""The process that decodes for a `Decoder`: `python -m haechi.media._child SECONDS BYTES …limits`.

It holds no secret, opens no file and writes none; whoever takes it over through a codec has a
process with little memory and time, and two pipes.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from typing import BinaryIO, Final

from haechi.errors import MediaError

from ._limits import Limits
from ._open import open_picture
from ._wire import HELLO, REQUEST, error_reply, picture_reply

__all__ = ["arguments", "main"]

_OPEN_FILES: Final = 16
_GRACE_S: Final = 5.0


def arguments(limits: Limits) -> list[str]:
    """The command line that gives a child these limits."""
    return [
        str(limits.max_bytes),
        str(limits.max_pixels),
        str(limits.max_side_pixels),
        str(limits.timeout_s),
        str(limits.memory_bytes),
    ]


def _limits(words: list[str]) -> Limits:
    max_bytes, max_pixels, max_side_pixels, timeout_s, memory_bytes = words
    return Limits(
        int(max_bytes), int(max_pixels), int(max_side_pixels), float(timeout_s), int(memory_bytes)
    )


def _confine(limits: Limits) -> None:
    """Give up, for good, everything that decoding does not need."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
    }
    if sys.platform == "linux":
        # Elsewhere the system refuses the call, or takes it and does nothing.
        wanted[resource.RLIMIT_AS] = limits.memory_bytes
    for kind, most in wanted.items():
        hard = resource.getrlimit(kind)[1]
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (limit, limit))


def _private_output() -> BinaryIO:
    """The pipe to the parent, moved off descriptor 1, where a codec might print."""
    output = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return output


def _answer(data: bytes, limits: Limits, min_side_pixels: int, output: BinaryIO) -> None:
    try:
        reply = picture_reply(open_picture(data, limits, min_side_pixels=min_side_pixels))
    except MediaError as error:
        reply = error_reply(error)
    output.writelines(reply)
    output.flush()


def main(words: list[str]) -> None:
    """Answer requests on standard input until it ends.

    A request that is still running well past its time ends the process by an alarm, so that a child
    whose parent is gone does not outlive it by more than that.
    """
    limits = _limits(words)
    output = _private_output()
    _confine(limits)
    output.write(HELLO)
    output.flush()
    while len(header := sys.stdin.buffer.read(REQUEST.size)) == REQUEST.size:
        length, min_side_pixels = REQUEST.unpack(header)
        data = sys.stdin.buffer.read(length)
        if len(data) < length:
            break
        signal.setitimer(signal.ITIMER_REAL, limits.timeout_s + _GRACE_S)
        _answer(data, limits, min_side_pixels, output)
        signal.setitimer(signal.ITIMER_REAL, 0)


if __name__ == "__main__":
    main(sys.argv[1:])
