# SPDX-License-Identifier: Apache-2.0
"""The process that reads one video: `python -m haechi.media._video_child FORMAT SECONDS BYTES …`.

Its input is the video itself: a file that its parent opened, or a pipe with so many bytes. It can
open nothing else, neither file nor socket, and writes nothing but to its one pipe. It is killed by
its parent, ends at once when nobody reads that pipe any more, and in any case when it has worked
for as long as it may.
"""

from __future__ import annotations

import io
import math
import os
import select
import sys
import threading
from typing import BinaryIO, Final, cast

# PyAV loads these when it first meets such a stream; by then nothing can be opened any more.
import av.audio.codeccontext
import av.audio.stream
import av.subtitles.codeccontext
import av.subtitles.stream  # noqa: F401

from haechi.errors import DamagedFile, DecodingStopped, MediaError

from ._confine import confine, private_output
from ._video import VideoReader
from ._video_request import VideoRequest
from ._video_source import ReadInPlace
from ._video_wire import VIDEO_HELLO, End, end_reply, frame_reply, opened_reply
from ._wire import error_reply

__all__ = ["main"]

_NO_OTHER_FILES: Final = 1
"""The lowest limit at which one descriptor may still be polled; number 0 is taken by the input."""

_GRACE_S: Final = 5


def _end_when_nobody_reads(descriptor: int) -> None:
    poll = select.poll()
    poll.register(descriptor, 0)
    poll.poll()
    os._exit(1)


def _source(held_bytes: int | None) -> BinaryIO:
    if held_bytes is None:
        return cast("BinaryIO", ReadInPlace(0))
    data = sys.stdin.buffer.read(held_bytes)
    if len(data) < held_bytes:
        raise DamagedFile
    return io.BytesIO(data)


def _answer(request: VideoRequest, output: BinaryIO) -> None:
    source = _source(request.held_bytes)
    reader = VideoReader(source, request.format, request.limits, request.every_s)
    output.write(opened_reply(reader.fps))
    output.flush()
    for frame in reader.frames():
        output.writelines(frame_reply(frame))
        output.flush()
    output.write(end_reply(End(reader.missing, reader.is_cut_short)))


def main(words: list[str]) -> None:
    """Say what is in the video, then end."""
    request = VideoRequest.of_words(words)
    output = private_output()
    watch = threading.Thread(target=_end_when_nobody_reads, args=[output.fileno()], daemon=True)
    cpu_s = math.ceil(request.limits.timeout_s) + _GRACE_S
    confine(request.limits, open_files=_NO_OTHER_FILES, cpu_s=cpu_s)
    watch.start()
    output.write(VIDEO_HELLO)
    output.flush()
    try:
        _answer(request, output)
    except MediaError as error:
        output.writelines(error_reply(error))
    except MemoryError:
        output.writelines(error_reply(DecodingStopped()))
    except BrokenPipeError:
        return
    except Exception:  # noqa: BLE001 - codecs fail in every way there is; each means a damaged file
        output.writelines(error_reply(DamagedFile()))
    output.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
