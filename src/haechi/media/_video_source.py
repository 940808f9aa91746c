# SPDX-License-Identifier: Apache-2.0
"""Where a video is read from: bytes, a path, or a file that is open already."""

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from haechi.errors import FileNotReadable, UnsupportedFormat

from ._limits import VideoLimits
from ._sniff import VideoFormat, sniff

__all__ = ["ReadInPlace", "VideoSource", "format_of", "opened_file"]

VideoSource: TypeAlias = bytes | Path | BinaryIO

_HEAD_BYTES: Final = 64


class ReadInPlace(io.RawIOBase):
    """A file read by position: whoever shares its descriptor keeps their own place in it."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """How many bytes were read into `buffer`; 0 at the end."""
        count = os.preadv(self._descriptor, [buffer], self._at)
        self._at += count
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """The new place.

        Raises:
            ValueError: it lies before the start.
        """
        starts = {io.SEEK_SET: 0, io.SEEK_CUR: self._at}
        start = starts[whence] if whence in starts else os.fstat(self._descriptor).st_size
        if start + offset < 0:
            raise ValueError("a place in a file is not below zero")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        """The present place."""
        return self._at


def format_of(head: bytes) -> VideoFormat:
    """The container that a file which begins with `head` claims to be.

    Raises:
        UnsupportedFormat: none that we read; empty; a picture.
    """
    sniffed = sniff(head[:_HEAD_BYTES])
    if sniffed is None or not isinstance(sniffed[1], VideoFormat):
        raise UnsupportedFormat
    return sniffed[1]


@contextlib.contextmanager
def opened_file(source: Path | BinaryIO, limits: VideoLimits) -> Iterator[tuple[int, VideoFormat]]:
    """A descriptor of the file and its format; closed again only if it was opened here.

    Nothing but the first bytes is read, and the place of an open file is left as it is.

    Raises:
        FileNotReadable: it cannot be opened, or is no ordinary file.
        FileTooLarge: more bytes than the limit.
        UnsupportedFormat: not a video that we read.
        ValueError: an object that is not a file of the system.
    """
    with contextlib.ExitStack() as stack:
        try:
            descriptor = _descriptor(source, stack)
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise FileNotReadable
            limits.check_bytes(status.st_size)
            form = format_of(os.pread(descriptor, _HEAD_BYTES, 0))
        except OSError as error:
            raise FileNotReadable from error
        yield descriptor, form


def _descriptor(source: Path | BinaryIO, stack: contextlib.ExitStack) -> int:
    if isinstance(source, Path):
        # Without waiting: a named pipe would keep us here for as long as it likes.
        descriptor = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        stack.callback(os.close, descriptor)
        return descriptor
    try:
        return source.fileno()
    except io.UnsupportedOperation as error:
        raise ValueError("a source is bytes, a path, or a file that the system has open") from error
