# SPDX-License-Identifier: Apache-2.0
"""The chain of the audit log: what was altered, taken out, cut off or made anew is found."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from installations import KEYS, OPERATOR
from sqlalchemy import delete, func, insert, select, update

from haechi import audit
from haechi.audit import Broken, Head, HeadFile
from haechi.audit._chain import _digest
from haechi.audit._tables import audit_event, audit_head
from haechi.errors import BrokenStore
from haechi.storage import Database
from haechi.values import Actor, ActorKind, utc_now

WORKER = Actor(ActorKind.STAFF, "usr_1")


def write(database: Database, count: int, *, start: int = 0) -> None:
    for number in range(start, start + count):
        with database.write() as tx:
            audit.record(tx, WORKER, "view_home", f"sub_{number}", detail=f"seen={number} 가")


def check(database: Database, known: dict[int, bytes] | None = None) -> Broken | Head:
    with database.read() as tx:
        return audit.check_chain(tx, known=known)


def test_what_was_written_holds(database: Database) -> None:
    with database.read() as tx:
        assert audit.head_of(tx) == Head(0, bytes(32))
    assert check(database) == Head(0, bytes(32))
    write(database, 7)
    found = check(database)
    assert isinstance(found, Head)
    assert found.seq == 7
    with database.read() as tx:
        assert audit.head_of(tx) == found
        newest = audit.events(tx, limit=1)[0]
    assert (newest.seq, newest.verb, newest.subject_id, newest.detail) == (
        7, "view_home", "sub_6", "seen=6 가",
    )  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"verb": "view_hom"},
        {"actor_id": "usr_2"},
        {"actor_kind": "operator"},
        {"subject_id": ""},
        {"detail": "seen=4"},
        {"at": utc_now()},
        {"digest": b"x" * 32},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_altered_line_is_found(database: Database, change: dict[str, object]) -> None:
    write(database, 6)
    with database.write() as tx:
        tx.execute(update(audit_event).where(audit_event.c.seq == 4).values(**change))
    assert check(database) == Broken(4, "a line was altered")


def test_a_missing_line_is_found(database: Database) -> None:
    write(database, 6)
    with database.write() as tx:
        tx.execute(delete(audit_event).where(audit_event.c.seq == 3))
    assert check(database) == Broken(3, "a line is missing")


def test_lines_that_changed_places_are_found(database: Database) -> None:
    write(database, 4)
    with database.write() as tx:
        for before, after in ((2, 99), (3, 2), (99, 3)):
            tx.execute(update(audit_event).where(audit_event.c.seq == before).values(seq=after))
    assert check(database) == Broken(2, "a line was altered")


def test_a_cut_end_is_found_by_what_the_database_says_itself(database: Database) -> None:
    write(database, 6)
    with database.write() as tx:
        tx.execute(delete(audit_event).where(audit_event.c.seq >= 5))
    assert check(database) == Broken(5, "lines at the end are missing")


def test_a_cut_end_that_is_hidden_is_found_by_what_was_noted(
    database: Database, tmp_path: Path
) -> None:
    write(database, 6)
    noted = note(database, tmp_path)
    with database.write() as tx:
        digest = tx.scalar(select(audit_event.c.digest).where(audit_event.c.seq == 4))
        tx.execute(delete(audit_event).where(audit_event.c.seq >= 5))
        tx.execute(update(audit_head).values(seq=4, digest=digest))
    assert check(database) == Head(4, digest)
    assert check(database, noted.read()) == Broken(6, "lines at the end are missing")


def test_a_chain_that_was_made_anew_is_found_by_what_was_noted(
    database: Database, tmp_path: Path
) -> None:
    write(database, 6)
    noted = note(database, tmp_path)
    rewrite(database, 3, verb="view_nothing")
    assert isinstance(check(database), Head), "it holds by itself"
    assert check(database, noted.read()) == Broken(6, "the log was written anew")


def test_lines_that_are_older_than_the_chain_are_shown_and_left_alone(database: Database) -> None:
    with database.write() as tx:
        for number in range(3):
            tx.execute(
                insert(audit_event).values(
                    at=utc_now(), actor_kind="person", actor_id="cas_1",
                    verb="open_case", subject_id=f"cas_{number}",
                )
            )  # fmt: skip
    write(database, 2)
    found = check(database)
    assert isinstance(found, Head)
    assert found.seq == 2
    with database.read() as tx:
        assert [event.seq for event in audit.events(tx)] == [2, 1, None, None, None]


def test_a_transaction_that_is_undone_leaves_no_gap(database: Database) -> None:
    write(database, 2)
    with pytest.raises(BrokenStore):
        _fail(database)
    write(database, 2)
    found = check(database)
    assert isinstance(found, Head)
    assert found.seq == 4


def test_writers_at_once_keep_one_chain(database: Database) -> None:
    """Each in a transaction of its own, several lines in some: nobody fails, nobody's line is lost."""
    failures: list[BaseException] = []
    gate = threading.Barrier(6)

    def work(number: int) -> None:
        try:
            gate.wait()
            for turn in range(8):
                with database.write() as tx:
                    for line in range(1 + number % 2):
                        audit.record(tx, WORKER, "change", f"{number}-{turn}-{line}")
        except BaseException as error:  # noqa: BLE001  # told by the test
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    found = check(database)
    assert isinstance(found, Head)
    assert found.seq == 8 * (3 * 1 + 3 * 2)
    with database.read() as tx:
        subjects = tx.scalar(select(func.count(audit_event.c.subject_id.distinct())))
    assert subjects == found.seq


