# SPDX-License-Identifier: Apache-2.0
"""What every database promises, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from installations import KEYS, pdq_value
from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from haechi.bank import add_content, all_banks, changes_after, ensure_bank, feed_position
from haechi.cases._tables import case
from haechi.errors import BrokenStore
from haechi.storage import Database, KeyId, Vault
from haechi.storage._tables import data_key, store_info


class _OnPurpose(Exception):
    pass


@pytest.fixture
def other(store_url: str) -> Iterator[Database]:
    """A second program on the same store."""
    with Database(store_url) as opened:
        yield opened


def _put(database: Database, name: str, value: bytes = b"") -> None:
    with database.write() as tx:
        tx.execute(insert(store_info).values(name=name, value=value))


def _names(database: Database) -> list[str]:
    with database.read() as tx:
        return list(tx.scalars(select(store_info.c.name).order_by(store_info.c.name)))


def test_a_block_that_ends_is_committed(database: Database) -> None:
    _put(database, "a", b"1")
    assert _names(database) == ["a"]


def test_a_block_that_raises_leaves_nothing(database: Database) -> None:
    def write_and_fail() -> None:
        with database.write() as tx:
            tx.execute(insert(store_info).values(name="a", value=b""))
            raise _OnPurpose

    with pytest.raises(_OnPurpose):
        write_and_fail()
    assert _names(database) == []


def test_a_failed_statement_leaves_nothing(database: Database) -> None:
    twice = [{"name": "a", "value": b""}] * 2
    with pytest.raises(DBAPIError), database.write() as tx:
        tx.execute(insert(store_info), twice)
    assert _names(database) == []


def test_the_error_of_a_statement_does_not_tell_its_values(database: Database) -> None:
    statement = text("SELECT * FROM no_such_table WHERE a = :a")
    for opened in (database.read, database.write):
        with pytest.raises(DBAPIError) as caught, opened() as tx:
            tx.execute(statement, {"a": "the secret"})
        assert "no_such_table" in str(caught.value)
        assert "the secret" not in str(caught.value)


def test_a_reader_sees_one_unchanging_state(database: Database, other: Database) -> None:
    _put(database, "a")
    with database.read() as tx:
        count = select(func.count()).select_from(store_info)
        assert tx.scalar(count) == 1
        _put(other, "b")
        _put(database, "c")
        assert tx.scalar(count) == 1
    assert _names(database) == ["a", "b", "c"]


def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError), database.read() as tx:
        tx.execute(insert(store_info).values(name="a", value=b""))
    assert _names(database) == []
    _put(database, "b")  # and the connection is as good as before
    assert _names(database) == ["b"]


def test_a_reader_does_not_see_what_is_not_committed(database: Database, other: Database) -> None:
    with database.write() as tx:
        tx.execute(insert(store_info).values(name="a", value=b""))
        assert _names(database) == []
        assert _names(other) == []
    assert _names(other) == ["a"]


def test_two_programs_on_one_store_see_each_other(database: Database, other: Database) -> None:
    _put(database, "a")
    _put(other, "b")
    assert _names(database) == _names(other) == ["a", "b"]


def test_all_of_many_writers_land(database: Database, other: Database) -> None:
    def write(number: int) -> None:
        _put((database, other)[number % 2], f"{number:03}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(48)))
    assert _names(database) == [f"{number:03}" for number in range(48)]


def test_programs_that_read_before_they_write_wait_for_each_other(
    database: Database, other: Database
) -> None:
    """On SQLite a reader that becomes a writer would fail when another one wrote meanwhile."""

    def write(number: int) -> None:
        with (database, other)[number % 2].write() as tx:
            tx.scalar(select(func.count()).select_from(store_info))
            tx.execute(insert(store_info).values(name=f"{number:03}", value=b""))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    assert len(_names(database)) == 40


def test_who_begins_at_the_same_moment_takes_the_key_of_the_first(
    database: Database, other: Database, engine: str
) -> None:
    """Both saw a store that nobody had begun; the second one's transaction goes on."""
    looked = threading.Event()

    class Late(Vault):
        def fits(self, tx: Connection) -> bool:
            answer = super().fits(tx)
            looked.set()
            return answer

    def begin(vault: Vault) -> None:
        with other.write() as tx:
            vault.check(tx)
            tx.execute(insert(store_info).values(name="after", value=b""))

    with ThreadPoolExecutor(1) as pool:
        with database.write() as tx:
            Vault(KEYS.master).check(tx)
            same = pool.submit(begin, Late(KEYS.master))
            if engine == "postgresql":  # on SQLite it cannot even look before the commit
                assert looked.wait(30)
        same.result()
    assert "after" in _names(database)
    with pytest.raises(BrokenStore):
        begin(Late(b"another" + bytes(25)))


def test_more_readers_than_connections_all_get_their_turn(database: Database) -> None:
    _put(database, "a")
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda _: _names(database), range(80)))
    assert answers == [["a"]] * 80


