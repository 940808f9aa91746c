# SPDX-License-Identifier: Apache-2.0
"""Runs the migrations in `_migrations/versions` with Alembic, on a connection that is handed in."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, func, select

from haechi.errors import BrokenStore

_FOLDER: Final = Path(__file__).parent / "_migrations"
# Any number that nobody else locks in this database: "haechi" in ASCII.
_MIGRATION_LOCK: Final = int.from_bytes(b"haechi", "big")


def await_turn(tx: Connection) -> None:
    """Wait until no other process migrates this database; the turn ends with the transaction.

    On SQLite the writer's transaction is that turn already.
    """
    if tx.dialect.name == "postgresql":
        tx.execute(select(func.pg_advisory_xact_lock(_MIGRATION_LOCK)))


def migrate(tx: Connection, revision: str) -> None:
    """Bring the tables to `revision` (upwards or downwards) inside the caller's transaction.

    Raises:
        BrokenStore: the database is at a revision that this program does not know.
    """
    config = _config()
    config.attributes["connection"] = tx
    now = current_revision(tx)
    try:
        order = _known_revisions()
        goes_down = revision == "base" or (
            now is not None and revision in order and order.index(revision) > order.index(now)
        )
        (command.downgrade if goes_down else command.upgrade)(config, revision)
    except CommandError as error:
        raise BrokenStore(reason="its tables cannot be brought to this version") from error


def current_revision(connection: Connection) -> str | None:
    """The revision the tables are at; None for a database without tables.

    Raises:
        BrokenStore: a revision that this program does not know.
    """
    now = MigrationContext.configure(connection).get_current_revision()
    if now is not None and now not in _known_revisions():
        raise BrokenStore(reason="it was written by a newer version of Haechi; update Haechi")
    return now


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config


def _known_revisions() -> list[str]:
    """Every revision that this program brings, newest first."""
    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]
