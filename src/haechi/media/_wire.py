# SPDX-License-Identifier: Apache-2.0
"""What a decoder and its child say to each other: fixed headers, then bytes. Nothing is unpickled.

    request:  length u64 │ min_side_pixels u32 │ the file
    reply:    outcome u8 │ …for a picture: format u8 │ turn u8 │ planes u8 │ reduction u32
                         │ width u32 │ height u32 │ the planes, row by row
Big-endian. An outcome other than 0 is an error, and nothing follows it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np

from haechi.errors import (
    DamagedFile,
    DecodingStopped,
    FileTooLarge,
    MediaError,
    TooManyPixels,
    UnsupportedFormat,
)

from ._limits import Limits
from ._picture import Luma, Picture, PictureFormat, reduced_side

__all__ = [
    "HELLO",
    "OUTCOME",
    "REQUEST",
    "Read",
    "error_of",
    "error_reply",
    "picture_reply",
    "received",
]

HELLO: Final = b"haechi-media-1\n"
"""What a child says when it is ready: its limits are set, its codecs loaded."""

REQUEST: Final = struct.Struct("!QI")

OUTCOME: Final = struct.Struct("!B")
"""What every reply begins with; 0 when it is no error."""

_HEADER: Final = struct.Struct("!BBBIII")
_PICTURE: Final = 0
_FORMATS: Final = tuple(PictureFormat)
_ERRORS: Final[tuple[type[MediaError], ...]] = (
    DamagedFile,
    UnsupportedFormat,
    TooManyPixels,
    FileTooLarge,
    DecodingStopped,
)

Read: TypeAlias = Callable[[int], bytes]
"""Reads exactly so many bytes, or raises."""


def picture_reply(picture: Picture) -> list[bytes | memoryview]:
    """The reply for a picture, in pieces to be written one after the other."""
    header = _HEADER.pack(
        _FORMATS.index(PictureFormat(picture.format)),
        picture.exif_turn,
        len(picture.planes),
        picture.reduction,
        picture.source_width,
        picture.source_height,
    )
    planes = [plane.data.cast("B") for plane in picture.planes]
    return [OUTCOME.pack(_PICTURE) + header, *planes]


def error_reply(error: MediaError) -> list[bytes | memoryview]:
    """The reply for an error: its kind only."""
    kind = type(error) if type(error) in _ERRORS else DamagedFile
    return [OUTCOME.pack(1 + _ERRORS.index(kind))]


def error_of(untrusted_outcome: int, limits: Limits) -> MediaError:
    """The error that an outcome other than 0 stands for, in our own words."""
    if not 0 < untrusted_outcome <= len(_ERRORS):
        return DecodingStopped()
    kind = _ERRORS[untrusted_outcome - 1]
    if kind is TooManyPixels:
        return limits.too_many_pixels()
    if kind is FileTooLarge:
        return limits.too_large()
    return kind()


def received(read: Read, limits: Limits) -> Picture:
    """The picture of one reply, read by `read`.

    A child that a file has taken over can send what it likes: every number is checked before memory
    is set aside for it, and what comes out is a well-formed picture within the limits. That it
    shows what the file shows cannot be checked.

    Raises:
        MediaError: the error that was sent.
        DecodingStopped: the reply makes no sense.
    """
    untrusted_outcome = OUTCOME.unpack(read(OUTCOME.size))[0]
    if untrusted_outcome != _PICTURE:
        raise error_of(untrusted_outcome, limits)
    untrusted_header = _HEADER.unpack(read(_HEADER.size))
    untrusted_format, untrusted_turn, untrusted_planes, untrusted_reduction = untrusted_header[:4]
    untrusted_width, untrusted_height = untrusted_header[4:]
    if (
        untrusted_format >= len(_FORMATS)
        or untrusted_planes not in (1, 3)
        or min(untrusted_reduction, untrusted_width, untrusted_height) < 1
        or max(untrusted_width, untrusted_height) > limits.max_side_pixels
        or untrusted_width * untrusted_height > limits.max_pixels
        or not 1 <= untrusted_turn <= 8
    ):
        raise DecodingStopped
    width, height, reduction = untrusted_width, untrusted_height, untrusted_reduction
    shape = reduced_side(height, reduction), reduced_side(width, reduction)

    def plane() -> Luma:
        return np.frombuffer(read(shape[0] * shape[1]), np.uint8).reshape(shape)

    planes = [plane() for _ in range(untrusted_planes)]
    form = _FORMATS[untrusted_format]
    return Picture(planes[0], width, height, form, reduction, untrusted_turn, *planes[1:])
