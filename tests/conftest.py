# SPDX-License-Identifier: Apache-2.0
"""What every test may ask for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from installations import KEYS
from postgresql_cluster import Cluster, binaries, running_cluster

from haechi.storage import Database, Vault

# Two shared cores say nothing about speed: no example has a deadline.
settings.register_profile("haechi", deadline=None)
settings.load_profile("haechi")

_SHARED = Path(__file__).resolve().parents[1].parent / "shared"


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of conformance data and photographs beside the repository; never part of it."""
    if not _SHARED.is_dir():
        pytest.skip(f"no conformance data: {_SHARED} is not there, golden checks are NOT run")
    return _SHARED


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A PostgreSQL of our own for the session (one for each xdist worker), where one is installed."""
    tools = binaries()
    if tools is None:
        pytest.skip(
            "SKIPPED: no PostgreSQL server here, so nothing is known about that engine; "
            "on Debian: apt-get install postgresql"
        )
    with running_cluster(tools) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql: Cluster) -> str:
    """The name of a PostgreSQL database with all tables."""
    postgresql.create("migrated")
    with Database(postgresql.url("migrated")) as database:
        database.migrate()
    return "migrated"


@pytest.fixture(scope="session")
def bare_postgresql(postgresql: Cluster) -> str:
    """The name of a PostgreSQL database for what needs none of the tables."""
    postgresql.create("bare")
    return "bare"


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "haechi.sqlite3"
    with Database(f"sqlite:///{path}") as database:
        database.migrate()
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    """A fresh SQLite store with all tables."""
    path = tmp_path / "haechi.sqlite3"
    shutil.copyfile(migrated_sqlite, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine in turn."""
    return request.param


@pytest.fixture
def store_url(engine: str, request: pytest.FixtureRequest) -> str:
    """A store with all tables and nothing in them, on each engine."""
    if engine == "sqlite":
        return request.getfixturevalue("sqlite_url")
    cluster: Cluster = request.getfixturevalue("postgresql")
    name = request.getfixturevalue("migrated_postgresql")
    cluster.empty_tables(name)
    return cluster.url(name)


@pytest.fixture
def empty_store_url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A store without any table, on each engine."""
    if engine == "sqlite":
        return f"sqlite:///{tmp_path / 'data' / 'haechi.sqlite3'}"
    cluster: Cluster = request.getfixturevalue("postgresql")
    name = request.getfixturevalue("bare_postgresql")
    cluster.clear(name)
    return cluster.url(name)


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    """An open store, on each engine in turn."""
    with Database(store_url) as opened:
        yield opened


@pytest.fixture
def vault() -> Vault:
    """A vault with the tests' own master key."""
    return Vault(KEYS.master)
