# SPDX-License-Identifier: Apache-2.0
"""The bounds of a form, and the ways to hide a file in one."""

from __future__ import annotations

import pytest

from haechi.gates._uploads import Unscreenable, boundary_of, looks_like_media, uploads_in_form
from haechi.media import sniff

PART = 'Content-Disposition: form-data; name="f"; filename="x.jpg"'
PNG = b"\x89PNG\r\n\x1a\n"


def body(*parts: bytes, boundary: str = "B", end: bytes = b"") -> bytes:
    lines = b"".join(f"--{boundary}\r\n".encode() + part + b"\r\n" for part in parts)
    return lines + f"--{boundary}--\r\n".encode() + end


def file_part(data: bytes, *headers: str) -> bytes:
    return "\r\n".join([PART, *headers]).encode() + b"\r\n\r\n" + data


class TestBoundary:
    @pytest.mark.parametrize(
        ("kind", "boundary"),
        [
            ("multipart/form-data; boundary=B", "B"),
            ('multipart/form-data; boundary="a b"', "a b"),
            ("Multipart/Form-Data;BOUNDARY=----WebKitFormBoundaryX", "----WebKitFormBoundaryX"),
            ("multipart/form-data; charset=utf-8; boundary=B", "B"),
            ("multipart/form-data; boundary=B ", "B"),
        ],
    )
    def test_is_found(self, kind: str, boundary: str) -> None:
        assert boundary_of(kind) == boundary

    @pytest.mark.parametrize(
        "kind",
        [
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=A; boundary=B",
            "multipart/form-data; boundary=A; BOUNDARY=B",
            "multipart/form-data; boundary*0=A; boundary*1=B",
            'multipart/form-data; boundary="A\\"B"',
            'multipart/form-data; boundary="A ',
            "multipart/form-data; boundary=A B",
            "multipart/form-data; x; boundary=B",
            f"multipart/form-data; boundary={'B' * 201}",
            "multipart/form-data; boundary=ä",
        ],
    )
    def test_a_doubtful_one_is_refused(self, kind: str) -> None:
        with pytest.raises(Unscreenable):
            boundary_of(kind)


class TestForms:
    def test_a_picture_among_fields(self) -> None:
        text = b'Content-Disposition: form-data; name="t"\r\n\r\nThe free words'
        found = uploads_in_form(body(text, file_part(PNG + b"1")), "B")
        assert [(each.field, each.data) for each in found] == [("f", PNG + b"1")]

    def test_the_name_and_the_kind_that_are_claimed_count_for_nothing(self) -> None:
        as_text = (
            b'Content-Disposition: form-data; name="t"\r\nContent-Type: text/plain\r\n\r\n' + PNG
        )
        assert len(uploads_in_form(body(as_text), "B")) == 1

    def test_what_is_claimed_to_be_a_picture_is_looked_at(self) -> None:
        assert len(uploads_in_form(body(file_part(b"BM", "Content-Type: image/bmp")), "B")) == 1
        assert uploads_in_form(body(file_part(b"", "Content-Type: image/png")), "B") == []

    @pytest.mark.parametrize("name", ["Content-Transfer-Encoding", "content-transfer-encoding"])
    @pytest.mark.parametrize("coding", ["base64", "quoted-printable", "x-own"])
    def test_a_coded_part_is_refused(self, name: str, coding: str) -> None:
        with pytest.raises(Unscreenable):
            uploads_in_form(body(file_part(b"AAAA", f"{name}: {coding}")), "B")
        assert uploads_in_form(body(file_part(b"AAAA", f"{name}: binary")), "B") == []

    @pytest.mark.parametrize(
        "sent",
        [
            b"",
            b"no form",
            body(file_part(PNG))[:-6],
            body(file_part(PNG)).replace(b"\r\n", b"\n"),
            body(file_part(b"text--B\r\nmore")),
            body(file_part(PNG), end=b"--B\r\n" + file_part(PNG) + b"\r\n--B--"),
            body(b"no head\r\n\r\n" + PNG),
            body(file_part(PNG, "A" * 5000 + ": x")),
        ],
    )
    def test_a_damaged_or_unusual_one_is_refused(self, sent: bytes) -> None:
        with pytest.raises(Unscreenable):
            uploads_in_form(sent, "B")

    def test_there_are_only_so_many_parts_and_files(self) -> None:
        many = body(*[file_part(b"x")] * 11)
        with pytest.raises(Unscreenable):
            uploads_in_form(many, "B", most_parts=10)
        pictures = body(*[file_part(PNG)] * 5)
        assert len(uploads_in_form(pictures, "B", most_files=5)) == 5
        with pytest.raises(Unscreenable):
            uploads_in_form(pictures, "B", most_files=4)


def test_whatever_the_service_reads_looks_like_media_here() -> None:
    boxes = [size + box + brand for size in (b"\0\0\0\x18", b"\0\1\0\0", b"\0\0\0\1")
             for box, brand in ((b"ftyp", b"isom"), (b"ftyp", b"heic"), (b"ftyp", b"avif"),
                                (b"moov", b""), (b"mdat", b""), (b"wide", b""), (b"free", b""))]  # fmt: skip
    plain = [b"\xff\xd8\xff", PNG, b"GIF89a", b"GIF87a", b"RIFF1234WEBP", b"RIFF1234AVI ",
             b"\x1a\x45\xdf\xa3\0webm"]  # fmt: skip
    for head in [*boxes, *plain]:
        assert sniff(head) is not None
        assert looks_like_media(head)


def test_a_drawing_is_no_picture() -> None:
    assert not looks_like_media(b"<svg>", "image/svg+xml")
    assert not looks_like_media(b"%PDF-1.7", "application/pdf")
    assert not looks_like_media(b"The free words")
