# SPDX-License-Identifier: Apache-2.0
"""Forms as gates read them, held against the parser of Python's mail package and those of applications."""

from __future__ import annotations

import email.parser
import email.policy
import io

import pytest
from django.conf import settings as django_settings
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.formparser import MultiPartParser as WerkzeugParser

from haechi.gates._uploads import Unscreenable, boundary_of, looks_like_media, uploads_in_form

if not django_settings.configured:
    django_settings.configure(FILE_UPLOAD_MAX_MEMORY_SIZE=10**9)

JPEG = b"\xff\xd8\xff\xe0"
BOUNDARY = "a-Boundary9"

names = st.text("abcdef_", min_size=1, max_size=8)
contents = st.binary(max_size=60) | st.sampled_from([
    b"\r\n", b"--", b"\r\n--", b"\r\n--a-Boundary", b"\n\n", b"--a-Boundar", b"\r\n\r\n--\r\n",
])  # fmt: skip
parts = st.lists(st.tuples(names, st.booleans(), contents), max_size=6)


def form(fields: list[tuple[str, bool, bytes]], boundary: str = BOUNDARY) -> bytes:
    lines = []
    for name, is_media, content in fields:
        filename = '; filename="x.jpg"' if is_media else ""
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{filename}\r\n\r\n'
        lines.append(head.encode() + (JPEG if is_media else b"") + content + b"\r\n")
    return b"".join(lines) + f"--{boundary}--\r\n".encode()


def by_mail(body: bytes) -> list[bytes]:
    """The media among the parts as the mail package reads them; it knows bare line ends, so none are sent."""
    head = f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    found = [part.get_payload(decode=True) for part in message.iter_parts()]
    return [part for part in found if part.startswith(JPEG)]


def by_werkzeug(body: bytes) -> list[bytes]:
    _, files = WerkzeugParser().parse(io.BytesIO(body), BOUNDARY.encode(), len(body))
    return [file.read() for _, file in files.items(multi=True)]


def by_django(body: bytes) -> list[bytes]:
    from django.core.files.uploadhandler import MemoryFileUploadHandler
    from django.http.multipartparser import MultiPartParser

    meta = {
        "CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY}",
        "CONTENT_LENGTH": str(len(body)),
    }
    handler = MemoryFileUploadHandler()
    _, files = MultiPartParser(meta, io.BytesIO(body), [handler], "utf-8").parse()
    return [file.read() for _, each in files.lists() for file in each]


@given(parts)
def test_every_picture_is_found_byte_for_byte(fields: list[tuple[str, bool, bytes]]) -> None:
    found = uploads_in_form(form(fields), BOUNDARY)
    media = [(name, JPEG + content) for name, is_media, content in fields if is_media]
    disguised = [c for _, is_media, c in fields if not is_media and looks_like_media(c)]
    assert [(upload.field, upload.data) for upload in found if upload.data not in disguised] == [
        each for each in media if each[1] not in disguised
    ]


@given(parts)
def test_the_mail_package_finds_the_same(fields: list[tuple[str, bool, bytes]]) -> None:
    # The mail package splits lines at every kind of line end, and drops the last one of a part.
    plain = [(name, is_media, content.hex().encode()) for name, is_media, content in fields]
    body = form(plain)
    found = [upload.data for upload in uploads_in_form(body, BOUNDARY)]
    assert found == by_mail(body)


HIDDEN = (
    b'--a-Boundary9\r\nContent-Disposition: form-data; name="f"; filename="x.jpg"\r\n\r\n' + JPEG
)

tricks = st.lists(
    st.sampled_from([
        b"--a-Boundary9\r\n", b"--a-Boundary9--", b"--a-Boundary9\n", b"\r\n", b"\n", b"--", b"text",
        b'Content-Disposition: form-data; name="t"\r\n\r\n',
        b'Content-Disposition: form-data; name="f"; filename="x.jpg"\r\n\r\n',
        b'Content-Disposition: form-data; name="f"; filename="x.jpg"\n\n',
        b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding : base64\r\n",
        b"/9j/4AAQ", JPEG, b" ", b"\t", b"Content-Length: 3\r\n", b"\0",
    ]),
    max_size=14,
)  # fmt: skip


@given(tricks)
@example([b"--a-Boundary9\r\n", b'Content-Disposition: form-data; name="t"\r\n\r\n', b"text", HIDDEN,
          b"\r\n--a-Boundary9--"])  # fmt: skip
@example([b"--a-Boundary9\r\n", b"Content-Transfer-Encoding: base64\r\n",
          b'Content-Disposition: form-data; name="f"; filename="x.jpg"\r\n\r\n', b"/9j/4AAQ",
          b"\r\n--a-Boundary9--"])  # fmt: skip
@pytest.mark.parametrize("application", [by_werkzeug, by_django], ids=["werkzeug", "django"])
def test_no_form_shows_an_application_a_picture_that_the_gate_did_not_see(
    application, pieces: list[bytes]
) -> None:
    body = b"".join(pieces)
    try:
        seen = {upload.data for upload in uploads_in_form(body, BOUNDARY)}
    except Unscreenable:
        return  # it is refused, so the application sees nothing
    try:
        files = application(body)
    except Exception:  # noqa: BLE001  # whatever the application makes of it, it is no picture
        return
    assert {file for file in files if looks_like_media(file)} <= seen


@given(st.binary(max_size=300))
def test_no_bytes_make_it_stumble(body: bytes) -> None:
    for sent in (body, b"--a-Boundary9\r\n" + body, form([("f", True, body)])):
        try:
            uploads_in_form(sent, BOUNDARY)
        except Unscreenable:
            continue


@given(st.text(max_size=80))
def test_no_content_type_makes_it_stumble(text: str) -> None:
    for kind in (text, f"multipart/form-data; {text}", f"multipart/form-data; boundary={text}"):
        try:
            found = boundary_of(kind)
        except Unscreenable:
            continue
        assert found.isascii()
        assert 0 < len(found) <= 200


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40))
def test_text_is_no_picture(text: str) -> None:
    head = text.encode()
    if not head.startswith((b"GIF8", b"RIFF")):
        assert not looks_like_media(head)
