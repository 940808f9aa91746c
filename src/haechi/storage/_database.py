# SPDX-License-Identifier: Apache-2.0
"""A database by its URL: many readers, transactions that are all or nothing.

On SQLite there is one writer at a time (`BEGIN IMMEDIATE` on a pool of one connection), readers open
the file query-only, and a commit is on disk before it is acknowledged (WAL, synchronous FULL).
On PostgreSQL the server does all of this. Nothing outside this module knows which one it is.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as NoConnectionInTime
from sqlalchemy.pool import QueuePool

from haechi.errors import BadSetting, BrokenStore
from haechi.storage._migrate import await_turn, current_revision, migrate

DATABASE_AWAY: Final = (OperationalError, InterfaceError, NoConnectionInTime)
"""What is raised when the database does not answer: worth trying again, and no fault of a request."""

_BUSY_TIMEOUT_S: Final = 30
_WAL_RETRY_S: Final = 0.01
_READERS: Final = 8
# Alembic keeps the migration that runs in a variable of its module.
_MIGRATING: Final = threading.Lock()


class Database:
    """An open database. Safe across threads; `close` it, or use it as a context manager.

    Raises:
        BadSetting: the URL is none that we can use.
        BrokenStore: the database cannot be opened.
    """

    def __init__(self, url: str) -> None:
        parsed = _parse_url(url)
        self._is_sqlite = parsed.get_backend_name() == "sqlite"
        if self._is_sqlite:
            _prepare_file(parsed)
            self._writer = _sqlite_engine(parsed, writes=True)
            self._reader = _sqlite_engine(parsed, writes=False)
        else:
            self._writer = create_engine(
                parsed, pool_size=_READERS, pool_pre_ping=True, hide_parameters=True
            )
            self._reader = self._writer.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )

    @staticmethod
    def is_there(url: str) -> bool:
        """Whether opening the URL would begin nothing new: the file is there, or it is a server's.

        Raises:
            BadSetting: the URL is none that we can use.
        """
        parsed = _parse_url(url)
        is_file = parsed.get_backend_name() == "sqlite"
        return not is_file or Path(parsed.database or "").is_file()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def migrate(self, revision: str = "head") -> None:
        """Bring the tables to `revision`, in one transaction; of several at once one does it.

        Raises:
            BrokenStore: the database cannot be reached or is newer than this program.
        """
        with _MIGRATING, _as_broken_store(), self._writer.begin() as tx:
            await_turn(tx)
            migrate(tx, revision)

    def revision(self) -> str | None:
        """The revision the tables are at; None for a database without tables.

        Raises:
            BrokenStore: the database cannot be reached or is newer than this program.
        """
        with _as_broken_store(), self._reader.connect() as connection:
            return current_revision(connection)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one unchanging state; writing on it fails."""
        with self._reader.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection in a transaction: committed when the block ends, undone when it raises."""
        with self._writer.begin() as tx:
            yield tx

    def clear_log(self) -> bool:
        """Whether what was erased is gone from the write-ahead log too.

        On SQLite the log keeps pages as they were until it is emptied; it cannot be while somebody reads
        an older state: then False, and it is to be tried again. Elsewhere the server looks after it.
        """
        if not self._is_sqlite:
            return True
        with self._writer.connect() as connection:
            raw = connection.connection.driver_connection
            if raw is None:
                return False
            busy, *_ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def close(self) -> None:
        """Give back every connection."""
        self._writer.dispose()
        self._reader.dispose()


def _parse_url(url: str) -> URL:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise BadSetting(
            name="HAECHI_DATABASE_URL", reason="it is not a database URL; see docs/settings.md"
        ) from error
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise BadSetting(
            name="HAECHI_DATABASE_URL", reason="only sqlite and postgresql can be used"
        )
    return parsed


def _prepare_file(url: URL) -> None:
    if not url.database or url.database == ":memory:":
        raise BadSetting(name="HAECHI_DATABASE_URL", reason="SQLite needs a file")
    path = Path(url.database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
    except OSError as error:
        raise BrokenStore(reason="the database file cannot be read or written") from error


def _sqlite_engine(url: URL, *, writes: bool) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=1 if writes else _READERS,
        max_overflow=0 if writes else _READERS,
        pool_timeout=_BUSY_TIMEOUT_S,
        # An error's text must not hold what was to be written.
        hide_parameters=True,
        connect_args={"timeout": _BUSY_TIMEOUT_S, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        # The driver must not begin transactions on its own: the listener below does.
        connection.isolation_level = None
        _switch_to_wal(connection)
        for pragma in (
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            f"query_only={'OFF' if writes else 'ON'}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer that asked for its lock only at the first write could fail halfway.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Of several that open a new file at once, the switch fails for all but one: it never waits."""
    give_up_at_s = time.monotonic() + _BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > give_up_at_s:
                raise
            time.sleep(_WAL_RETRY_S)
        else:
            return


@contextmanager
def _as_broken_store() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        # The driver's own text may hold the URL with its password: it stays in the chain only.
        raise BrokenStore(reason="the database does not answer as it should") from error
