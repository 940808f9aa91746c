# SPDX-License-Identifier: Apache-2.0
"""Every picture format → brightness, by Pillow and pillow-heif; JPEG only when it is an odd one.

The format's own reader is called, not `Image.open`: no guessing among dozens of formats, and the
limits are ours, checked from the header.
"""

from __future__ import annotations

import io
from typing import Final

import numpy as np
import pillow_heif
from PIL import (
    AvifImagePlugin,
    GifImagePlugin,
    Image,
    ImageChops,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from haechi.errors import DamagedFile

from ._exif import exif_turn
from ._limits import Limits
from ._picture import Picture, PictureFormat

__all__ = ["open_still", "planes_of"]

_READERS: Final[dict[PictureFormat, type[ImageFile.ImageFile]]] = {
    PictureFormat.JPEG: JpegImagePlugin.JpegImageFile,
    PictureFormat.PNG: PngImagePlugin.PngImageFile,
    PictureFormat.GIF: GifImagePlugin.GifImageFile,
    PictureFormat.WEBP: WebPImagePlugin.WebPImageFile,
    PictureFormat.AVIF: AvifImagePlugin.AvifImageFile,
}
_KEPT_SIDE_PIXELS: Final = 1024
"""A short side is reduced to this at most: fingerprints gain nothing from more."""

_DIRECTLY_TO_LUMA: Final = frozenset({"1", "L", "RGB", "RGBX", "RGBA", "LA", "YCbCr"})
_OPAQUE: Final = 255


def _webp_sides(data: bytes) -> tuple[int, int]:
    """Width and height of the canvas, from the header alone (RFC 9649).

    Needed because the reader sets memory aside for two canvases before it tells their size.
    """
    kind, body = data[12:16], data[20:30]
    if len(body) < 10:
        raise DamagedFile
    if kind == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = (int.from_bytes(body[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    return width, height


def _heic(data: bytes, limits: Limits) -> Image.Image:
    container = pillow_heif.open_heif(data, convert_hdr_to_8bit=True)
    limits.check_sides(*container.size)
    image: Image.Image = container.to_pillow()
    # The turn of a HEIC is part of the picture: the decoder has applied it, its EXIF is a copy.
    image.info.pop("exif", None)
    return image


def _loaded(data: bytes, form: PictureFormat, limits: Limits) -> Image.Image:
    """The first frame, unpacked; its sides were within the limits before it was."""
    if form is PictureFormat.WEBP:
        limits.check_sides(*_webp_sides(data))
    if form is PictureFormat.HEIC:
        image = _heic(data, limits)
    else:
        image = _READERS[form](io.BytesIO(data))
        limits.check_sides(*image.size)
    sides = image.size
    image.load()
    if image.size != sides:
        raise DamagedFile
    return image


def _from_deep(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """As `planes_of`, for more than eight bits a pixel: scaled down, where Pillow would clip."""
    values = np.asarray(image)
    if image.mode == "F":
        return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)), None
    luma = Image.fromarray((np.clip(values, 0, 65535) >> 8).astype(np.uint8))
    transparent = image.info.get("transparency")
    if not isinstance(transparent, int):
        return luma, None
    return luma, Image.fromarray(np.where(values == transparent, 0, _OPAQUE).astype(np.uint8))


def planes_of(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Brightness and alpha of an image in any mode, both of mode `L`; alpha may be None.

    Brightness is that of `convert("RGB")`, which throws alpha away.
    """
    if image.mode.startswith("I") or image.mode == "F":
        return _from_deep(image)
    if image.has_transparency_data:
        # Also palettes and single colours declared transparent. Straight from P to RGB would warn.
        image = image.convert("RGBA")
        return image.convert("L"), image.getchannel("A")
    if image.mode not in _DIRECTLY_TO_LUMA:
        image = image.convert("RGB")
    return image.convert("L"), None


def open_still(data: bytes, form: PictureFormat, limits: Limits, min_side_pixels: int) -> Picture:
    """The picture in a file of format `form`; the first of an animation.

    A short side of twice 1024 (or `min_side_pixels`) or more is reduced by an integer.

    Raises:
        TooManyPixels: by the header; nothing has been unpacked.
        Exception: anything by which a codec may say that the file is damaged.
    """
    image = _loaded(data, form, limits)
    turn = exif_turn(image.info.get("exif"))
    width, height = image.size
    reduction = max(1, min(width, height) // max(_KEPT_SIDE_PIXELS, min_side_pixels))
    luma, alpha = planes_of(image)
    planes = [luma]
    if alpha is not None and alpha.getextrema() != (_OPAQUE, _OPAQUE):
        # Brightness is linear, so it may be laid on a ground after it was taken.
        planes.append(ImageChops.screen(luma, ImageChops.invert(alpha)))
        planes.append(ImageChops.multiply(luma, alpha))
    lumas = [np.array(plane.reduce(reduction) if reduction > 1 else plane) for plane in planes]
    return Picture(lumas[0], width, height, form, reduction, turn, *lumas[1:])
