# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io

import pytest
from PIL import Image

from haechi.media._exif import exif_turn
from haechi.media._jpeg_scans import end_of, luma_scans_only, segments, with_scans_made_plain


def _exif(turn: int, order: str = "little", kind: int = 3, tag: int = 0x0112) -> bytes:
    mark = b"II*\0" if order == "little" else b"MM\0*"
    numbers = ((8, 4), (1, 2), (tag, 2), (kind, 2), (1, 4), (turn, 2), (0, 2), (0, 4))
    return mark + b"".join(value.to_bytes(size, order) for value, size in numbers)  # type: ignore[arg-type]


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("header", [b"", b"Exif\0\0"])
def test_both_byte_orders(order: str, header: bytes) -> None:
    assert exif_turn(header + _exif(6, order)) == 6


@pytest.mark.parametrize(
    "block",
    [None, "text", b"", b"II*\0", b"II*\0\xff\xff\xff\xff", _exif(0), _exif(9), _exif(6, kind=4),
     _exif(6, tag=0x0110), _exif(6)[:15], b"JUNK" + _exif(6)[4:]],
)  # fmt: skip
def test_nothing_sensible_is_upright(block: object) -> None:
    assert exif_turn(block) == 1


def _jpeg(*, progressive: bool) -> bytes:
    buffer = io.BytesIO()
    Image.radial_gradient("L").convert("RGB").save(buffer, "JPEG", progressive=progressive)
    return buffer.getvalue()


def _scans(data: bytes) -> int:
    return sum(segment.marker == 0xDA for segment in segments(data))


def test_only_progressive_files_lose_scans() -> None:
    plain, progressive = _jpeg(progressive=False), _jpeg(progressive=True)
    assert luma_scans_only(plain, constant_only=True) == plain
    assert _scans(progressive) == 10
    assert _scans(luma_scans_only(progressive, constant_only=False)) == 6
    assert _scans(luma_scans_only(progressive, constant_only=True)) == 2


def test_what_follows_the_end_is_not_looked_at() -> None:
    data = _jpeg(progressive=True)
    assert end_of(data + data) == len(data) - 2
    assert end_of(data[:-2]) is None


@pytest.mark.parametrize("cut", range(2, 700, 7))
def test_broken_structure_raises_nothing(cut: int) -> None:
    for progressive in (False, True):
        data = _jpeg(progressive=progressive)[:cut]
        assert luma_scans_only(data, constant_only=True) == data
        assert len(with_scans_made_plain(data)) == len(data)
        assert luma_scans_only(data + b"\xff\xda\x00\x02\xff\xd9", constant_only=True)


def test_what_is_stuffed_into_a_scan_does_not_end_it() -> None:
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x12\xff\x00\xff\xd0\xff\xd7\xff\xff\x00\x34"
    data = b"\xff\xd8" + scan + b"\xff\xff\xd9"
    found = [(segment.marker, segment.start, segment.end) for segment in segments(data)]
    assert found == [(0xDA, 2, 2 + len(scan) + 1), (0xD9, len(data) - 2, len(data))]
    assert list(segments(data, is_header_only=True)) == []
    # A scan that nothing follows goes to the end of the file.
    assert [segment.end for segment in segments(data[:-2])] == [len(data) - 2]
