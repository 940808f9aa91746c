# SPDX-License-Identifier: Apache-2.0
"""A bank in a file: for whoever was handed a list of hashes and wants to look through a folder."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from haechi.bank import Bank
from haechi.errors import FileNotReadable, UnreadableBank
from haechi.match import Hit, Index
from haechi.values import PDQ_MATCH_RADIUS_BITS, BankPolicy, Signal, SignalType
from haechi.workflows._fingerprint import HashedFile, check_regular
from haechi.workflows._screen import Match, Query, find_matches, picture_queries

_TYPE_OF_LENGTH: Final = {64: SignalType.PDQ, 32: SignalType.MD5}


@dataclass(frozen=True, slots=True)
class LocalBank:
    """The contents of a hash file, searchable; `skipped` counts the lines that could not be read."""

    name: str
    contents: int
    skipped: int
    _index: Index

    def matches(self, hashed: HashedFile) -> list[Match]:
        """The contents of the bank that this file matches, best first."""
        queries = [Query(signal) for signal in hashed.signals]
        if hashed.picture is not None:
            queries += picture_queries(hashed.picture)
        return find_matches(queries, self._search)

    def _search(self, signals: Sequence[Signal]) -> list[list[tuple[Hit, str, Bank]]]:
        bank = Bank("", self.name, BankPolicy.BLOCK, PDQ_MATCH_RADIUS_BITS)
        found = self._index.search(signals, radius_bits=bank.radius_bits)
        return [[(hit, f"line {hit.entry_id}", bank) for hit in hits] for hits in found]


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
    index = Index()
    index.add(entries)
    return LocalBank(path.name, len(entries), tally["skipped"], index)


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
