# SPDX-License-Identifier: Apache-2.0
"""JPEG → brightness, decoded no finer than needed: unpacking is the cost of a fingerprint."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import simplejpeg
from PIL import Image

from ._exif import exif_turn
from ._jpeg_scans import end_of, exif_of, luma_scans_only, with_scans_made_plain
from ._limits import Limits
from ._picture import Luma, Picture, PictureFormat, reduced_side
from ._still import open_still

__all__ = ["open_jpeg"]

_LEAST_SIDES: Final = ((8, 256), (4, 384), (2, 512))
"""How far the short side may shrink, by reduction: PDQ then stays within 4 bits of a full decode,
and nearly always within 2 (measured on 45 photographs; tests/golden/test_golden_reduction.py)."""

# The binding hands the codec's complaints on as text and as nothing else.
_LEFT_OVER: Final = re.compile(r"(\d+) extraneous bytes before marker 0xd9")
_NOT_PLAIN: Final = "Invalid SOS parameters"
# The codec tells of one fault at a time, and counts left-over bytes to within a few.
_MOST_MENDINGS: Final = 4
_FOUR_INKS: Final = frozenset({"CMYK", "YCCK"})


def _reduction(short_side: int, min_side_pixels: int) -> int:
    for reduction, least in _LEAST_SIDES:
        if reduced_side(short_side, reduction) >= max(least, min_side_pixels):
            return reduction
    return 1


def _mended(data: bytes, complaint: str) -> bytes | None:
    """`data` without the harmless fault that the codec complained of; None when it is not harmless.

    Whole pictures with a few bytes too many behind the last block, or with an ill-filled scan
    header, are in everybody's phone. The mended file is decoded as strictly as any.
    """
    left_over = _LEFT_OVER.search(complaint)
    end = end_of(data)
    if left_over and end is not None:
        return data[: max(0, end - int(left_over[1]))] + data[end:]
    if _NOT_PLAIN in complaint:
        return with_scans_made_plain(data)
    return None


def _decoded(data: bytes, colorspace: str, height: int, width: int) -> Luma:
    """The pixels as uint8 (height, width, channels); never a picture filled up with grey.

    Strict: the codec's first complaint is an error, so data that runs out is one.

    Raises:
        ValueError: the data is damaged, or has run out.
    """
    mendings = 0
    while True:
        try:
            pixels = simplejpeg.decode_jpeg(data, colorspace, min_height=height, min_width=width)
            break
        except ValueError as complaint:
            mended = _mended(data, str(complaint))
            if mended is None or mendings == _MOST_MENDINGS:
                raise
            mendings += 1
            data = mended
    if pixels.shape[:2] != (height, width):
        raise ValueError("the codec decoded to another size than its header says")
    return np.ascontiguousarray(pixels, np.uint8)


def _luma(data: bytes, colorspace: str, height: int, width: int, reduction: int) -> Luma:
    sides = reduced_side(height, reduction), reduced_side(width, reduction)
    if colorspace in _FOUR_INKS:
        # Everyone stores inks the other way round (Adobe's way), and Pillow reads them so too.
        inks = Image.fromarray(255 - _decoded(data, "CMYK", *sides), "CMYK")
        return np.array(inks.convert("RGB").convert("L"))
    if colorspace == "YCbCr":
        data = luma_scans_only(data, constant_only=reduction == 8)
    return _decoded(data, "GRAY", *sides)[:, :, 0]


def open_jpeg(data: bytes, limits: Limits, min_side_pixels: int) -> Picture:
    """The picture in a JPEG file, at a reduced scale when it is large.

    The short side keeps at least `min_side_pixels` where the source has them. Bytes behind the end
    marker do not matter. In a progressive file, scans that brightness at this size does not need
    are skipped unseen.

    Raises:
        TooManyPixels: by the header; nothing has been unpacked.
        ValueError: the file is damaged, or its data runs out early.
        Exception: anything else by which a codec may say so.
    """
    try:
        header = simplejpeg.decode_jpeg_header(data, strict=False)
    except ValueError:
        # An unusual layout, or no JPEG at all; Pillow reads more kinds, more slowly.
        return open_still(data, PictureFormat.JPEG, limits, min_side_pixels)
    height, width, colorspace = int(header[0]), int(header[1]), str(header[2])
    limits.check_sides(width, height)
    reduction = _reduction(min(height, width), min_side_pixels)
    luma = _luma(data, colorspace, height, width, reduction)
    turn = exif_turn(exif_of(data))
    return Picture(luma, width, height, PictureFormat.JPEG, reduction, turn)
