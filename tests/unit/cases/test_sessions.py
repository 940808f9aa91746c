# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from installations import KEYS
from sqlalchemy import func, select

from haechi import cases
from haechi.cases import _sessions
from haechi.cases._tables import case_session
from haechi.storage import Database, Vault
from haechi.values import MediaKind

IDLE = timedelta(minutes=20)
START = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    with Database(store_url) as opened:
        yield opened


@pytest.fixture
def case_id(database: Database) -> str:
    vault = Vault(KEYS.master)
    with database.write() as tx:
        return cases.open_case(
            tx,
            vault,
            number="7KQ2-M4XR",
            passphrase_hash="h",
            key_id=vault.new_key(tx),
            language="en",
            items=[cases.NewItem(MediaKind.IMAGE, "con_1")],
            sightings=[],
        ).id


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    def set_to(after: timedelta) -> None:
        monkeypatch.setattr(_sessions, "utc_now", lambda: START + after)

    set_to(timedelta(0))
    return set_to


def _begin(database: Database, case_id: str) -> str:
    with database.write() as tx:
        return cases.begin_session(tx, case_id)


def _look(database: Database, token: str, idle: timedelta = IDLE) -> tuple[str, bool] | None:
    with database.read() as tx:
        return cases.session_case(tx, token, idle=idle)


def _count(database: Database) -> int:
    with database.read() as tx:
        return tx.scalar(select(func.count()).select_from(case_session))


def test_a_token_opens_its_case_and_only_its_hash_is_kept(database: Database, case_id: str) -> None:
    token = _begin(database, case_id)
    assert _look(database, token) == (case_id, False)
    with database.read() as tx:
        (kept,) = tx.scalars(select(case_session.c.token_sha256))
    assert token.encode() not in kept
    assert len(token) >= 43


@pytest.mark.parametrize(
    "wrong", ["", "x", "\0", "한글", "\udfff".encode("utf-8", "replace").decode()]
)
def test_another_token_opens_nothing(database: Database, case_id: str, wrong: str) -> None:
    token = _begin(database, case_id)
    for typed in (wrong, token + wrong + "x", token[:-1], token.swapcase()):
        assert _look(database, typed) is None


def test_every_session_has_a_token_of_its_own(database: Database, case_id: str) -> None:
    one, other = _begin(database, case_id), _begin(database, case_id)
    assert one != other
    with database.write() as tx:
        cases.end_session(tx, one, idle=IDLE)
    assert _look(database, one) is None
    assert _look(database, other) == (case_id, False)


def test_a_session_ends_after_its_idle_time(
    database: Database, case_id: str, set_clock: Callable[[timedelta], None]
) -> None:
    token = _begin(database, case_id)
    set_clock(IDLE)
    assert _look(database, token) == (case_id, True)
    set_clock(IDLE + timedelta(seconds=1))
    assert _look(database, token) is None


def test_use_lets_the_idle_time_begin_anew(
    database: Database, case_id: str, set_clock: Callable[[timedelta], None]
) -> None:
    token = _begin(database, case_id)
    set_clock(timedelta(minutes=19))
    with database.write() as tx:
        cases.mark_used(tx, token)
    set_clock(timedelta(minutes=38))
    assert _look(database, token) == (case_id, True)
    set_clock(timedelta(minutes=40))
    assert _look(database, token) is None


def test_use_is_marked_once_a_minute(
    database: Database, case_id: str, set_clock: Callable[[timedelta], None]
) -> None:
    token = _begin(database, case_id)
    for seconds, wants_mark in ((30, False), (60, False), (61, True)):
        set_clock(timedelta(seconds=seconds))
        assert _look(database, token) == (case_id, wants_mark)


def test_the_shortest_session_can_be_kept_alive_too(
    database: Database, case_id: str, set_clock: Callable[[timedelta], None]
) -> None:
    """HAECHI_SESSION_IDLE_MIN=1: marked once a minute it would end in the middle of her writing."""
    token = _begin(database, case_id)
    for seconds in range(20, 200, 20):
        set_clock(timedelta(seconds=seconds))
        found = _look(database, token, timedelta(minutes=1))
        assert found == (case_id, True)
        with database.write() as tx:
            cases.mark_used(tx, token)


def test_a_session_that_ended_cannot_be_marked_alive(database: Database, case_id: str) -> None:
    token = _begin(database, case_id)
    with database.write() as tx:
        cases.end_session(tx, token, idle=IDLE)
        cases.mark_used(tx, token)
    assert _look(database, token) is None


def test_leaving_forgets_what_has_run_out_and_nothing_else(
    database: Database, case_id: str, set_clock: Callable[[timedelta], None]
) -> None:
    _begin(database, case_id)
    set_clock(timedelta(minutes=15))
    alive = _begin(database, case_id)
    set_clock(timedelta(minutes=25))
    with database.write() as tx:
        cases.end_session(tx, "no such token", idle=IDLE)
    assert _count(database) == 1
    assert _look(database, alive) == (case_id, True)
