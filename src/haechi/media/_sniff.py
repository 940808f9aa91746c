# SPDX-License-Identifier: Apache-2.0
"""What a file is, by its first bytes; its name and the sender's word for it count for nothing."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeAlias

from haechi.values import MediaKind

from ._picture import PictureFormat

__all__ = ["Sniffed", "VideoFormat", "sniff"]


class VideoFormat(StrEnum):
    """The video containers that are recognised."""

    MP4 = "mp4"
    MOV = "mov"
    WEBM = "webm"
    MKV = "mkv"
    AVI = "avi"


Sniffed: TypeAlias = tuple[MediaKind, PictureFormat | VideoFormat]

_PICTURES: Final = (
    (b"\xff\xd8\xff", PictureFormat.JPEG),
    (b"\x89PNG\r\n\x1a\n", PictureFormat.PNG),
    (b"GIF87a", PictureFormat.GIF),
    (b"GIF89a", PictureFormat.GIF),
)
_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
_HEIC_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
)
# Brands of any HEIF file, whichever codec is inside.
_HEIF_BRANDS: Final = frozenset({b"mif1", b"msf1", b"mif2"})
_MP4_BRANDS: Final = frozenset({
    b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"iso7", b"iso8", b"iso9",
    b"mp41", b"mp42", b"mp71", b"avc1", b"hvc1", b"av01", b"dash", b"MSNV", b"mmp4", b"f4v ",
    b"M4V ", b"M4VH", b"M4VP", b"XAVC", b"NDSC", b"NDSH",
})  # fmt: skip
_QUICKTIME_BOXES: Final = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_RIFF: Final[dict[bytes, PictureFormat | VideoFormat]] = {
    b"WEBP": PictureFormat.WEBP,
    b"AVI ": VideoFormat.AVI,
}
_EBML: Final = b"\x1a\x45\xdf\xa3"


def _by_brands(head: bytes) -> PictureFormat | VideoFormat | None:
    """The format that an ISO base media file (ISO/IEC 14496-12, 23008-12) claims in `ftyp`."""
    end = min(len(head), max(16, int.from_bytes(head[:4], "big")))
    major = head[8:12]
    brands = {major, *(head[at : at + 4] for at in range(16, end - 3, 4))}
    found: PictureFormat | VideoFormat | None = None
    # The major brand decides; writers may list every brand that their file can be read as.
    if major in _AVIF_BRANDS or (major in _HEIF_BRANDS and brands & _AVIF_BRANDS):
        found = PictureFormat.AVIF
    elif major in _HEIC_BRANDS | _HEIF_BRANDS:
        found = PictureFormat.HEIC
    elif major == b"qt  ":
        found = VideoFormat.MOV
    elif brands & _MP4_BRANDS or major[:3] in {b"3gp", b"3g2"}:
        found = VideoFormat.MP4
    elif brands & _AVIF_BRANDS:
        found = PictureFormat.AVIF
    elif brands & (_HEIC_BRANDS | _HEIF_BRANDS):
        found = PictureFormat.HEIC
    return found


def _format_of(head: bytes) -> PictureFormat | VideoFormat | None:
    found: PictureFormat | VideoFormat | None
    found = next((picture for magic, picture in _PICTURES if head.startswith(magic)), None)
    if head[:4] == b"RIFF":
        found = _RIFF.get(head[8:12])
    elif head[4:8] == b"ftyp":
        found = _by_brands(head)
    elif head[4:8] in _QUICKTIME_BOXES:
        found = VideoFormat.MOV
    elif head.startswith(_EBML):
        found = VideoFormat.WEBM if b"webm" in head[:64] else VideoFormat.MKV
    return found


def sniff(head: bytes) -> Sniffed | None:
    """The kind and format of a file that begins with `head`, or None when it is none of ours.

    64 bytes are enough; more do no harm. An animated GIF, WebP or HEIC is an image (its first
    frame). Says what the file claims to be, not whether it can be decoded.
    """
    found = _format_of(head)
    if found is None:
        return None
    kind = MediaKind.IMAGE if isinstance(found, PictureFormat) else MediaKind.VIDEO
    return kind, found
