# SPDX-License-Identifier: Apache-2.0
"""Reading hash lists of any form, one content after the other, however long the list is.

Each line is told as a content or as the reason why it is none: a bad one never ends the reading.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final

from haechi.bank import NewContent
from haechi.exchange._list_lines import MOST_LINE_BYTES, Again, lines_of, read_all_of, values_of
from haechi.exchange._list_words import (
    INTIMATE,
    NO_CSV,
    NO_JSON,
    NO_NOTE,
    NO_QUALITY,
    NO_SIGNAL,
    NO_TIME,
    NO_VALUE,
    TYPE_NAMES,
    UnreadableLine,
    bare_signal,
    signal_named,
)
from haechi.values import ListForm, Signal, utc_now

_MOST_SIGNALS: Final = 100
_MOST_NOTE_CHARACTERS: Final = 500
_HEAD_BYTES: Final = 4096

Told = tuple[str, NewContent | UnreadableLine]
"""Where it stands in the list, and what it is: a content, or why it is none."""

_COLUMNS: Final = {
    "type": "type",
    "signal_type": "type",
    "value": "value",
    "signal": "value",
    "signal_str": "value",
    "hash": "value",
    "quality": "quality",
    "content": "content",
    "content_id": "content",
    "note": "note",
}
_USUAL_COLUMNS: Final = ("type", "value", "quality")

# The frames of a film in one field are longer than what `csv` takes by itself.
csv.field_size_limit(MOST_LINE_BYTES)


def read_list(stream: BinaryIO, form: ListForm = ListForm.AUTO) -> Iterator[Told]:
    """What a list holds, in its order, with where it stands: `line 7`, or `content 7` of HMA's JSON.

    With `auto` the beginning says how the list is written. Nothing of a bad line is told but why it is bad.
    """
    head = read_all_of(stream, _HEAD_BYTES)
    if form is ListForm.AUTO:
        form = form_of(head)
    return _READERS[form](Again(head, stream))


def form_of(head: bytes) -> ListForm:
    """How the list is written that begins like this."""
    text = head.decode(errors="replace").lstrip("\ufeff")
    lines = [line.strip() for line in text.splitlines()]
    first = next((line for line in lines if line and not line.startswith("#")), "")
    if first.startswith("["):
        return ListForm.TX if first.startswith('["') else ListForm.HMA
    if first.startswith("{"):
        # A line that was cut off by the end of `head` is long, as ours with frames are.
        return ListForm.HMA if first in ("{", "{}") or first[-1] in ",[{" else ListForm.JSONL
    words = [word.strip(' "').lower() for word in first.split(",")]
    is_csv = len(words) > 1 and (words[0] in TYPE_NAMES or not _COLUMNS.keys().isdisjoint(words))
    return ListForm.CSV if is_csv or first.lower() in _COLUMNS else ListForm.TX


def _tx(stream: Again) -> Iterator[Told]:
    """`TYPE VALUE`, or a value alone; whatever stands behind is somebody's word on it."""
    for number, line in lines_of(stream):
        yield from _told(f"line {number}", line, _tx_content)


def _tx_content(line: str) -> NewContent:
    word, _, rest = line.partition(" ")
    if word.lower() not in TYPE_NAMES and (line.startswith("[") or len(word) in (32, 64)):
        return NewContent((bare_signal(_first_value(line)),))
    return NewContent((signal_named(word, _first_value(rest)),))


def _first_value(text: str) -> str:
    text = text.strip()
    if not text:
        raise UnreadableLine(NO_SIGNAL)
    return text[: text.find("]") + 1] if text.startswith("[") else text.split(maxsplit=1)[0]


def _jsonl(stream: Again) -> Iterator[Told]:
    """One object a line."""
    for number, line in lines_of(stream):
        yield from _object(
            f"line {number}", line if isinstance(line, UnreadableLine) else _load(line)
        )


