# SPDX-License-Identifier: Apache-2.0
"""The tables, brought up and down on both engines, with data in them and by several at once."""

from __future__ import annotations

import importlib
import json
import pkgutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from installations import context_on, digest, image, pdq_value, person, report
from sqlalchemy import CheckConstraint, inspect, select, text

import haechi
from haechi.errors import BrokenStore
from haechi.settings import Settings
from haechi.storage import Database, _migrate, metadata
from haechi.workflows import Sighting, open_context, read_case

for found in pkgutil.walk_packages(haechi.__path__, "haechi."):
    if found.name.endswith("._tables"):
        importlib.import_module(found.name)

REVISIONS = [
    script.revision
    for script in reversed(list(ScriptDirectory(str(_migrate._FOLDER)).walk_revisions()))
]


@pytest.fixture
def database(empty_store_url: str) -> Iterator[Database]:
    with Database(empty_store_url) as opened:
        yield opened


def _tables(database: Database) -> set[str]:
    with database.read() as tx:
        return set(inspect(tx).get_table_names()) - {"alembic_version"}


def test_a_store_without_tables_has_no_revision(database: Database) -> None:
    assert database.revision() is None


def test_the_last_revision_has_exactly_the_tables_of_the_rooms(database: Database) -> None:
    database.migrate()
    assert database.revision() == REVISIONS[-1]
    with database.read() as tx:
        context = MigrationContext.configure(
            tx, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []
    assert _tables(database) == set(metadata.tables)


def test_the_checks_have_the_names_that_the_rooms_give_them(database: Database) -> None:
    """Alembic compares no check constraints; one of another name could not be dropped later."""
    database.migrate()
    with database.read() as tx:
        inspector = inspect(tx)
        for table in metadata.tables.values():
            expected = {
                str(item.name) for item in table.constraints if isinstance(item, CheckConstraint)
            }
            # The convention is applied when the statement is written.
            expected = {
                name if name.startswith("ck_") else f"ck_{table.name}_{name}" for name in expected
            }
            stored = {item["name"] for item in inspector.get_check_constraints(table.name)}
            assert stored == expected, table.name


def test_up_is_down_is_up(database: Database) -> None:
    for _ in range(2):
        for revision in REVISIONS:
            database.migrate(revision)
            assert database.revision() == revision
        for revision in [*reversed(REVISIONS[:-1]), "base"]:
            database.migrate(revision)
        assert database.revision() is None
        assert _tables(database) == set()


def test_again_is_no_change(database: Database) -> None:
    database.migrate()
    database.migrate()
    assert database.revision() == REVISIONS[-1]


def test_data_stays_through_the_last_step_or_goes_with_its_tables(
    empty_store_url: str, tmp_path: Path
) -> None:
    """Down and up with a case in the store: nothing refuses, and the store can be used again."""
    with Database(empty_store_url) as database:
        database.migrate()
    for _ in range(2):
        with context_on(empty_store_url, tmp_path) as ctx:
            opened = report(
                ctx, image(pdq_value(1), digest(1)), sightings=(Sighting(place="어느 방"),)
            )
            assert read_case(ctx, person(opened)).sightings[0].place == "어느 방"
            ctx.live.catch_up()
            assert len(ctx.live) == 1
            ctx.database.migrate("base")
            ctx.database.migrate()


def test_a_store_of_a_later_haechi_is_refused_and_left_as_it_is(
    empty_store_url: str, tmp_path: Path
) -> None:
    with Database(empty_store_url) as database:
        database.migrate()
        before = _tables(database)
        with database.write() as tx:
            tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(BrokenStore, match="newer version"):
            database.migrate()
        with pytest.raises(BrokenStore, match="newer version"):
            database.revision()
        with database.read() as tx:
            assert tx.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
        assert _tables(database) == before
    settings = Settings(database_url=empty_store_url, data_folder=tmp_path)
    with pytest.raises(BrokenStore, match=r"newer version|missing"):
        open_context(settings, follows=False)


def test_an_unknown_target_is_refused(database: Database) -> None:
    with pytest.raises(BrokenStore, match="cannot be brought"):
        database.migrate("0815")


def test_a_step_that_fails_halfway_leaves_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite and PostgreSQL both take back tables that were made."""
    real = _migrate.command.upgrade

    def fail_after(*arguments: object) -> None:
        real(*arguments)
        raise _migrate.CommandError("on purpose")

    monkeypatch.setattr(_migrate.command, "upgrade", fail_after)
    with pytest.raises(BrokenStore):
        database.migrate()
    assert database.revision() is None
    assert _tables(database) == set()


def test_threads_that_migrate_at_once_do_it_once(empty_store_url: str) -> None:
    start = threading.Barrier(4)

    def begin(_: int) -> str | None:
        with Database(empty_store_url) as database:
            start.wait()
            database.migrate()
            return database.revision()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(begin, range(4))) == [REVISIONS[-1]] * 4


def test_threads_that_migrate_stores_of_their_own_do_not_meet(tmp_path: Path) -> None:
    start = threading.Barrier(4)

    def begin(number: int) -> tuple[str | None, int]:
        with Database(f"sqlite:///{tmp_path}/{number}.sqlite3") as database:
            start.wait()
            database.migrate()
            return database.revision(), len(_tables(database))

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(begin, range(4)))
    assert made == [(REVISIONS[-1], len(metadata.tables))] * 4


_BEGIN = """
import sys
from pathlib import Path
from haechi.settings import Settings
from haechi.workflows import open_context
print("here", flush=True)
sys.stdin.readline()
with open_context(
    Settings(database_url=sys.argv[1], data_folder=Path(sys.argv[2])), follows=False
) as ctx:
    print(ctx.database.revision(), ctx.keys.master.hex())
"""


def test_processes_that_begin_an_installation_at_once_share_it(
    empty_store_url: str, tmp_path: Path
) -> None:
    """Tables, keys and the mark of the keys: whoever comes second takes what the first one made."""
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", _BEGIN, empty_store_url, str(tmp_path / "data")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for program in programs:
        assert program.stdout.readline() == "here\n"
    for program in programs:
        program.stdin.write("\n")
        program.stdin.flush()
    answers = [program.communicate()[0] for program in programs]
    assert [program.returncode for program in programs] == [0, 0]
    assert answers[0] == answers[1]
    assert answers[0].split()[0] == REVISIONS[-1]


def test_a_new_store_has_one_feed_at_zero(database: Database) -> None:
    database.migrate()
    with database.read() as tx:
        rows = tx.execute(select(metadata.tables["feed_head"])).all()
    assert json.loads(json.dumps([tuple(row) for row in rows])) == [[1, 0], [2, 0], [3, 0], [4, 0]]