def test_paging_and_narrowing(database: Database) -> None:
    write(database, 5)
    with database.write() as tx:
        audit.record(tx, OPERATOR, "change_user", "usr_1")
    with database.read() as tx:
        first = audit.events(tx, limit=2)
        second = audit.events(tx, limit=2, before_id=first[-1].id)
        assert [event.seq for event in (*first, *second)] == [6, 5, 4, 3]
        assert [event.seq for event in audit.events(tx, verb="change_user")] == [6]
        assert [event.seq for event in audit.events(tx, actor_id="usr_1", limit=9)] == [
            5,
            4,
            3,
            2,
            1,
        ]
        assert [event.seq for event in audit.events(tx, subject_id="sub_2")] == [3]


LINES = st.lists(
    st.tuples(st.sampled_from(["view", "change", "erase"]), st.text("ab가-_ =", max_size=5)),
    min_size=1,
    max_size=8,
)


@given(lines=LINES, data=st.data())
@hypothesis_settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_change_to_any_line_goes_unseen(
    sqlite_url: str, lines: list[tuple[str, str]], data: st.DataObject
) -> None:
    with Database(sqlite_url) as database:
        with database.write() as tx:
            tx.execute(delete(audit_event))
            tx.execute(update(audit_head).values(seq=0, digest=bytes(32)))
            for verb, detail in lines:
                audit.record(tx, WORKER, verb, "sub", detail=detail)
        whole = check(database)
        assert isinstance(whole, Head)
        seq = data.draw(st.integers(1, len(lines)))
        column, value = data.draw(
            st.sampled_from([("verb", "other"), ("detail", "z"), ("actor_id", "x"), ("seq", 99)])
        )
        with database.write() as tx:
            tx.execute(
                update(audit_event).where(audit_event.c.seq == seq).values(**{column: value})
            )
        found = check(database)
        assert isinstance(found, Broken)
        assert found.seq == seq


class TestHeadFile:
    def test_it_notes_each_end_once(self, database: Database, tmp_path: Path) -> None:
        noted = HeadFile.of(tmp_path, KEYS)
        assert noted.read() == {}
        assert not noted.note(Head(0, bytes(32)))
        write(database, 1)
        note(database, tmp_path)
        assert not noted.note(head(database))
        write(database, 20)
        assert noted.note(head(database))
        assert list(noted.read()) == [1, 21]
        assert isinstance(check(database, noted.read()), Head)
        assert noted.path.stat().st_mode & 0o777 == 0o600

    def test_a_line_that_a_power_cut_left_is_none_and_harms_none(self, tmp_path: Path) -> None:
        noted = HeadFile.of(tmp_path, KEYS)
        noted.note(Head(1, b"1" * 32))
        with noted.path.open("a") as file:
            file.write("2 3132")
        assert list(noted.read()) == [1]
        assert noted.note(Head(3, b"3" * 32))
        assert noted.read() == {1: b"1" * 32, 3: b"3" * 32}

    @pytest.mark.parametrize("place", [0, 5, 70, -3])
    def test_an_altered_file_is_told(self, tmp_path: Path, place: int) -> None:
        noted = HeadFile.of(tmp_path, KEYS)
        noted.note(Head(7, b"1" * 32))
        text = noted.path.read_text()
        other = "8" if text[place] != "8" else "9"
        at = place % len(text)
        noted.path.write_text(text[:at] + other + text[at + 1 :])
        with pytest.raises(BrokenStore, match="altered"):
            noted.read()
        with pytest.raises(BrokenStore, match="altered"):
            noted.note(Head(9, b"9" * 32))

    def test_nobody_else_can_write_a_line(self, tmp_path: Path) -> None:
        other = type(KEYS)(master=b"o" * 32, signing=KEYS.signing)
        HeadFile.of(tmp_path, other).note(Head(7, b"1" * 32))
        with pytest.raises(BrokenStore, match="altered"):
            HeadFile.of(tmp_path, KEYS).read()


def _fail(database: Database) -> None:
    with database.write() as tx:
        audit.record(tx, OPERATOR, "change_user", "usr_1")
        raise BrokenStore(reason="it does")


def head(database: Database) -> Head:
    with database.read() as tx:
        return audit.head_of(tx)


def note(database: Database, folder: Path) -> HeadFile:
    noted = HeadFile.of(folder, KEYS)
    assert noted.note(head(database))
    return noted


def rewrite(database: Database, seq: int, **change: object) -> None:
    """What one with the whole database in his hands could do: alter a line and chain anew from there."""
    with database.write() as tx:
        tx.execute(update(audit_event).where(audit_event.c.seq == seq).values(**change))
        digest = bytes(32)
        for row in tx.execute(select(audit_event).order_by(audit_event.c.seq)).all():
            digest = _digest(digest, row.seq, row._asdict())
            tx.execute(update(audit_event).where(audit_event.c.id == row.id).values(digest=digest))
        tx.execute(update(audit_head).values(digest=digest))
