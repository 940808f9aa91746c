# SPDX-License-Identifier: Apache-2.0
"""Bytes → picture, in this process."""

from __future__ import annotations

from typing import Final

from haechi.errors import DamagedFile, DecodingStopped, MediaError, UnsupportedFormat

from ._jpeg import open_jpeg
from ._limits import DEFAULT_LIMITS, Limits
from ._picture import Picture, PictureFormat
from ._sniff import sniff
from ._still import open_still

__all__ = ["open_picture"]

_HEAD_BYTES: Final = 64


def open_picture(
    data: bytes,
    limits: Limits = DEFAULT_LIMITS,
    *,
    min_side_pixels: int = 1,
) -> Picture:
    """The picture that `data` holds; the first frame of an animation.

    Either the whole picture or an error, never part of one; whatever the bytes, nothing but the
    errors below. Large pictures come at a reduced scale (`Picture.reduction`), chosen so that PDQ
    stays within 4 bits of a full decode; the short side keeps at least `min_side_pixels` where the
    source has them.

    Decodes in this process: bytes from a stranger belong in a `Decoder`. `timeout_s` and
    `memory_bytes` are not enforced here.

    Raises:
        FileTooLarge: more bytes than the limit.
        UnsupportedFormat: not a picture that we read; empty; a video.
        TooManyPixels: more than the limit, by the header; nothing has been unpacked.
        DamagedFile: it cannot be decoded to its end.
        DecodingStopped: memory ran out.
    """
    limits.check_bytes(len(data))
    sniffed = sniff(data[:_HEAD_BYTES])
    if sniffed is None or not isinstance(sniffed[1], PictureFormat):
        raise UnsupportedFormat
    form = sniffed[1]
    try:
        if form is PictureFormat.JPEG:
            return open_jpeg(data, limits, min_side_pixels)
        return open_still(data, form, limits, min_side_pixels)
    except MediaError:
        raise
    except MemoryError as error:
        raise DecodingStopped from error
    except Exception as error:
        # Codecs fail in every way there is; each means that this is not a whole picture.
        raise DamagedFile from error
