# SPDX-License-Identifier: Apache-2.0
"""Fingerprinting files of one's own: every file is answered, in the order it was named."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from haechi.errors import FileNotReadable, FileTooLarge, MediaError, UnsupportedFormat
from haechi.media import Decoder, Limits, sniff
from haechi.signals import CLOSE_SIDE_PIXELS, digests, pdq, rpdq, vpdq
from haechi.values import MediaKind, Signal
from haechi.workflows._screen import QUERY_EVERY_S
from haechi.workflows._upload import Upload, upload_of_frames, upload_of_picture

_CHUNK_BYTES: Final = 1 << 20
_HEAD_BYTES: Final = 64
_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class HashedFile:
    """The answer for one file: its signals, or the error; for one that cannot be decoded both.

    `upload` is every look at a file without error, where that was asked for.
    """

    path: Path
    kind: MediaKind | None
    signals: tuple[Signal, ...]
    error: MediaError | None
    upload: Upload | None = None


def hash_files(paths: Iterable[Path], *, looks_closely: bool = False) -> Iterator[HashedFile]:
    """The signals of every file; a folder stands for all files below it, in the order of names.

    A picture gets `pdq`, `rpdq` where it has regions, `md5` and `sha256`; a video `vpdq` and digests.
    Hidden files and links in a folder are passed over. Never raises for a file: its answer holds the
    error. Needs no installation; files are decoded in child processes. With `looks_closely` each
    file is looked at as an upload is: `upload` is there, pictures have no `rpdq` of a report, and
    the `vpdq` has ten frames a second.
    """
    with Decoder(_LIMITS) as decoder:
        for path in paths:
            for file in _files_of(path) if _is_folder(path) else (path,):
                yield _hash_file(file, decoder, looks_closely=looks_closely)


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


def _hash_file(path: Path, decoder: Decoder, *, looks_closely: bool) -> HashedFile:
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
            ours: tuple[Signal, ...]
            if kind is MediaKind.VIDEO:
                ours, upload = _of_video(path, decoder, looks_closely=looks_closely)
            else:
                ours, upload = _of_picture(file, decoder, looks_closely=looks_closely)
        return HashedFile(path, kind, (*ours, *signals), None, upload)
    except OSError as error:
        failed = FileNotReadable()
        failed.__cause__ = error
        return HashedFile(path, kind, signals, failed)
    except MediaError as error:
        return HashedFile(path, kind, signals, error)


def _of_video(
    path: Path, decoder: Decoder, *, looks_closely: bool
) -> tuple[tuple[Signal, ...], Upload | None]:
    if looks_closely:
        with decoder.frames(path, every_s=QUERY_EVERY_S) as frames:
            upload = upload_of_frames(frames)
        return (upload.frames[0].frames.to_signal(),), upload
    with decoder.frames(path) as frames:
        return (vpdq(frames),), None


def _of_picture(
    file: BinaryIO, decoder: Decoder, *, looks_closely: bool
) -> tuple[tuple[Signal, ...], Upload | None]:
    if file.tell() > _LIMITS.max_bytes:
        raise FileTooLarge(max_mib=_LIMITS.max_bytes // (1024 * 1024))
    file.seek(0)
    data = file.read(_LIMITS.max_bytes + 1)
    picture = decoder.picture(data, min_side_pixels=CLOSE_SIDE_PIXELS)
    if looks_closely:
        return (pdq(picture),), upload_of_picture(picture)
    regional = rpdq(picture)
    return (pdq(picture), *([] if regional is None else [regional])), None
