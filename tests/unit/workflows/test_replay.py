# SPDX-License-Identifier: Apache-2.0
"""The same request with the same key gets the same answer, for a day, and what it does is done once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from installations import OPERATOR
from sqlalchemy import select

from haechi import exchange
from haechi.errors import KeyUsedBefore, MalformedField
from haechi.exchange import KeptAnswer
from haechi.exchange._tables import partner_answer
from haechi.values import Actor, utc_now
from haechi.workflows import (
    Context,
    _replay,
    actor_of_token,
    admit_partner,
    answer_once,
    dismiss_partner,
)
from haechi.workflows._replay import forget_partner_answers


@pytest.fixture
def asker(ctx: Context) -> Actor:
    return _admit(ctx, "one")


def _admit(ctx: Context, name: str) -> Actor:
    actor = actor_of_token(ctx, admit_partner(ctx, OPERATOR, name=name, scopes=["match"])[1])
    assert actor is not None
    return actor


class Act:
    """Answers with how often it ran."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> bytes:
        self.times += 1
        return f"secret answer {self.times}".encode()


def test_it_is_done_once(each_ctx: Context) -> None:
    asker, act = _admit(each_ctx, "one"), Act()
    answers = {answer_once(each_ctx, asker, "key", b"request", act) for _ in range(3)}
    assert answers == {b"secret answer 1"}
    assert act.times == 1


def test_without_a_key_and_for_the_operator_it_is_done_each_time(
    ctx: Context, asker: Actor
) -> None:
    act = Act()
    for who, key in ((asker, ""), (asker, ""), (OPERATOR, "key"), (OPERATOR, "key")):
        answer_once(ctx, who, key, b"request", act)
    assert act.times == 4


def test_another_request_with_the_key_is_refused_and_not_done(ctx: Context, asker: Actor) -> None:
    answer_once(ctx, asker, "key", b"one", Act())
    act = Act()
    with pytest.raises(KeyUsedBefore) as caught:
        answer_once(ctx, asker, "key", b"other", act)
    assert caught.value.http_status == 409
    assert act.times == 0


def test_a_key_is_the_partners_own(ctx: Context, asker: Actor) -> None:
    other = _admit(ctx, "other")
    acts = Act(), Act()
    answer_once(ctx, asker, "key", b"one", acts[0])
    answer_once(ctx, other, "key", b"other", acts[1])
    assert [act.times for act in acts] == [1, 1]


def test_the_answer_is_sealed_and_dies_with_the_partner(ctx: Context, asker: Actor) -> None:
    answer_once(ctx, asker, "my-key", b"request", Act())
    with ctx.database.read() as tx:
        (row,) = tx.execute(select(partner_answer))
    for secret in (b"secret answer", b"my-key", b"request"):
        assert secret not in row.sealed + row.send_key_sha256 + row.body_sha256
    dismiss_partner(ctx, OPERATOR, name="one")
    with ctx.database.read() as tx:
        assert tx.execute(select(exchange._tables.partner.c.key_id)).scalar_one() is None


def test_an_error_is_raised_anew(ctx: Context, asker: Actor) -> None:
    def fail() -> bytes:
        raise MalformedField(field="x", reason="No.")

    for _ in range(2):
        with pytest.raises(MalformedField):
            answer_once(ctx, asker, "key", b"request", fail)
    assert answer_once(ctx, asker, "key", b"request", Act()) == b"secret answer 1"


@pytest.mark.parametrize("key", [" ", "a b", "ü", "a\n", "k" * 101, "\x00"])
def test_a_key_that_is_none(ctx: Context, asker: Actor, key: str) -> None:
    act = Act()
    with pytest.raises(MalformedField):
        answer_once(ctx, asker, key, b"request", act)
    assert act.times == 0


def test_of_two_at_once_one_waits_for_the_other(ctx: Context, asker: Actor) -> None:
    act, answers = Act(), []
    inside = threading.Event()

    def slow() -> bytes:
        inside.set()
        second.start()
        second.join(0.05)
        return act()

    def ask(how: object) -> None:
        answers.append(answer_once(ctx, asker, "key", b"request", how))

    second = threading.Thread(target=ask, args=(act,))
    ask(slow)
    second.join()
    assert inside.is_set()
    assert answers == [b"secret answer 1"] * 2
    assert act.times == 1


def test_when_another_process_was_quicker_its_answer_counts(ctx: Context, asker: Actor) -> None:
    import hashlib

    def act() -> bytes:
        kept = KeptAnswer(hashlib.sha256(b"request").digest(), b"theirs")
        with ctx.database.write() as tx:
            exchange.keep_answer(tx, ctx.vault, asker.id, "key", kept)
        return b"ours"

    assert answer_once(ctx, asker, "key", b"request", act) == b"theirs"


def test_it_is_forgotten_after_a_day(
    ctx: Context, asker: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    act = Act()
    answer_once(ctx, asker, "key", b"request", act)
    forget_partner_answers(ctx)
    answer_once(ctx, asker, "key", b"request", act)
    assert act.times == 1
    later = utc_now() + timedelta(hours=24, seconds=1)
    monkeypatch.setattr(_replay, "utc_now", lambda: later)
    forget_partner_answers(ctx)
    answer_once(ctx, asker, "key", b"another", act)
    assert act.times == 2
