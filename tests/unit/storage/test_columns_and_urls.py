# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools
import re
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.dialects import postgresql, sqlite

from haechi.errors import BadSetting, BrokenStore
from haechi.storage import Database, UtcDateTime, new_id


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()])
def test_a_moment_without_a_zone_never_reaches_a_driver(dialect: object) -> None:
    with pytest.raises(ValueError, match="without a zone"):
        UtcDateTime().process_bind_param(datetime(2026, 1, 1), dialect)  # noqa: DTZ001
    assert UtcDateTime().process_bind_param(None, dialect) is None
    assert UtcDateTime().process_result_value(None, dialect) is None


def test_sqlite_is_given_plain_utc() -> None:
    noon = datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("Asia/Seoul"))
    stored = UtcDateTime().process_bind_param(noon, sqlite.dialect())
    assert stored == datetime(2026, 7, 1, 3)  # noqa: DTZ001
    assert UtcDateTime().process_result_value(stored, sqlite.dialect()) == noon


def test_what_comes_out_is_in_utc() -> None:
    noon = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=-7)))
    read = UtcDateTime().process_result_value(noon, postgresql.dialect())
    assert read == noon
    assert read.tzinfo is UTC


def test_ids_are_opaque_and_never_come_again() -> None:
    made = [new_id("con") for _ in range(2000)]
    assert len(set(made)) == 2000
    assert all(re.fullmatch(r"con_[a-z2-7]{26}", one) for one in made)
    # Two in a row have nothing in common: they do not tell an order or a number.
    alike = max(
        sum(a == b for a, b in zip(one[4:], other[4:], strict=True))
        for one, other in itertools.pairwise(made)
    )
    assert alike < 13


@pytest.mark.parametrize(
    "url",
    [
        "", "nonsense", "mysql://h/d", "mssql://h/d", "postgres://h/d", "sqlite://", "sqlite:///",
        "sqlite:///:memory:", "postgresql://u:open-sesame@h:port/d", "oracle://x", "http://x/y",
    ],
)  # fmt: skip
def test_a_url_that_is_none_is_one_clear_error(url: str) -> None:
    with pytest.raises(BadSetting) as caught:
        Database(url)
    assert "HAECHI_DATABASE_URL" in caught.value.sentence
    assert "open-sesame" not in caught.value.sentence


def test_a_server_that_does_not_answer_is_a_broken_store_without_the_password() -> None:
    url = "postgresql://haechi:open-sesame@/haechi?host=/nowhere/at/all"
    with Database(url) as database:
        for look in (database.revision, database.migrate):
            with pytest.raises(BrokenStore) as caught:
                look()
            assert "open-sesame" not in caught.value.sentence


def test_a_file_that_is_no_database_is_a_broken_store(tmp_path: Path) -> None:
    path = tmp_path / "haechi.sqlite3"
    path.write_bytes(b"no database" * 1000)
    with Database(f"sqlite:///{path}") as database:
        with pytest.raises(BrokenStore):
            database.revision()
        with pytest.raises(BrokenStore):
            database.migrate()
    assert path.read_bytes() == b"no database" * 1000


def test_a_folder_that_cannot_be_made_is_a_broken_store(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BrokenStore, match="cannot be read or written"):
        Database(f"sqlite:///{tmp_path}/file/haechi.sqlite3")


def test_a_new_file_and_its_folder_are_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "haechi.sqlite3"
    with Database(f"sqlite:///{path}") as database:
        database.migrate()
        modes = {item.name: stat.S_IMODE(item.stat().st_mode) for item in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_file_or_a_server_is_there_or_not(tmp_path: Path) -> None:
    path = tmp_path / "haechi.sqlite3"
    assert not Database.is_there(f"sqlite:///{path}")
    assert list(tmp_path.iterdir()) == []
    path.touch()
    assert Database.is_there(f"sqlite:///{path}")
    assert Database.is_there("postgresql:///haechi")
    with pytest.raises(BadSetting):
        Database.is_there("nonsense")


def test_sqlite_keeps_what_it_acknowledged_and_overwrites_what_it_deletes(
    sqlite_url: str,
) -> None:
    with Database(sqlite_url) as database, database.write() as tx:
        asked = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "query_only")
        found = {name: tx.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked}
    assert found == {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1,
        "query_only": 0,
    }  # fmt: skip
