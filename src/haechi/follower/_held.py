# SPDX-License-Identifier: Apache-2.0
"""The contents that a follower holds: its store, and the index that answers from memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import UNSET

from haechi.errors import BrokenStore, DamagedSnapshot
from haechi.follower._match import FollowerMatch, find_known
from haechi.follower._store import Held, Owner, Store
from haechi.follower._wire import Cursor, FeedChange, FeedPage
from haechi.match import Index, View
from haechi.values import PDQ_MATCH_RADIUS_BITS, BankPolicy, Signal, utc_now

__all__ = ["HeldSet"]

_INDEX_FILE: Final = "follower.index"
_LOAD_AT_ONCE: Final = 20_000
_FORGET_AT_ONCE: Final = 2000
_MOST_NAME_CHARACTERS: Final = 200


@dataclass(slots=True)
class _Facts:
    """What is noted beside the contents, under the same names."""

    step: int = 0
    next_entry: int = 1
    round_: int = 1
    is_round_open: bool = True
    is_complete: bool = False
    cursor: str = ""
    feed: str = ""
    public_key: str = ""
    unreadable: int = 0


@dataclass(slots=True)
class _Sorted:
    """One page, by what is to be done."""

    present: dict[str, Held] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    unreadable: int = 0


class HeldSet:
    """A folder's contents, searchable. One thread changes them, any may ask.

    A round is one reading of the feed from its beginning. What no step of a round has named is forgotten
    when the round ends, and until then is matched as before.

    Raises:
        BrokenStore: the folder cannot be used.
    """

    def __init__(self, folder: Path, *, may_write: bool = True) -> None:
        self._store = Store(folder, may_write=may_write)
        self._path = folder / _INDEX_FILE
        self._may_write = may_write
        self._sealing_key = HKDF(SHA256(), 32, None, b"haechi follower index").derive(
            self._store.key
        )
        known = self._store.state()
        self.facts = _Facts(**{name: known[name] for name in _Facts.__slots__ if name in known})
        try:
            self._index, self._saved_step = self._load()
        except BaseException:
            self._store.close()
            raise
        self._widest_bits = self._store.widest_bits()
        self._count = self._store.count()

    def close(self) -> None:
        """Give everything back."""
        self._index.close()
        self._store.close()

    @property
    def cursor(self) -> Cursor:
        """How far the feed is applied."""
        return Cursor.parse(self.facts.cursor or "0")

    def pin(self, public_key: bytes) -> None:
        """Note the key that signs the feed."""
        with self._store.change():
            self._store.note(public_key=public_key.hex())
        self.facts.public_key = public_key.hex()

    def begin_round(self) -> None:
        """Read the feed from its beginning again; what is held is matched meanwhile."""
        self._note(round_=self.facts.round_ + 1, is_round_open=True, cursor="", feed="")

    def apply(self, page: FeedPage) -> None:
        """Take up a page: on disk, with its cursor, before any answer rests on it.

        What cannot be read of a page is counted and left out; a content that is held stays as it was.
        """
        facts = self.facts
        done = _sorted(page.changes)
        step, next_entry = facts.step + 1, facts.next_entry
        first_new = next_entry
        with self._store.change():
            known = self._store.entry_ids([*done.present, *done.gone])
            gone = [known[content_id] for content_id in done.gone if content_id in known]
            put = []
            for content_id, held in done.present.items():
                entry_id = known.get(content_id)
                if entry_id is None:
                    entry_id, next_entry = next_entry, next_entry + 1
                put.append((entry_id, held))
            self._store.forget(gone, step=step)
            self._store.put(put, round_=facts.round_, step=step)
            noted = {
                "step": step,
                "next_entry": next_entry,
                "cursor": page.next,
                "feed": page.feed,
                "unreadable": facts.unreadable + done.unreadable,
            }
            self._store.note(**noted)
        self._keep(noted)
        self._count += next_entry - first_new - len(gone)
        widest = (held.owner.radius_bits for held in done.present.values())
        self._widest_bits = max(self._widest_bits, *widest, 0)
        self._index.add((entry_id, held.signals) for entry_id, held in put)
        self._index.remove(gone)
        if facts.is_round_open and self.cursor.seq >= page.head:
            self._end_round()

    def _end_round(self) -> None:
        while left := self._store.left_behind(self.facts.round_, limit=_FORGET_AT_ONCE):
            self._forget(left)
        self._note(is_round_open=False, is_complete=True)

    def forget_ended(self) -> None:
        """Erase what was to be held until now."""
        while ended := self._store.ended(utc_now(), limit=_FORGET_AT_ONCE):
            self._forget(ended)

    def _forget(self, entry_ids: list[int]) -> None:
        step = self.facts.step + 1
        with self._store.change():
            self._store.forget(entry_ids, step=step)
            self._store.note(step=step)
        self.facts.step = step
        self._count -= len(entry_ids)
        self._index.remove(entry_ids)

    def _note(self, **values: Any) -> None:
        with self._store.change():
            self._store.note(**values)
        self._keep(values)

    def _keep(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            setattr(self.facts, name, value)

    def save(self) -> None:
        """Write the index down, so that the next start is quick; what went is on no disk then.

        Raises:
            BrokenStore: it cannot be written.
        """
        step = self.facts.step
        if step != self._saved_step:
            self._index.save(self._path, position=step, sealing_key=self._sealing_key)
            self._store.forget_gone(step)
            self._saved_step = step

    def _load(self) -> tuple[Index, int]:
        try:
            index, position = Index.load(self._path, sealing_key=self._sealing_key)
        except FileNotFoundError:
            index, position = Index(), -1
        except DamagedSnapshot:
            index, position = Index(), -1
            self._drop_file()
        if position > self.facts.step:
            # The store came back from a backup: what the file knows more never happened.
            index.close()
            index, position = Index(), -1
            self._drop_file()
        index.remove(self._store.gone_since(position))
        rows = self._store.signals_since(position)
        while part := list(islice(rows, _LOAD_AT_ONCE)):
            index.add(part)
        return index, position

    def _drop_file(self) -> None:
        if self._may_write:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    def view(self) -> View:
        """The index as it is now."""
        return self._index.view()

    @property
    def widest_bits(self) -> int:
        """No content has a larger radius."""
        return self._widest_bits

    def owners_of(self, entry_ids: Iterable[int]) -> dict[int, Owner]:
        """Whose each of these entries is that is held now."""
        return self._store.owners(entry_ids, utc_now())

    def matches(self, signals: Sequence[Signal]) -> list[FollowerMatch]:
        """See `find_known`."""
        return find_known(self.view(), signals, self.owners_of, self._widest_bits)

    def count(self) -> int:
        """How many contents are held."""
        return self._count

    def content_ids(self) -> frozenset[str]:
        """The opaque id of every content that is held now."""
        return self._store.content_ids(utc_now())


def _sorted(changes: Iterable[FeedChange]) -> _Sorted:
    done = _Sorted()
    for change in changes:
        held = None
        if change.state == "present":
            try:
                held = _held(change, done)
            except (ValueError, TypeError):
                done.unreadable += 1
                continue
        if held is None or not held.signals:
            done.present.pop(change.content, None)
            done.gone.add(change.content)
        else:
            done.gone.discard(change.content)
            done.present[change.content] = held
    return done


def _held(change: FeedChange, done: _Sorted) -> Held:
    """What the step says of a content that is present.

    Raises:
        ValueError, TypeError: it does not say what it should.
    """
    if change.bank is UNSET or change.radius is UNSET or change.signals is UNSET:
        raise ValueError("a content that is present has a bank, a radius and signals")
    if change.radius < 0 or len(change.bank) > _MOST_NAME_CHARACTERS:
        raise ValueError("no such bank")
    until = None if change.until is UNSET else datetime.fromisoformat(change.until)
    if until is not None and until.tzinfo is None:
        raise ValueError("a moment has a zone")
    try:
        policy = BankPolicy(str(change.policy))
    except ValueError:
        policy = BankPolicy.REVIEW  # one that this version does not know: a person looks
    signals = []
    for line in change.signals:
        quality = None if line.quality is UNSET else line.quality
        try:
            signals.append(Signal.parse(line.type, line.value, quality))
        except ValueError:
            done.unreadable += 1
    owner = Owner(change.content, change.bank, policy, min(change.radius, PDQ_MATCH_RADIUS_BITS))
    return Held(owner, until, tuple(signals))


def open_held(folder: Path) -> HeldSet:
    """The contents that a follower left in this folder, to be asked only.

    Raises:
        BrokenStore: no follower kept anything there, or it cannot be read.
    """
    if not folder.is_dir():
        raise BrokenStore(reason="there is no follower's folder")
    return HeldSet(folder, may_write=False)
