# SPDX-License-Identifier: Apache-2.0
"""What a follower holds on its own disk: the contents, and how far it has come, changed together.

One file of SQLite that only its owner can read. A page of the feed and the cursor after it are one
transaction, on disk before it counts: whatever ends the process, the next one goes on from there, and
what was withdrawn stays withdrawn. Values are sealed under a key in a file beside it, and overwritten
when they go.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from haechi.errors import BrokenStore
from haechi.values import BankPolicy, Signal, SignalType

__all__ = ["Held", "Owner", "Store"]

_FILE: Final = "follower.sqlite3"
_KEY_FILE: Final = "follower.key"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_MOST_NUMBERS: Final = 500
_BUSY_S: Final = 30.0

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS content (
    entry_id INTEGER PRIMARY KEY,
    content_id TEXT NOT NULL UNIQUE,
    bank TEXT NOT NULL,
    policy TEXT NOT NULL,
    radius_bits INTEGER NOT NULL,
    until_us INTEGER,
    round INTEGER NOT NULL,
    step INTEGER NOT NULL,
    sealed BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_content_step ON content (step);
CREATE INDEX IF NOT EXISTS ix_content_until ON content (until_us) WHERE until_us IS NOT NULL;
CREATE TABLE IF NOT EXISTS gone (entry_id INTEGER PRIMARY KEY, step INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose an entry is: the content, and the rules of its bank."""

    content_id: str
    bank: str
    policy: BankPolicy
    radius_bits: int


@dataclass(frozen=True, slots=True)
class Held:
    """A content as it is to be held, until a moment where there is one."""

    owner: Owner
    until: datetime | None
    signals: tuple[Signal, ...]