def test_moments_keep_their_instant_and_come_back_in_utc(database: Database) -> None:
    seoul = datetime(2026, 11, 22, 9, 30, 0, 123456, tzinfo=timezone(timedelta(hours=9)))
    with database.write() as tx:
        tx.execute(insert(data_key).values(id="k", wrapped=b"", created_at=seoul))
    with database.read() as tx:
        stored = tx.scalar(select(data_key.c.created_at))
    assert stored == seoul
    assert stored.tzinfo is UTC or stored.utcoffset() == timedelta(0)
    assert stored.microsecond == 123456


def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    naive = datetime(2026, 11, 22)  # noqa: DTZ001  # that is the point
    with pytest.raises(StatementError, match="without a zone"), database.write() as tx:
        tx.execute(insert(data_key).values(id="k", wrapped=b"", created_at=naive))


@pytest.mark.parametrize(
    "name", ["해치 지킴이", "🐲✊🏽👩‍👩‍👧", "각" * 80, "'; DROP TABLE bank; --"]
)
def test_every_text_comes_back_as_it_went_in(database: Database, name: str) -> None:
    with database.write() as tx:
        made = ensure_bank(tx, name)
    with database.read() as tx:
        assert all_banks(tx)[made.id].name == name


def test_bytes_come_back_as_they_went_in(database: Database) -> None:
    everything = bytes(range(256)) * 4
    _put(database, "a", everything)
    with database.read() as tx:
        assert tx.scalar(select(store_info.c.value)) == everything


def test_foreign_keys_are_held(database: Database) -> None:
    vault = Vault(KEYS.master)
    with database.write() as tx:
        key_id = vault.new_key(tx)
    with pytest.raises(DBAPIError), database.write() as tx:
        add_content(tx, vault, bank_id="none", key_id=key_id, signals=[pdq_value(1)])
    with database.read() as tx:
        assert feed_position(tx) == 0


def test_a_status_that_is_none_is_refused(database: Database) -> None:
    now = datetime.now(UTC)
    with pytest.raises(DBAPIError), database.write() as tx:
        tx.execute(
            insert(case).values(
                id="c", number="n", passphrase_hash="h", key_id="k", language="en",
                status="sleeping", opened_at=now, changed_at=now,
            )
        )  # fmt: skip


class TestTheFeed:
    """Its numbers become visible in the order of the commits, with none left out."""

    @pytest.fixture
    def vault(self) -> Vault:
        return Vault(KEYS.master)

    @pytest.fixture
    def place(self, database: Database, vault: Vault) -> tuple[str, KeyId]:
        """A bank and a data key."""
        with database.write() as tx:
            return ensure_bank(tx, "reports").id, vault.new_key(tx)

    def test_a_later_number_waits_for_the_earlier_commit(
        self, database: Database, other: Database, vault: Vault, place: tuple[str, KeyId]
    ) -> None:
        def add(into: Database, seed: int) -> str:
            with into.write() as tx:
                return add_content(
                    tx, vault, bank_id=place[0], key_id=place[1], signals=[pdq_value(seed)]
                )

        with ThreadPoolExecutor(1) as pool:
            with database.write() as tx:
                first = add_content(
                    tx, vault, bank_id=place[0], key_id=place[1], signals=[pdq_value(1)]
                )
                later = pool.submit(add, other, 2)
                for _ in range(25):
                    with database.read() as looking:
                        assert changes_after(looking, vault, 0) == []
                        assert feed_position(looking) == 0
            second = later.result()
        with database.read() as tx:
            seen = [(change.seq, change.content_id) for change in changes_after(tx, vault, 0)]
        assert seen == [(1, first), (2, second)]

    def test_a_number_that_was_not_committed_is_given_again(
        self, database: Database, vault: Vault, place: tuple[str, KeyId]
    ) -> None:
        with suppress(_OnPurpose), database.write() as tx:
            add_content(tx, vault, bank_id=place[0], key_id=place[1], signals=[pdq_value(1)])
            raise _OnPurpose
        with database.write() as tx:
            kept = add_content(tx, vault, bank_id=place[0], key_id=place[1], signals=[pdq_value(2)])
        with database.read() as tx:
            seen = [(change.seq, change.content_id) for change in changes_after(tx, vault, 0)]
        assert seen == [(1, kept)]

    def test_a_follower_of_many_writers_never_meets_a_gap(
        self, database: Database, other: Database, vault: Vault, place: tuple[str, KeyId]
    ) -> None:
        def add(seed: int) -> None:
            fails = seed % 5 == 4
            with suppress(_OnPurpose), (database, other)[seed % 2].write() as tx:
                add_content(tx, vault, bank_id=place[0], key_id=place[1], signals=[pdq_value(seed)])
                if fails:
                    raise _OnPurpose

        seen: list[int] = []
        writers_done = threading.Event()

        def follow() -> None:
            is_last_look = False
            while not is_last_look:
                is_last_look = writers_done.is_set()
                with other.read() as tx:
                    seen.extend(c.seq for c in changes_after(tx, vault, len(seen), limit=3))
                    is_last_look = is_last_look and feed_position(tx) == len(seen)

        with ThreadPoolExecutor(5) as pool:
            following = pool.submit(follow)
            list(pool.map(add, range(40)))
            writers_done.set()
            following.result()
        assert seen == list(range(1, 33))
