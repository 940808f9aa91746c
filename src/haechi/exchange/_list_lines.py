# SPDX-License-Identifier: Apache-2.0
"""From bytes to lines and to JSON values, within bounds, however long the whole is."""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from haechi.exchange._list_words import NO_JSON, NO_TEXT, TOO_LONG, UnreadableLine

MOST_LINE_BYTES: Final = 2 * 1024 * 1024
"""Three hours of frames take half of it."""

_READ_BYTES: Final = 256 * 1024
_NEAR_END: Final = 16
"""An object that was cut off in a word or a number is found bad so near the end."""

_BOM: Final = "\ufeff"
_BETWEEN: Final = re.compile(r"[\s,\[\]\ufeff]*")
_NEXT: Final = re.compile(r"\}[\s,]*(?=\{)")


class Again:
    """A stream from its beginning, some of which was read already."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = io.BytesIO(head)
        self._rest = rest

    def readline(self, limit: int) -> bytes:
        """The next line with its end, or the first `limit` bytes of it."""
        line = self._head.readline(limit)
        if line.endswith(b"\n") or len(line) == limit:
            return line
        return line + self._rest.readline(limit - len(line))

    def read(self, limit: int) -> bytes:
        """The next `limit` bytes; fewer only at the end."""
        return self._head.read(limit) or read_all_of(self._rest, limit)


def read_all_of(stream: BinaryIO, limit: int) -> bytes:
    """The next `limit` bytes, fewer only at the end: a pipe gives what it has."""
    parts = []
    while limit and (part := stream.read(limit)):
        parts.append(part)
        limit -= len(part)
    return b"".join(parts)


def lines_of(stream: Again) -> Iterator[tuple[int, str | UnreadableLine]]:
    """Each line with its number, without its end; those that say nothing or begin with `#` are left out."""
    number = 0
    while raw := stream.readline(MOST_LINE_BYTES + 1):
        number += 1
        if len(raw) > MOST_LINE_BYTES:
            while raw and not raw.endswith(b"\n"):
                raw = stream.readline(MOST_LINE_BYTES)
            yield number, UnreadableLine(TOO_LONG)
            continue
        try:
            line = raw.decode().removeprefix(_BOM if number == 1 else "").strip()
        except UnicodeDecodeError:
            yield number, UnreadableLine(NO_TEXT)
            continue
        if line and not line.startswith("#"):
            yield number, line


def values_of(stream: Again) -> Iterator[tuple[int, Any | UnreadableLine]]:
    """Each object with its number: of a list, of several lists, or one after the other.

    After one that cannot be read it goes on with the next that begins behind a closing bracket.
    """
    decode = codecs.getincrementaldecoder("utf-8")(errors="replace")
    decoder = json.JSONDecoder()
    text, at, number, is_whole = "", 0, 0, False
    while True:
        found = _BETWEEN.match(text, at)
        at = at if found is None else found.end()
        reason, may_go_on = None, False
        try:
            value, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            reason = NO_JSON
            may_go_on = error.msg.startswith("Unterminated") or error.pos > len(text) - _NEAR_END
            if len(text) - at > MOST_LINE_BYTES:
                reason = TOO_LONG
        except RecursionError:
            reason = TOO_LONG
        if reason == NO_JSON and may_go_on and not is_whole:
            data = stream.read(_READ_BYTES)
            is_whole = not data
            text, at = text[at:] + decode.decode(data, final=is_whole), 0
            continue
        if reason == NO_JSON and at == len(text):
            return
        number += 1
        if reason is None:
            at = end
            yield number, value
            continue
        yield number, UnreadableLine(reason)
        text, at, is_whole = _pass_over(stream, decode, text[at:], is_whole=is_whole)


def _pass_over(
    stream: Again, decode: codecs.IncrementalDecoder, text: str, *, is_whole: bool
) -> tuple[str, int, bool]:
    """What is left from the next object on, where it begins, and whether all was read."""
    while True:
        found = _NEXT.search(text)
        if found is not None:
            return text, found.end(), is_whole
        if is_whole:
            return "", 0, True
        data = stream.read(_READ_BYTES)
        is_whole = not data
        # A closing bracket may stand at the very end of what was read.
        text = text[-1000:] + decode.decode(data, final=is_whole)
