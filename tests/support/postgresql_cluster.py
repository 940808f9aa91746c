# SPDX-License-Identifier: Apache-2.0
"""A throw-away PostgreSQL: its own folder, its own socket in that folder, no port, no password."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

_PORT = 5432  # only part of the socket's name: nothing listens on the network
_QUICK = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "16MB",
}

_EMPTY_ALL = """
    DO $$ BEGIN EXECUTE (
        SELECT 'TRUNCATE ' || string_agg(quote_ident(tablename), ', ') FROM pg_tables
        WHERE schemaname = 'public' AND tablename NOT IN ('alembic_version', 'feed_head', 'audit_head')
    ); END $$
"""

_END_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def binaries() -> Path | None:
    """The folder of the newest PostgreSQL server here."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


@dataclass(frozen=True)
class Cluster:
    """A running server; `folder` holds its socket."""

    folder: Path

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.folder}&port={_PORT}"

    def create(self, name: str) -> None:
        """A database without any table."""
        self._run("postgres", f"CREATE DATABASE {name} TEMPLATE template0")

    def clear(self, name: str) -> None:
        """Take everything out of a database; whoever is still connected loses the connection."""
        self._end_others(name)
        self._run(name, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")

    def empty_tables(self, name: str) -> None:
        """Take every row out of every table, and let the feed begin anew."""
        self._end_others(name)
        self._run(
            name,
            _EMPTY_ALL,
            "UPDATE feed_head SET seq = 0",
            "UPDATE audit_head SET seq = 0, digest = decode(repeat('00', 32), 'hex')",
        )

    def _end_others(self, name: str) -> None:
        self._run(name, _END_OTHERS)

    def _run(self, name: str, *statements: str) -> None:
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


@contextlib.contextmanager
def running_cluster(tools: Path) -> Iterator[Cluster]:
    """A cluster that is gone afterwards; started as `postgres` when we are root."""
    folder = Path(tempfile.mkdtemp(prefix="haechi-pg-", dir="/tmp"))
    as_owner = []
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
        # Debian keeps it where only an administrator's PATH looks.
        runuser = shutil.which("runuser", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if runuser is None:
            pytest.skip("SKIPPED: runuser is missing, so PostgreSQL cannot be started as its owner")
        as_owner = [runuser, "-u", "postgres", "--"]

    def call(tool: str, *arguments: str) -> None:
        subprocess.run(
            [*as_owner, str(tools / tool), "-D", str(folder / "data"), *arguments],
            cwd=folder,
            check=True,
            stdin=subprocess.DEVNULL,
            # The server keeps these open: with a pipe the call would never end.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    options = " ".join(f"-c {name}='{value}'" for name, value in _QUICK.items())
    sockets = f"-c unix_socket_directories='{folder}' -c port={_PORT}"
    with _cleared_away([*as_owner, str(tools / "pg_ctl"), "-D", str(folder / "data")], folder):
        call(
            "initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"
        )
        call("pg_ctl", "start", "-w", "-l", str(folder / "log"), "-o", f"{options} {sockets}")
        folder.chmod(0o755)  # the tests connect as another user than the server's
        yield Cluster(folder)


@contextlib.contextmanager
def _cleared_away(pg_ctl: list[str], folder: Path) -> Iterator[None]:
    """Stops the server and removes its folder afterwards, also when this process is killed.

    A shell waits for the end of its input, which comes when we close the pipe or are no more.
    """
    stop = f"read -r _; {shlex.join(pg_ctl)} stop -m immediate; rm -rf {shlex.quote(str(folder))}"
    with subprocess.Popen(
        ["/bin/sh", "-c", stop],
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ):
        yield
