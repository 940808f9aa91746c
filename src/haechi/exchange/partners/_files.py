# SPDX-License-Identifier: Apache-2.0
"""A list in a file on this machine, read whole at every pull: a line that was taken out has gone.

A file that is not there, that changes while it is read, or that holds no content at all is no list that
lost its lines: then nothing goes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, ClassVar, Final

from haechi.bank import NewContent
from haechi.errors import MalformedField, SourceFailed
from haechi.exchange._list_read import Told, read_list
from haechi.exchange._list_words import TYPE_NAMES, UnreadableLine, signal_named
from haechi.exchange.partners._shape import (
    Checkpoint,
    Page,
    Protocol,
    Record,
    RecordState,
    SourceConfig,
)
from haechi.exchange.partners._wire import Wire
from haechi.values import ListForm, Signal

_PAGE: Final = 1000
_MOST_BYTES: Final = 4 * 1024**3
_MOST_LINE_BYTES: Final = 1024


class Files(Protocol):
    """CSV, JSON lines, `tx` lines or HMA's JSON, by an absolute path in place of an address.

    With the option `signal_type` every line is one value of that type.
    """

    name: ClassVar[str] = "file"
    option_names: ClassVar[tuple[str, ...]] = ("form", "signal_type")
    takes_opinions: ClassVar[bool] = False
    is_read_whole: ClassVar[bool] = True

    def check(self, config: SourceConfig) -> None:
        """Make sure that a pull can be tried."""
        super().check(config)
        form = config.options.get("form", ListForm.AUTO.value)
        if form not in set(ListForm):
            raise MalformedField(
                field="options", reason=f"A form is one of: {', '.join(sorted(ListForm))}."
            )
        kind = config.options.get("signal_type")
        if kind is not None and kind not in TYPE_NAMES:
            raise MalformedField(
                field="options", reason=f"A signal_type is one of: {', '.join(TYPE_NAMES)}."
            )

    def check_address(self, address: str) -> None:
        """Make sure that this is a whole path."""
        if "\0" in address or not Path(address).is_absolute():
            raise MalformedField(field="address", reason="A file needs its whole path, from / on.")

    def pull(
        self,
        config: SourceConfig,
        checkpoint: Checkpoint | None,
        wire: Wire,  # noqa: ARG002  # nothing is asked of anybody
        *,
        now: datetime,  # noqa: ARG002
    ) -> Iterator[Page]:
        """Everything, in pages; the last one comes once it is sure that the file stayed as it was."""
        try:
            with Path(config.address).open("rb") as stream:
                before = _looks(stream)
                if checkpoint and checkpoint.get("looks") == before:
                    yield Page((), checkpoint, is_complete=True, is_same=True)
                    return
                for page in _pages(config, stream):
                    # One that grows while it is read might have no end.
                    _check_same(before, _looks(stream))
                    yield page
                _check_same(before, _looks(stream))
                _check_same(before, _facts(Path(config.address).stat()))
        except OSError:
            raise SourceFailed(word="no_file") from None
        yield Page((), {"looks": before}, is_complete=True)


def _looks(stream: BinaryIO) -> list[int]:
    return _facts(os.fstat(stream.fileno()))


def _check_same(before: list[int], now: list[int]) -> None:
    if before != now:
        raise SourceFailed(word="changed")


def _facts(found: os.stat_result) -> list[int]:
    if found.st_size > _MOST_BYTES:
        raise SourceFailed(word="too_large")
    return [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns]


def _pages(config: SourceConfig, stream: BinaryIO) -> Iterator[Page]:
    records: list[Record] = []
    set_aside: list[tuple[str, str]] = []
    for place, told in _lines(config, stream):
        if isinstance(told, UnreadableLine):
            set_aside.append((place, told.reason))
        elif not told.is_held:
            records.append(_record(told.signals))
        if len(records) + len(set_aside) >= _PAGE:
            yield Page(records, {}, is_complete=False, set_aside=set_aside)
            records, set_aside = [], []
    if records or set_aside:
        yield Page(records, {}, is_complete=False, set_aside=set_aside)


def _lines(config: SourceConfig, stream: BinaryIO) -> Iterator[Told]:
    kind = config.options.get("signal_type")
    if kind is None:
        yield from read_list(stream, ListForm(config.options.get("form", ListForm.AUTO.value)))
        return
    number = 0
    while line := stream.readline(_MOST_LINE_BYTES):
        number += 1
        text = line.decode("ascii", errors="replace").strip()
        if not text or text.startswith("#"):
            continue
        try:
            yield f"line {number}", NewContent((signal_named(kind, text),))
        except UnreadableLine as error:
            yield f"line {number}", error


def _record(signals: Sequence[Signal]) -> Record:
    """A line is known by what it says: its place changes when another is taken out."""
    words = ";".join(sorted(f"{signal.type}:{signal.hex}" for signal in signals))
    key = hashlib.sha256(words.encode()).hexdigest()
    return Record(key, RecordState.PRESENT, tuple(signals), is_confirmed=True)
