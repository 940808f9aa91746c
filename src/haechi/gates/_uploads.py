# SPDX-License-Identifier: Apache-2.0
"""The pictures and videos in the body of a request.

The bytes that are looked at here have to be those that the application will see. Where two parsers
can read one form in two ways, whoever uploads could choose the way that hides a file: so a form with
anything unusual in it counts as unreadable, and is no reason to guess.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Final

from multipart import MultipartError, MultipartSegment, PushMultipartParser

HEAD_BYTES: Final = 64
"""So many first bytes say what a file is."""

_MOST_BOUNDARY_CHARS: Final = 200
_MAGIC: Final = (
    b"\xff\xd8\xff",  # JPEG
    b"\x89PNG\r\n\x1a\n",
    b"GIF87a",
    b"GIF89a",
    b"\x1a\x45\xdf\xa3",  # WebM, MKV
)
_RIFF_KINDS: Final = frozenset({b"WEBP", b"AVI "})
# The first box of MP4, MOV, HEIC, AVIF (ISO/IEC 14496-12).
_BOXES: Final = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_PLAIN_CODINGS: Final = frozenset({"", "7bit", "8bit", "binary"})
_PARAMETER: Final = re.compile(
    r"""\s*;\s*([\w-]+)=(?:"([^"\\]*)"|([\w!#$%&'+.^`|~?/:=,()*-]+))""", re.ASCII
)


class Unscreenable(ValueError):
    """A request of which nobody can say what the application will see in it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Upload:
    """One picture or video of a request: the field it came in, and its bytes."""

    field: str
    data: bytes = dataclasses.field(repr=False)


def looks_like_media(head: bytes, declared: str = "") -> bool:
    """Whether a file is a picture or video, by its first bytes or by the sender's word for it.

    A drawing in SVG is text, and is none.
    """
    kind = declared.partition(";")[0].strip().lower()
    if kind.startswith(("image/", "video/")) and kind != "image/svg+xml":
        return True
    is_riff = head[:4] == b"RIFF" and head[8:12] in _RIFF_KINDS
    # Four letters as the length of a box would be half a gigabyte and more: that is text.
    is_boxed = head[4:8] in _BOXES and any(not 32 <= byte < 127 for byte in head[:4])
    return head.startswith(_MAGIC) or is_riff or is_boxed


def boundary_of(content_type: str) -> str:
    """The boundary that a `multipart/…` content type names.

    Raises:
        Unscreenable: it names none, or more than one, or in a way that parsers read differently.
    """
    kind, _, _ = content_type.partition(";")
    rest = content_type[len(kind) :].rstrip()
    names: dict[str, str] = {}
    at = 0
    while at < len(rest):
        found = _PARAMETER.match(rest, at)
        if found is None or found[1].lower() in names:
            raise Unscreenable
        names[found[1].lower()] = found[3] if found[2] is None else found[2]
        at = found.end()
    boundary = names.get("boundary", "")
    if not 0 < len(boundary) <= _MOST_BOUNDARY_CHARS or not boundary.isascii():
        raise Unscreenable
    if boundary != boundary.strip() or not boundary.isprintable():
        raise Unscreenable
    return boundary


def uploads_in_form(
    body: bytes, boundary: str, *, most_parts: int = 1000, most_files: int = 32
) -> list[Upload]:
    """The pictures and videos among the parts of a form, in their order; other parts are left out.

    Raises:
        Unscreenable: the form is damaged, unusual, or has more parts or files than that.
    """
    uploads = []
    parts = _parts(body, boundary, most_parts)
    # Some parsers end a part at a boundary in the middle of a line.
    if body.count(b"--" + boundary.encode()) != len(parts) + 1:
        raise Unscreenable
    for segment, data in parts:
        if _is_coded(segment):
            raise Unscreenable
        if looks_like_media(data[:HEAD_BYTES], segment.content_type or "") and data:
            uploads.append(Upload(segment.name or "", data))
    if len(uploads) > most_files:
        raise Unscreenable
    return uploads


def _is_coded(segment: MultipartSegment) -> bool:
    """Whether a part wants to be decoded; some applications would do it (RFC 7578, 4.7)."""
    return any(
        name.strip().lower() == "content-transfer-encoding"
        and value.strip().lower() not in _PLAIN_CODINGS
        for name, value in segment.headerlist
    )


def _parts(body: bytes, boundary: str, most: int) -> list[tuple[MultipartSegment, bytes]]:
    parts: list[tuple[MultipartSegment, bytes]] = []
    pieces: list[bytes] = []
    segment: MultipartSegment | None = None
    try:
        with PushMultipartParser(boundary, max_segment_count=most, strict=True) as parser:
            for event in parser.parse(body):
                if isinstance(event, MultipartSegment):
                    segment, pieces = event, []
                elif event is not None:
                    pieces.append(bytes(event))
                elif segment is not None:
                    parts.append((segment, pieces[0] if len(pieces) == 1 else b"".join(pieces)))
    except MultipartError as error:
        raise Unscreenable from error
    return parts