class Store:
    """The contents and the cursor of one folder. One thread writes; any may ask `owners`.

    `step` counts what was applied here, and is not the number of the feed.

    Raises:
        BrokenStore: the folder cannot be used.
    """

    def __init__(self, folder: Path, *, may_write: bool = True) -> None:
        path = folder / _FILE
        try:
            if may_write:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                path.touch(mode=0o600)
            self.key = _load_key(folder / _KEY_FILE, may_create=may_write)
            self._writer = _connect(path, writes=may_write)
            if may_write:
                self._writer.executescript(_TABLES)
            self._reader = _connect(path, writes=False)
        except (OSError, sqlite3.Error) as error:
            raise BrokenStore(reason="the follower's folder cannot be read or written") from error
        self._cipher = AESGCM(self.key)
        self._asking = threading.Lock()

    def close(self) -> None:
        """Give the files back."""
        self._writer.close()
        with self._asking:
            self._reader.close()

    def state(self) -> dict[str, Any]:
        """What is noted beside the contents."""
        rows = self._writer.execute("SELECT name, value FROM state").fetchall()
        return {name: json.loads(value) for name, value in rows}

    @contextmanager
    def change(self) -> Iterator[None]:
        """A transaction: on disk when the block ends, undone when it raises.

        Raises:
            BrokenStore: the disk does not take it.
        """
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise BrokenStore(reason="the follower's file cannot be written") from error

    def note(self, **values: Any) -> None:
        """Note facts, inside a change."""
        rows = [(name, json.dumps(value)) for name, value in values.items()]
        self._writer.executemany("INSERT OR REPLACE INTO state VALUES (?, ?)", rows)

    def entry_ids(self, content_ids: Iterable[str]) -> dict[str, int]:
        """The number of each of these contents that is held."""
        found: dict[str, int] = {}
        for part in _parts(list(content_ids)):
            marks = ",".join("?" * len(part))
            query = f"SELECT content_id, entry_id FROM content WHERE content_id IN ({marks})"  # noqa: S608
            found.update(self._writer.execute(query, part).fetchall())
        return found

    def put(self, entries: Iterable[tuple[int, Held]], *, round_: int, step: int) -> None:
        """Hold these contents under these numbers, inside a change."""
        self._writer.executemany(
            "INSERT OR REPLACE INTO content VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    entry_id,
                    held.owner.content_id,
                    held.owner.bank,
                    held.owner.policy.value,
                    held.owner.radius_bits,
                    None if held.until is None else _micros(held.until),
                    round_,
                    step,
                    self._seal(entry_id, held.signals),
                )
                for entry_id, held in entries
            ],
        )

    def forget(self, entry_ids: Sequence[int], *, step: int) -> None:
        """Hold these entries no longer, inside a change; their values are overwritten."""
        rows = [(entry_id,) for entry_id in entry_ids]
        self._writer.executemany("DELETE FROM content WHERE entry_id = ?", rows)
        gone = [(entry_id, step) for entry_id in entry_ids]
        self._writer.executemany("INSERT OR REPLACE INTO gone VALUES (?, ?)", gone)

    def ended(self, at: datetime, *, limit: int) -> list[int]:
        """Entries that were to be held until then or earlier."""
        query = "SELECT entry_id FROM content WHERE until_us <= ? LIMIT ?"
        return [row[0] for row in self._writer.execute(query, (_micros(at), limit))]

    def left_behind(self, round_: int, *, limit: int) -> list[int]:
        """Entries that no step named since this round began."""
        query = "SELECT entry_id FROM content WHERE round < ? LIMIT ?"
        return [row[0] for row in self._writer.execute(query, (round_, limit))]

    def forget_gone(self, step: int) -> None:
        """Nothing on this disk holds what went up to this step any more; and the log is emptied."""
        with self.change():
            self._writer.execute("DELETE FROM gone WHERE step <= ?", (step,))
        self.clear_log()

    def clear_log(self) -> bool:
        """Whether the write-ahead log is empty now, so that it holds nothing that was erased."""
        busy, *_ = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def gone_since(self, step: int) -> list[int]:
        """Entries that went after this step."""
        rows = self._writer.execute("SELECT entry_id FROM gone WHERE step > ?", (step,))
        return [row[0] for row in rows]

    def signals_since(self, step: int) -> Iterator[tuple[int, tuple[Signal, ...]]]:
        """Every entry that was put after this step, with its signals; by rising number."""
        rows = self._writer.execute(
            "SELECT entry_id, sealed FROM content WHERE step > ? ORDER BY entry_id", (step,)
        )
        for entry_id, sealed in rows:
            yield entry_id, self._open(entry_id, sealed)

    def widest_bits(self) -> int:
        """The largest radius of any content."""
        found = self._writer.execute("SELECT max(radius_bits) FROM content").fetchone()[0]
        return int(found or 0)

    def count(self) -> int:
        """How many contents are held."""
        with self._asking:
            return int(self._reader.execute("SELECT count(*) FROM content").fetchone()[0])

    def content_ids(self, at: datetime) -> frozenset[str]:
        """Every content that is held at that moment."""
        query = "SELECT content_id FROM content WHERE until_us IS NULL OR until_us > ?"
        with self._asking:
            return frozenset(row[0] for row in self._reader.execute(query, (_micros(at),)))

    def owners(self, entry_ids: Iterable[int], at: datetime) -> dict[int, Owner]:
        """Whose each of these entries is that is held at that moment."""
        found = {}
        for part in _parts(list(entry_ids)):
            marks = ",".join("?" * len(part))
            query = (
                "SELECT entry_id, content_id, bank, policy, radius_bits FROM content "  # noqa: S608
                f"WHERE entry_id IN ({marks}) AND (until_us IS NULL OR until_us > ?)"
            )
            with self._asking:
                rows = self._reader.execute(query, (*part, _micros(at))).fetchall()
            for entry_id, content_id, bank, policy, radius_bits in rows:
                found[entry_id] = Owner(content_id, bank, BankPolicy(policy), radius_bits)
        return found

    def _seal(self, entry_id: int, signals: Sequence[Signal]) -> bytes:
        lines = [[signal.type.value, signal.hex, signal.quality] for signal in signals]
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, json.dumps(lines).encode(), _place(entry_id))

    def _open(self, entry_id: int, sealed: bytes) -> tuple[Signal, ...]:
        nonce, stored = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            lines = json.loads(self._cipher.decrypt(nonce, stored, _place(entry_id)))
            return tuple(Signal(SignalType(t), bytes.fromhex(v), q) for t, v, q in lines)
        except (InvalidTag, ValueError, TypeError) as error:
            raise BrokenStore(
                reason="the follower's file does not open with its key; begin with an empty folder"
            ) from error


def _place(entry_id: int) -> bytes:
    return b"follower:%d" % entry_id


def _micros(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)


def _parts(values: list[Any]) -> Iterator[list[Any]]:
    for first in range(0, len(values), _MOST_NUMBERS):
        yield values[first : first + _MOST_NUMBERS]


def _connect(path: Path, *, writes: bool) -> sqlite3.Connection:
    # Opened for writing also by readers: SQLite keeps what they share beside the file.
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=_BUSY_S,
        isolation_level=None,
        check_same_thread=False,
    )
    for pragma in ("synchronous=FULL", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    if writes:
        connection.execute("PRAGMA journal_mode=WAL")
    else:
        connection.execute("PRAGMA query_only=ON")
    return connection


def _load_key(path: Path, *, may_create: bool) -> bytes:
    if may_create and not path.exists():
        beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise BrokenStore(reason="the follower's key is damaged; begin with an empty folder")
    return key
