# SPDX-License-Identifier: Apache-2.0
"""What is sent twice gets its first answer, and nobody else can open that."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from haechi import cases
from haechi.cases._tables import sent_once
from haechi.errors import BrokenStore, MalformedField
from haechi.storage import Database, Vault
from haechi.values import MediaKind, utc_now

KEY = "a-secret-of-the-form_0123456789"
ANSWER = {"passphrase": "사과 바나나", "receipt": {"statement": 1}}


@pytest.fixture
def case_id(database: Database, vault: Vault) -> str:
    with database.write() as tx:
        return cases.open_case(
            tx, vault, number="AAAA-AAAA", passphrase_hash="h", key_id=vault.new_key(tx),
            language="en", items=[cases.NewItem(MediaKind.IMAGE, "con")], sightings=[],
        ).id  # fmt: skip


def test_the_answer_comes_back_for_the_secret_and_the_verb(
    database: Database, case_id: str
) -> None:
    with database.write() as tx:
        assert cases.sent_before(tx, "verb", KEY) is None
        cases.keep_answer(tx, "verb", KEY, case_id, ANSWER)
    with database.read() as tx:
        assert cases.sent_before(tx, "verb", KEY) == cases.SentBefore(case_id, ANSWER)
        assert cases.sent_before(tx, "verb", KEY + "x") is None
        assert cases.sent_before(tx, "another", KEY) is None


def test_the_same_twice_is_refused_by_the_table(database: Database, case_id: str) -> None:
    with database.write() as tx:
        cases.keep_answer(tx, "verb", KEY, case_id, ANSWER)
    with pytest.raises(IntegrityError), database.write() as tx:
        cases.keep_answer(tx, "verb", KEY, case_id, {})


def test_what_is_kept_shows_neither_secret_nor_answer(database: Database, case_id: str) -> None:
    with database.write() as tx:
        cases.keep_answer(tx, "verb", KEY, case_id, ANSWER)
        row = tx.execute(select(sent_once)).one()
    for hidden in (KEY.encode(), "사과".encode(), b"statement"):
        assert hidden not in row.sealed_answer
        assert hidden not in row.secret_sha256


def test_an_altered_answer_does_not_open(database: Database, case_id: str) -> None:
    with database.write() as tx:
        cases.keep_answer(tx, "verb", KEY, case_id, ANSWER)
        sealed = tx.scalar(select(sent_once.c.sealed_answer))
        tx.execute(sent_once.update().values(sealed_answer=bytes([sealed[0] ^ 1]) + sealed[1:]))
        with pytest.raises(BrokenStore):
            cases.sent_before(tx, "verb", KEY)


def test_answers_are_forgotten_first_and_then_that_there_was_one(
    database: Database, case_id: str
) -> None:
    now = utc_now()
    hour = timedelta(hours=1)
    with database.write() as tx:
        cases.keep_answer(tx, "verb", KEY, case_id, ANSWER)
        cases.forget_answers(tx, answers_before=now - hour, all_before=now - hour)
        assert cases.sent_before(tx, "verb", KEY) == cases.SentBefore(case_id, ANSWER)
        cases.forget_answers(tx, answers_before=now + hour, all_before=now - hour)
        assert cases.sent_before(tx, "verb", KEY) == cases.SentBefore(case_id, None)
        cases.forget_answers(tx, answers_before=now + hour, all_before=now + hour)
        assert cases.sent_before(tx, "verb", KEY) is None


@pytest.mark.parametrize(
    "key", ["", "short", "x" * 101, "with space" * 4, "한" * 30, "a" * 21, "a" * 30 + "\n"]
)
def test_what_is_no_secret_is_refused(key: str) -> None:
    with pytest.raises(MalformedField):
        cases.check_send_key(key)


def test_an_answer_does_not_show_in_a_log() -> None:
    assert "사과" not in repr(cases.SentBefore("cas", ANSWER))
