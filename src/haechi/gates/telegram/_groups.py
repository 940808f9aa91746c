# SPDX-License-Identifier: Apache-2.0
"""What each group chose, and what happened in it since the start: numbers, no messages and no people."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from haechi.errors import BadSetting

_MOST_GROUPS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Choice:
    """What a group's admins want."""

    removes: bool = True
    """Known copies are taken out; otherwise the admins are told only."""
    fails_closed: bool = False
    """What could not be checked is taken out."""
    removes_large: bool = False
    """What is too large to be checked is taken out."""


CHOICES: Final = ("removes", "fails_closed", "removes_large")


@dataclass(slots=True)
class Tally:
    """What happened in a group since the bot was started."""

    seen: int = 0
    matched: int = 0
    review: int = 0
    unchecked: int = 0
    large: int = 0
    untold: int = 0


@dataclass(slots=True)
class Group:
    """One group or channel."""

    id: int
    title: str = ""
    choice: Choice = field(default_factory=Choice)
    tally: Tally = field(default_factory=Tally)
    said_large: bool = False


class Groups:
    """Every group that the bot has met, within bounds; choices outlive it if it is given a file.

    Raises:
        BadSetting: the file is there and is none of ours.
    """

    def __init__(self, remembers_in: Path | None) -> None:
        self._path = remembers_in
        self._groups: dict[int, Group] = {}
        if remembers_in is not None and remembers_in.exists():
            self._load(remembers_in)

    def __iter__(self) -> Any:
        return iter(list(self._groups.values()))

    def of(self, chat_id: int, title: str | None = None) -> Group:
        """The group with this id, under its title of now."""
        group = self._groups.get(chat_id)
        if group is None:
            self._make_room()
            group = self._groups[chat_id] = Group(chat_id)
        if title:
            group.title = title
        return group

    def choose(self, group: Group, name: str, *, is_wanted: bool) -> None:
        """Remember one choice of a group."""
        group.choice = replace(group.choice, **{name: is_wanted})
        self._save()

    def move(self, old_id: int, new_id: int) -> None:
        """A group became a supergroup, and has another id from now on."""
        old = self._groups.pop(old_id, None)
        if old is not None:
            self.of(new_id, old.title).choice = old.choice
            self._save()

    def _make_room(self) -> None:
        """Forget a group that chose nothing; one that did is never forgotten."""
        if len(self._groups) >= _MOST_GROUPS:
            usual = (key for key, group in self._groups.items() if group.choice == Choice())
            with suppress(StopIteration):
                del self._groups[next(usual)]

    def _load(self, path: Path) -> None:
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))["groups"]
            for chat_id, choice in kept.items():
                chosen = Choice(**{name: bool(choice[name]) for name in CHOICES})
                self._groups[int(chat_id)] = Group(int(chat_id), choice=chosen)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadSetting(
                name="--settings-file", reason="the file is no settings of a bot"
            ) from error

    def _save(self) -> None:
        if self._path is None:
            return
        chosen = {
            str(group.id): asdict(group.choice)
            for group in self._groups.values()
            if group.choice != Choice()
        }
        # Whole or not at all, and for nobody else to read.
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"groups": chosen}, file)
            Path(name).replace(self._path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
