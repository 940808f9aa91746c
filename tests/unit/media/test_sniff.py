# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from haechi.media import PictureFormat, VideoFormat, sniff
from haechi.values import MediaKind


def _ftyp(major: bytes, *compatible: bytes) -> bytes:
    body = b"ftyp" + major + b"\0\0\0\0" + b"".join(compatible)
    return (len(body) + 4).to_bytes(4, "big") + body


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\xff\xd8\xff\xe0", PictureFormat.JPEG),
        (b"\x89PNG\r\n\x1a\n\0\0", PictureFormat.PNG),
        (b"GIF87a", PictureFormat.GIF),
        (b"GIF89a", PictureFormat.GIF),
        (b"RIFF\0\0\0\0WEBPVP8 ", PictureFormat.WEBP),
        (_ftyp(b"heic", b"mif1"), PictureFormat.HEIC),
        (_ftyp(b"mif1", b"mif1", b"heic"), PictureFormat.HEIC),
        (_ftyp(b"mif1", b"mif1", b"avif"), PictureFormat.AVIF),
        (_ftyp(b"avif", b"mif1", b"heic"), PictureFormat.AVIF),
        (_ftyp(b"xyz1", b"avif"), PictureFormat.AVIF),
        (_ftyp(b"xyz1", b"heic"), PictureFormat.HEIC),
        (_ftyp(b"isom", b"avc1", b"mp41"), VideoFormat.MP4),
        (_ftyp(b"3gp4"), VideoFormat.MP4),
        (_ftyp(b"qt  "), VideoFormat.MOV),
        (b"\0\0\0\x08wide\0\0\0\0mdat", VideoFormat.MOV),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", VideoFormat.WEBM),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska", VideoFormat.MKV),
        (b"RIFF\0\0\0\0AVI LIST", VideoFormat.AVI),
    ],
)
def test_known_beginnings(head: bytes, expected: PictureFormat | VideoFormat) -> None:
    kind = MediaKind.IMAGE if isinstance(expected, PictureFormat) else MediaKind.VIDEO
    assert sniff(head) == (kind, expected)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff\xd8",
        b"%PDF-1.7",
        b"RIFF\0\0\0\0WAVE",
        b"BM\0\0",
        _ftyp(b"crx "),
        b"\0\0\0\x14ftyp",
    ],
)
def test_anything_else_is_none_of_ours(head: bytes) -> None:
    assert sniff(head) is None
