# SPDX-License-Identifier: Apache-2.0
"""How an upload is screened in the edits bench: by the product's own path, and nothing beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from haechi.values import Signal, SignalType
from haechi.workflows import HashedFile, LocalBank, Reason, Verdict, hash_files

__all__ = ["Ours", "Said", "known_signals"]


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of an upload and one known picture, and why."""

    verdict: Verdict
    reason: Reason
    signal_type: SignalType
    distance_bits: int


def known_signals(paths: Sequence[Path]) -> list[tuple[Signal, ...]]:
    """The signals of files that are put in a bank; none for a file that cannot be read."""
    return [hashed.signals for hashed in hash_files(paths)]


class Ours:
    """A bank of these contents, known by their places; those without a signal are not in it."""

    def __init__(self, contents: Sequence[Sequence[Signal]]) -> None:
        entries = [(place + 1, signals) for place, signals in enumerate(contents) if signals]
        self._bank = LocalBank.of("bench", entries)

    def said(self, paths: Sequence[Path]) -> list[dict[int, Said]]:
        """For each file every known content that it is said to show, by place."""
        return [self._matches(hashed) for hashed in hash_files(paths, looks_closely=True)]

    def _matches(self, hashed: HashedFile) -> dict[int, Said]:
        return {
            int(match.content_id.removeprefix("line ")) - 1: Said(
                match.verdict, match.reason, match.signal_type, match.distance_bits
            )
            for match in self._bank.matches(hashed)
        }