def _load(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return UnreadableLine(NO_JSON)


def _hma(stream: Again) -> Iterator[Told]:
    """Contents as HMA answers them, with their signals."""
    for number, value in values_of(stream):
        yield from _object(f"content {number}", value)


def _object(place: str, value: Any) -> Iterator[Told]:
    """The content that an object stands for, and what of it could not be read."""
    if isinstance(value, UnreadableLine):
        yield place, value
        return
    if not isinstance(value, Mapping):
        yield place, UnreadableLine(NO_JSON)
        return
    signals: list[Signal] = []
    bad: list[UnreadableLine] = []
    for words in _signal_words(value.get("signals")):
        try:
            signals.append(_parsed(*words))
        except UnreadableLine as unreadable:
            bad.append(unreadable)
    try:
        content = _content_of(value, signals[:_MOST_SIGNALS])
    except UnreadableLine as unreadable:
        content, bad = None, [unreadable]
    for each in bad:
        yield place, each
    if content is not None and content.signals:
        yield place, content
    elif not bad:
        yield place, UnreadableLine(NO_SIGNAL)


def _signal_words(stored: Any) -> list[tuple[Any, Any, Any]]:
    """Type, value and quality of each signal: of a list as we write it, or of HMA's map by type."""
    if isinstance(stored, Mapping):
        # A picture of which HMA could make no value has an empty one.
        return [(name, value, None) for name, value in stored.items() if value != ""]
    if not isinstance(stored, list):
        return []
    words = (one if isinstance(one, Mapping) else {} for one in stored)
    return [(one.get("type"), one.get("value"), one.get("quality")) for one in words]


def _parsed(name: Any, value: Any, quality: Any) -> Signal:
    if not isinstance(name, str) or not isinstance(value, str):
        raise UnreadableLine(NO_VALUE)
    if quality is not None and type(quality) is not int:
        raise UnreadableLine(NO_QUALITY)
    return signal_named(name, value, quality)


def _content_of(value: Mapping[str, Any], signals: list[Signal]) -> NewContent:
    until = value.get("disable_until_ts", 1)
    if type(until) is not int:
        raise UnreadableLine(NO_TIME)
    try:
        until_at = datetime.fromtimestamp(until, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UnreadableLine(NO_TIME) from error
    # HMA: 0 is off, a moment that is still ahead is off until then.
    is_held = until == 0 or until_at > utc_now()
    return NewContent(
        tuple(signals), _note(value.get("note")), is_held, until_at if is_held and until else None
    )


def _note(note: Any) -> str:
    if note is None or note == INTIMATE:
        return ""
    if not isinstance(note, str) or len(note) > _MOST_NOTE_CHARACTERS:
        raise UnreadableLine(NO_NOTE)
    return note


def _csv(stream: Again) -> Iterator[Told]:
    """Columns by the names in the first line; lines of one content stand together."""
    columns: tuple[str, ...] | None = None
    group, note, begun = "", "", ""
    signals: list[Signal] = []

    def close() -> Iterator[Told]:
        if signals:
            yield begun, NewContent(tuple(signals), note)
            signals.clear()

    for number, line in lines_of(stream):
        place = f"line {number}"
        try:
            fields = _fields(line)
            if columns is None:
                columns = _columns_of(fields)
                if columns is not None:
                    continue
                columns = _USUAL_COLUMNS
            words = dict(zip(columns, fields, strict=False))
            signal, said = _csv_signal(words), _note(words.get("note"))
        except UnreadableLine as error:
            yield place, error
            continue
        named = words.get("content", "")
        if not named or named != group or len(signals) >= _MOST_SIGNALS:
            yield from close()
            group, begun, note = named, place, ""
        signals.append(signal)
        note = note or said
    yield from close()


def _fields(line: str | UnreadableLine) -> list[str]:
    if isinstance(line, UnreadableLine):
        raise line
    try:
        return next(csv.reader([line], strict=True))
    except (csv.Error, StopIteration) as error:
        raise UnreadableLine(NO_CSV) from error


def _columns_of(fields: list[str]) -> tuple[str, ...] | None:
    """What each field is, if these are names of columns; those that say nothing to us have no name."""
    names = tuple(_COLUMNS.get(field.strip().lower(), "") for field in fields)
    return names if "value" in names else None


def _csv_signal(words: Mapping[str, str]) -> Signal:
    quality = words.get("quality", "").strip()
    if quality and not (quality.isascii() and quality.isdigit() and len(quality) <= 3):
        raise UnreadableLine(NO_QUALITY)
    if not words.get("value", "").strip():
        raise UnreadableLine(NO_SIGNAL)
    if not words.get("type", "").strip():
        return bare_signal(words["value"])
    return signal_named(words["type"], words["value"], int(quality) if quality else None)


def _told(
    place: str, line: str | UnreadableLine, parse: Callable[[str], NewContent]
) -> Iterator[Told]:
    try:
        if isinstance(line, UnreadableLine):
            raise line
        yield place, parse(line)
    except UnreadableLine as error:
        yield place, error


_READERS: Final[Mapping[ListForm, Callable[[Again], Iterator[Told]]]] = {
    ListForm.CSV: _csv,
    ListForm.JSONL: _jsonl,
    ListForm.HMA: _hma,
    ListForm.TX: _tx,
}
