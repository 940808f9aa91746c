# SPDX-License-Identifier: Apache-2.0
"""The process that decodes for a `Decoder`: `python -m haechi.media._child SECONDS BYTES …limits`.

It holds no secret, opens no file and writes none; whoever takes it over through a codec has a
process with little memory and time, and two pipes.
"""

from __future__ import annotations

import signal
import sys
from typing import BinaryIO, Final

from haechi.errors import MediaError

from ._confine import confine, private_output
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
    output = private_output()
    confine(limits, open_files=_OPEN_FILES)
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
