# SPDX-License-Identifier: Apache-2.0
"""Cases, items and sightings as they are kept, on both engines."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from haechi import cases
from haechi.cases import Case, CaseStatus, NewItem, Sighting
from haechi.cases._tables import case, item, sighting
from haechi.errors import BrokenStore, MalformedField, NotFound
from haechi.storage import Database, Vault
from haechi.values import MediaKind

IMAGE = (MediaKind.IMAGE, "con_1")


def _open(
    database: Database,
    vault: Vault,
    *,
    number: str = "7KQ2-M4XR",
    items: tuple = (IMAGE,),
    sightings: tuple = (),
) -> Case:
    with database.write() as tx:
        return cases.open_case(
            tx,
            vault,
            number=number,
            passphrase_hash="h",
            key_id=vault.new_key(tx),
            language="ko",
            items=[NewItem(*one) for one in items],
            sightings=sightings,
        )


def _read(database: Database, vault: Vault, case_id: str) -> Case:
    with database.read() as tx:
        return cases.read_case(tx, vault, case_id)


SIGHTINGS = (
    Sighting(url="https://example.com/방?q=1#x"),
    Sighting(place="텔레그램 방 🐲", note="어제 밤"),
    Sighting(note="a friend told me\nabout it"),
)


def test_a_case_is_read_as_it_was_opened(database: Database, vault: Vault) -> None:
    items = ((MediaKind.VIDEO, "con_b"), (MediaKind.IMAGE, "con_a"), (MediaKind.IMAGE, "con_c"))
    opened = _open(database, vault, items=items, sightings=SIGHTINGS)
    read = _read(database, vault, opened.id)
    assert read == opened
    assert [(one.kind, one.content_id) for one in read.items] == list(items)
    assert [one.to_json() for one in read.sightings] == [one.to_json() for one in SIGHTINGS]
    assert read.status is CaseStatus.OPEN
    assert all(one.recorded_at == read.opened_at for one in read.sightings)


def test_what_she_wrote_is_not_in_the_clear(database: Database, vault: Vault) -> None:
    _open(database, vault, sightings=SIGHTINGS)
    with database.read() as tx:
        stored = b"".join(tx.scalars(select(sighting.c.sealed)))
    for one in SIGHTINGS:
        for text in one.to_json().values():
            assert not text or text.encode() not in stored


def test_what_she_wrote_is_gone_with_her_key(database: Database, vault: Vault) -> None:
    opened = _open(database, vault, sightings=SIGHTINGS)
    with database.write() as tx:
        vault.destroy_key(tx, cases.case_key(tx, opened.id))
    with pytest.raises(BrokenStore):
        _read(database, vault, opened.id)


def test_a_sighting_moved_to_another_place_does_not_open(database: Database, vault: Vault) -> None:
    opened = _open(database, vault, sightings=SIGHTINGS[:2])
    with database.write() as tx:
        rows = tx.execute(select(sighting)).all()
        for row, other in zip(rows, reversed(rows), strict=True):
            tx.execute(update(sighting).where(sighting.c.id == row.id).values(sealed=other.sealed))
    with pytest.raises(BrokenStore):
        _read(database, vault, opened.id)


def test_a_case_without_anything_is_refused(database: Database, vault: Vault) -> None:
    with pytest.raises(MalformedField, match="at least one"):
        _open(database, vault, items=())


def test_a_case_may_hold_a_sighting_and_no_picture(database: Database, vault: Vault) -> None:
    opened = _open(database, vault, items=(), sightings=SIGHTINGS[2:])
    assert _read(database, vault, opened.id).items == ()


@pytest.mark.parametrize(
    "too_much", [{"items": (IMAGE,) * 51}, {"sightings": (SIGHTINGS[0],) * 51}]
)
def test_a_case_takes_fifty_of_each(
    database: Database, vault: Vault, too_much: dict[str, tuple]
) -> None:
    _open(database, vault, items=(IMAGE,) * 50, sightings=(SIGHTINGS[0],) * 50)
    with pytest.raises(MalformedField, match="up to 50 files and 50 places"):
        _open(database, vault, number="AAAA-AAAA", **too_much)


def test_a_number_is_given_once(database: Database, vault: Vault) -> None:
    _open(database, vault)
    with pytest.raises(IntegrityError):
        _open(database, vault)


def test_a_case_is_found_however_its_number_is_typed(database: Database, vault: Vault) -> None:
    opened = _open(database, vault, number="7KQ0-M41R")
    with database.read() as tx:
        for typed in (
            "7KQ0-M41R",
            "7kqo m4lr",
            " 7KQO–M4IR\n",
            "７ＫＱ０Ｍ４１Ｒ",
            "7 K Q 0 M 4 1 R",
        ):
            assert cases.find_case(tx, typed) == (opened.id, "h")


@pytest.mark.parametrize(
    "typed", ["", "-", "7KQ2", "7KQ2-M4XR2", "\0", "\ud800", "%", "7KQ_-M4XR", "한글", "' OR 1=1--"]
)
def test_no_such_number_no_case(database: Database, vault: Vault, typed: str) -> None:
    """Also what a driver would not take: it is an answer, not an error."""
    _open(database, vault)
    with database.read() as tx:
        assert cases.find_case(tx, typed) is None


def test_no_case_no_reading(database: Database, vault: Vault) -> None:
    with pytest.raises(NotFound):
        _read(database, vault, "cas_none")
    with database.read() as tx, pytest.raises(NotFound):
        cases.case_key(tx, "cas_none")


def test_the_newest_cases_come_first(database: Database, vault: Vault) -> None:
    numbers = ["AAAA-AAAA", "BBBB-BBBB", "CCCC-CCCC"]
    for number in numbers:
        _open(database, vault, number=number)
    with database.read() as tx:
        listed = cases.list_cases(tx, limit=2)
    assert [number for number, _, _ in listed] == ["CCCC-CCCC", "BBBB-BBBB"]
    assert {status for _, status, _ in listed} == {CaseStatus.OPEN}


class TestWithdrawing:
    def _withdraw(self, database: Database, case_id: str, item_id: str) -> str:
        with database.write() as tx:
            return cases.withdraw_item(tx, case_id, item_id)

    def test_the_last_item_closes_the_case(self, database: Database, vault: Vault) -> None:
        opened = _open(database, vault, items=(IMAGE, (MediaKind.IMAGE, "con_2")))
        first, last = opened.items
        assert self._withdraw(database, opened.id, first.id) == "con_1"
        read = _read(database, vault, opened.id)
        assert read.status is CaseStatus.OPEN
        assert [one.withdrawn_at is None for one in read.items] == [False, True]
        assert self._withdraw(database, opened.id, last.id) == "con_2"
        assert _read(database, vault, opened.id).status is CaseStatus.WITHDRAWN

    def test_a_sighting_keeps_the_case_open(self, database: Database, vault: Vault) -> None:
        opened = _open(database, vault, sightings=SIGHTINGS[:1])
        self._withdraw(database, opened.id, opened.items[0].id)
        assert _read(database, vault, opened.id).status is CaseStatus.OPEN

    def test_again_is_no_change(self, database: Database, vault: Vault) -> None:
        opened = _open(database, vault)
        self._withdraw(database, opened.id, opened.items[0].id)
        before = _read(database, vault, opened.id)
        assert self._withdraw(database, opened.id, opened.items[0].id) == "con_1"
        assert _read(database, vault, opened.id) == before

    def test_an_item_of_another_case_is_none(self, database: Database, vault: Vault) -> None:
        mine = _open(database, vault)
        other = _open(database, vault, number="AAAA-AAAA")
        for case_id, item_id in (
            (mine.id, other.items[0].id),
            (mine.id, "itm_none"),
            ("cas_none", mine.items[0].id),
        ):
            with pytest.raises(NotFound):
                self._withdraw(database, case_id, item_id)
        assert _read(database, vault, other.id) == other

    def test_two_last_items_at_once_close_the_case(self, database: Database, vault: Vault) -> None:
        """Each transaction sees the other's item as still asked for, unless one waits."""
        for number in range(4):
            opened = _open(
                database, vault, number=f"AAAA-AAA{number}", items=(IMAGE, (MediaKind.IMAGE, "c"))
            )
            start = threading.Barrier(2)

            def withdraw(item_id: str, case_id: str = opened.id, at: object = start) -> None:
                at.wait()
                self._withdraw(database, case_id, item_id)

            with ThreadPoolExecutor(2) as pool:
                list(pool.map(withdraw, [one.id for one in opened.items]))
            assert _read(database, vault, opened.id).status is CaseStatus.WITHDRAWN


def test_no_column_holds_what_a_person_wrote() -> None:
    """Columns of text are ids, numbers, hashes and words of our own."""
    texts = {
        column.name
        for table in (case, item, sighting)
        for column in table.columns
        if column.type.python_type is str
    }
    assert texts == {
        "id", "case_id", "number", "passphrase_hash", "key_id", "language", "status", "kind",
        "content_id", "agency", "news_every",
    }  # fmt: skip


def test_what_she_wrote_does_not_show(database: Database, vault: Vault) -> None:
    opened = _open(database, vault, sightings=SIGHTINGS)
    for text in ("example.com", "텔레그램", "어제", "friend"):
        assert text not in repr(opened)
