# SPDX-License-Identifier: Apache-2.0
"""A decoded video frame → its brightness, from the codec's own brightness plane where it has one.

A video is stored as brightness and colour. The reference turns every frame into RGB by ITU-R BT.601
and back into brightness by the same weights: but for rounding and clipped colours, that is the
stored plane, stretched from 16–235 to 0–255.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from av import VideoFrame
from av.video.reformatter import ColorRange
from PIL import Image

from ._picture import Luma

__all__ = ["luma_of", "turn_of"]

_KEPT_SIDE_PIXELS: Final = 512
"""A short side is reduced to no less: PDQ then stays within 8 bits of the reference, and nearly
always within 2 of a full decode (measured on the reference's own videos)."""

_ONE_BYTE: Final = frozenset({
    "yuv420p", "yuv422p", "yuv444p", "yuv440p", "yuv411p", "yuv410p", "nv12", "nv16", "nv21", "nv24",
    "yuva420p", "yuva422p", "yuva444p", "gray",
})  # fmt: skip
_FULL_RANGE: Final = frozenset({"yuvj420p", "yuvj422p", "yuvj444p", "yuvj440p", "yuvj411p", "gray"})
_DEEP: Final = {
    f"{layout}p{bits}le": bits
    for layout in ("yuv420", "yuv422", "yuv444", "yuva420", "yuva422", "yuva444")
    for bits in (9, 10, 12, 14, 16)
} | {f"gray{bits}le": bits for bits in (9, 10, 12, 14, 16)}
_EXIF_TURNS: Final = {0: 1, 90: 8, 180: 3, 270: 6}


def _stretching() -> Luma:
    """What a stored brightness of 16–235 stands for on the scale of 0–255, for every byte."""
    stored = np.arange(256, dtype=np.float64)
    return np.clip(np.rint((stored - 16.0) * (255.0 / 219.0)), 0, 255).astype(np.uint8)


_STRETCHED: Final = _stretching()


def _plane(frame: VideoFrame) -> Luma:
    """The first plane of a frame as bytes, a row each, with the padding at their ends."""
    plane = frame.planes[0]
    rows: Luma = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: frame.height]


def _stored(frame: VideoFrame) -> tuple[Luma, bool]:
    """The stored brightness as bytes, and whether it already uses the whole scale."""
    name = frame.format.name
    is_full = name in _FULL_RANGE or frame.color_range == ColorRange.JPEG
    if name in _ONE_BYTE | _FULL_RANGE:
        return _plane(frame)[:, : frame.width], is_full
    if name in _DEEP:
        deep = _plane(frame).view("<u2")[:, : frame.width]
        return (deep >> (_DEEP[name] - 8)).astype(np.uint8), is_full
    # RGB, palettes, packed and rare layouts: by way of RGB, as the reference does with all.
    colours = Image.fromarray(frame.to_ndarray(format="rgb24"))
    return np.asarray(colours.convert("L")), True


def luma_of(frame: VideoFrame) -> tuple[Luma, int]:
    """The brightness of a frame as uint8, 0-255, and the reduction at which it is given.

    Reduced by an integer as a `Picture` is, when the short side has twice 512 pixels or more. Alpha
    is ignored, and a turn is not applied.
    """
    stored, is_full = _stored(frame)
    luma = stored if is_full else _STRETCHED[stored]
    reduction = max(1, min(luma.shape) // _KEPT_SIDE_PIXELS)
    if reduction > 1:
        luma = np.asarray(Image.fromarray(luma).reduce(reduction))
    return np.ascontiguousarray(luma), reduction


def turn_of(frame: VideoFrame) -> int:
    """The EXIF orientation, 1-8, that says what the frame's display matrix says; mirrors apart.

    Source: ISO/IEC 14496-12 8.2.2 (the matrix), CIPA DC-008 4.6.4 (the number).
    """
    return _EXIF_TURNS.get(int(frame.rotation) % 360, 1)
