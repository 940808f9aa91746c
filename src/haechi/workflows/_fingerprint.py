# SPDX-License-Identifier: Apache-2.0
"""Fingerprinting files of one's own: every file is answered, in the order it was named."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from haechi.errors import FileNotReadable, FileTooLarge, MediaError, UnsupportedFormat
from haechi.media import Decoder, Limits, Picture, sniff
from haechi.signals import digests, pdq
from haechi.values import MediaKind, Signal

_CHUNK_BYTES: Final = 1 << 20
_HEAD_BYTES: Final = 64
_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class HashedFile:
    """The answer for one file: its signals, or the error; for a picture that cannot be decoded both.

    `picture` is the decoded picture of an image without error.
    """

    path: Path
    kind: MediaKind | None
    signals: tuple[Signal, ...]
    error: MediaError | None
    picture: Picture | None = None


def hash_files(paths: Iterable[Path]) -> Iterator[HashedFile]:
    """The signals of every file; a folder stands for all files below it, in the order of names.

    A picture gets `pdq`, `md5` and `sha256`; a video its digests. Hidden files and
    links in a folder are passed over. Never raises for a file: its answer holds the error. Needs no
    installation; pictures are decoded in a child process.
    """
    with Decoder(_LIMITS) as decoder:
        for path in paths:
            for file in _files_of(path) if _is_folder(path) else (path,):
                yield _hash_file(file, decoder)


def check_regular(path: Path) -> None:
    """Return nothing if this is a file with an end: opening a named pipe would wait for ever.

    Raises:
        FileNotReadable: a pipe, a device, a folder. OSError: it cannot be looked at.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise FileNotReadable


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False  # no permission, or no possible name: opening it will say so


def _files_of(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        is_hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not is_hidden and path.is_file() and not path.is_symlink():
            yield path


def _hash_file(path: Path, decoder: Decoder) -> HashedFile:
    kind: MediaKind | None = None
    signals: tuple[Signal, ...] = ()
    try:
        check_regular(path)
        with path.open("rb") as file:
            found = sniff(file.read(_HEAD_BYTES))
            if found is None:
                raise UnsupportedFormat
            kind = found[0]
            file.seek(0)
            signals = tuple(digests(iter(lambda: file.read(_CHUNK_BYTES), b"")))
            if kind is MediaKind.VIDEO:
                return HashedFile(path, kind, signals, None)
            if file.tell() > _LIMITS.max_bytes:
                raise FileTooLarge(max_mib=_LIMITS.max_bytes // (1024 * 1024))
            file.seek(0)
            picture = decoder.picture(file.read(_LIMITS.max_bytes + 1))
        return HashedFile(path, kind, (pdq(picture), *signals), None, picture)
    except OSError as error:
        failed = FileNotReadable()
        failed.__cause__ = error
        return HashedFile(path, kind, signals, failed)
    except MediaError as error:
        return HashedFile(path, kind, signals, error)
