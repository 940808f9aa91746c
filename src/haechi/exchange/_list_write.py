# SPDX-License-Identifier: Apache-2.0
"""Writing hash lists, piece by piece. Each says of itself that it holds intimate data."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from haechi.exchange._list_words import INTIMATE, TYPES_TOLD, tx_words
from haechi.values import ListForm, Signal

Listed = tuple[str, tuple[Signal, ...]]
"""A content's opaque id and its signals."""

_CSV_COLUMNS: Final = ("content", "signal_type", "signal", "quality", "handling")


def write_list(contents: Iterable[Listed], form: ListForm, *, name: str) -> Iterator[str]:
    """The list as text, in pieces. Regional signals are left out, and contents that have no others.

    HMA's form and `tx`'s say nothing of quality: there a PDQ that is not to be trusted is left out too,
    for whoever reads it would trust it.
    """
    return _WRITERS[form](contents, name)


def _csv(contents: Iterable[Listed], _name: str) -> Iterator[str]:
    yield ",".join(_CSV_COLUMNS) + "\n"
    for content_id, signals in contents:
        for signal in _told(signals):
            quality = "" if signal.quality is None else signal.quality
            yield _csv_line((content_id, signal.type.value, signal.hex, quality, INTIMATE))


def _csv_line(fields: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(fields)
    return line.getvalue()


def _jsonl(contents: Iterable[Listed], _name: str) -> Iterator[str]:
    for content_id, signals in contents:
        told = [_words(signal) for signal in _told(signals)]
        if told:
            yield _line({"content": content_id, "signals": told, "handling": INTIMATE})


def _words(signal: Signal) -> dict[str, Any]:
    words: dict[str, Any] = {"type": signal.type.value, "value": signal.hex}
    return words if signal.quality is None else {**words, "quality": signal.quality}


def _hma(contents: Iterable[Listed], name: str) -> Iterator[str]:
    """A list of contents as HMA answers one with its signals: at most one signal of a type in each."""
    bank = {"matching_enabled_ratio": 1.0, "name": name}
    number = 0
    yield "["
    for _, signals in contents:
        for by_type in _one_of_each(_trusted(signals)):
            yield "\n" if number == 0 else ",\n"
            number += 1
            told = {
                "bank": bank,
                "disable_until_ts": 1,
                "id": number,
                "note": INTIMATE,
                "original_media_uri": None,
                "signals": by_type,
            }
            yield json.dumps(told, ensure_ascii=False)
    yield "\n]\n"


def _one_of_each(signals: Iterable[Signal]) -> list[dict[str, str]]:
    maps: list[dict[str, str]] = []
    for signal in signals:
        kind, value = tx_words(signal)
        free = next((one for one in maps if kind not in one), None)
        if free is None:
            maps.append(free := {})
        free[kind] = value
    return maps


def _tx(contents: Iterable[Listed], _name: str) -> Iterator[str]:
    """`TYPE VALUE` a line, as `tx` reads them; to it the first line is of a type that it does not know."""
    yield f"# {INTIMATE} data: keep it as such\n"
    for _, signals in contents:
        for signal in _trusted(signals):
            yield " ".join(tx_words(signal)) + "\n"


def _told(signals: Iterable[Signal]) -> list[Signal]:
    return [signal for signal in signals if signal.type in TYPES_TOLD]


def _trusted(signals: Iterable[Signal]) -> list[Signal]:
    return [signal for signal in _told(signals) if signal.is_trusted]


def _line(words: Mapping[str, Any]) -> str:
    return json.dumps(words, ensure_ascii=False) + "\n"


_WRITERS: Final[Mapping[ListForm, Callable[[Iterable[Listed], str], Iterator[str]]]] = {
    ListForm.CSV: _csv,
    ListForm.JSONL: _jsonl,
    ListForm.HMA: _hma,
    ListForm.TX: _tx,
}
