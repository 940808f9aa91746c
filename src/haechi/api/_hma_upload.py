# SPDX-License-Identifier: Apache-2.0
"""A form with one file in it, kept in memory.

The framework's own reading of forms writes what is larger than a mebibyte to disk, which no file that is
sent to us may be (DESIGN §7). Here the parts are taken from the stream as they come, within limits.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from anyio import CapacityLimiter
from litestar import Request
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from haechi.api._arriving import arriving
from haechi.api._hma_answers import problem
from haechi.errors import Busy, FileTooLarge, TooMuchAtOnce

_FORM: Final = "multipart/form-data"
_FIELDS_MAX_BYTES: Final = 64 * 1024
_FRAME_MAX_BYTES: Final = 16 * 1024
"""Boundaries and the headers of parts."""

_MOST_PARTS: Final = 10
_MOST_WAITING: Final = 100
_MIB: Final = 1024 * 1024

Req = Request[Any, Any, Any]


@dataclass
class SentForm:
    """What a form held: each part that had the name of a file, by its field; and the other fields."""

    files: list[tuple[str, bytes]] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)


@asynccontextmanager
async def a_turn(request: Req) -> AsyncIterator[None]:
    """Held from the first byte to the answer, as all routes that take files do: it bounds the memory."""
    uploads: CapacityLimiter = request.app.state.uploads
    if uploads.statistics().tasks_waiting >= _MOST_WAITING:
        raise Busy
    async with uploads:
        yield


async def read_form(request: Req, *, max_mib: int) -> SentForm:
    """The form that a request carries; an empty one if it carries something else.

    Raises:
        HTTPException: no readable form. FileTooLarge: a file of more than `max_mib`. TooMuchAtOnce: the
            other fields.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != _FORM:
        return SentForm()
    boundary = options.get("boundary", "")
    if not boundary:
        raise problem(400, "Malformed multipart/form-data")
    gathered = _Gathering(max_mib)
    try:
        with PushMultipartParser(boundary, max_segment_count=_MOST_PARTS) as parser:
            async for chunk in arriving(request):
                gathered.count(len(chunk))
                if chunk:
                    for event in parser.parse(chunk):
                        gathered.take(event)
    except (MultipartError, UnicodeError, ValueError) as error:
        raise problem(400, "Malformed multipart/form-data") from error
    return gathered.form


class _Gathering:
    """The parts of a form as they come."""

    def __init__(self, max_mib: int) -> None:
        self.form = SentForm()
        self._max_mib = max_mib
        self._received = 0
        self._fields_bytes = 0
        self._part: MultipartSegment | None = None
        self._chunks: list[bytes] = []

    def count(self, size: int) -> None:
        """So much more of the body came: stop as soon as it can be no form that is taken."""
        self._received += size
        if self._received > self._max_mib * _MIB + _FIELDS_MAX_BYTES + _FRAME_MAX_BYTES:
            raise FileTooLarge(max_mib=self._max_mib)

    def take(self, event: MultipartSegment | bytes | bytearray | None) -> None:
        """One event of the parser: a part begins, a piece of it, or its end."""
        if isinstance(event, MultipartSegment):
            self._part, self._chunks = event, []
        elif event is None:
            self._end()
        else:
            self._chunks.append(bytes(event))
            if self._part is not None and self._part.filename is None:
                self._fields_bytes += len(event)
                if self._fields_bytes > _FIELDS_MAX_BYTES:
                    raise TooMuchAtOnce

    def _end(self) -> None:
        part, data = self._part, b"".join(self._chunks)
        self._part, self._chunks = None, []
        if part is None:
            return
        if part.filename is None:
            self.form.fields[part.name or ""] = data.decode()
            return
        if len(data) > self._max_mib * _MIB:
            raise FileTooLarge(max_mib=self._max_mib)
        self.form.files.append((part.name or "", data))


def one_file(form: SentForm, kinds: tuple[str, ...]) -> tuple[str, bytes]:
    """The one file of a form, with the field that it came in: one of `kinds`.

    Raises:
        HTTPException: none, several, or in another field.
    """
    if not form.files:
        raise problem(400, "Missing multipart/form-data file upload")
    if len(form.files) > 1:
        raise problem(400, "Too many files in multipart/form-data, exactly one is taken")
    kind, data = form.files[0]
    if kind not in kinds:
        # Shown as it was sent, but not at any length.
        raise problem(400, f"no such content_type: '{kind[:40]}'")
    return kind, data
