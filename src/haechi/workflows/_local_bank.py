# SPDX-License-Identifier: Apache-2.0
"""A bank in a file: for whoever was handed a list of hashes and wants to look through a folder."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

from haechi.bank import Bank
from haechi.errors import FileNotReadable, UnreadableBank
from haechi.match import Index
from haechi.values import PDQ_MATCH_RADIUS_BITS, BankPolicy, Signal, SignalType
from haechi.workflows._find import Known, find_matches
from haechi.workflows._fingerprint import HashedFile, check_regular
from haechi.workflows._match import Match
from haechi.workflows._upload import Upload, upload_of_signals

_TYPE_OF_LENGTH: Final = {64: SignalType.PDQ, 32: SignalType.MD5}


@dataclass(frozen=True, slots=True)
class LocalBank:
    """The contents of a hash file, searchable; `skipped` counts the lines that could not be read."""

    name: str
    contents: int
    skipped: int
    _index: Index

    @classmethod
    def of(
        cls, name: str, entries: Iterable[tuple[int, Sequence[Signal]]], *, skipped: int = 0
    ) -> Self:
        """The bank of these contents, each a number of its own and its signals."""
        contents = list(entries)
        index = Index()
        index.add(contents)
        index.settle()
        return cls(name, len(contents), skipped, index)

    def holds(self, signal: Signal) -> bool:
        """Whether the list holds a value within the radius of this one."""
        return bool(self._index.search([signal])[0])

    def matches(self, hashed: HashedFile) -> list[Match]:
        """The contents of the bank that this file matches, best first: `line 7` is its seventh line."""
        upload = upload_of_signals(hashed.signals)
        if hashed.upload is not None:
            upload = replace(hashed.upload, queries=(*upload.queries, *hashed.upload.queries))
        return self.matches_of(upload)

    def matches_of(self, upload: Upload) -> list[Match]:
        """The contents of the bank that an upload matches, best first."""
        bank = Bank("", self.name, BankPolicy.BLOCK, PDQ_MATCH_RADIUS_BITS)

        def owners_of(entry_ids: Collection[int]) -> dict[int, tuple[str, Bank]]:
            return {entry_id: (f"line {entry_id}", bank) for entry_id in entry_ids}

        return find_matches(upload, Known(self._index.view(), owners_of, bank.radius_bits))


def load_local_bank(path: Path) -> LocalBank:
    """The bank in a text file: one content a line.

    A line is a bare value (64 hexadecimal digits: `pdq`; 32: `md5`), `TYPE VALUE`, or a line of
    `haechi hash --json`. Empty lines and lines that begin with `#` do not count; a line that cannot
    be read is counted and passed over.

    Raises:
        FileNotReadable: it is no file, or cannot be opened. UnreadableBank: not one line could be read.
    """
    try:
        check_regular(path)
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise FileNotReadable from error
    tally: Counter[str] = Counter()
    entries: list[tuple[int, list[Signal]]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            entries.append((number, _signals(line.strip())))
        except (ValueError, KeyError, TypeError, RecursionError):
            tally["skipped"] += 1
    if not entries:
        raise UnreadableBank
    return LocalBank.of(path.name, entries, skipped=tally["skipped"])


def _signals(line: str) -> list[Signal]:
    if line.startswith("{"):
        stored = json.loads(line)["signals"]
        signals = [Signal.parse(s["type"], s["value"], s.get("quality")) for s in stored]
        if not signals:
            raise ValueError("a line without signals")
        return signals
    words = re.split(r"[\s,]+", line)
    if len(words) == 1:
        return [Signal.parse(_TYPE_OF_LENGTH[len(words[0])], words[0])]
    return [Signal.parse(words[0].lower(), words[1])]
