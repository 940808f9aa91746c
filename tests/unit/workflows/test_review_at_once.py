# SPDX-License-Identifier: Apache-2.0
"""What several say, note or decide at the same moment, and what counts after somebody has looked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from installations import NOBODY, OPERATOR, flipped, image, pdq_value, report
from sqlalchemy import func, select

from haechi import audit, bank, review
from haechi.errors import AlreadyAppealed
from haechi.review import _appeals
from haechi.review._tables import appeal, match_record, opinion, review_task
from haechi.values import Actor, ActorKind, ContentStatus, Opinion, StaffRole
from haechi.workflows import (
    Context,
    Said,
    TaskKind,
    admit_partner,
    decide_task,
    dismiss_partner,
    give_opinions,
    open_appeal,
    review_queue,
    screen_signals,
    withdraw_content,
)
from haechi.workflows._note_matches import Asked, note_matches

SCOPES = frozenset({"match", "opinions"})
MINA, JUNO = (Actor(ActorKind.STAFF, f"usr_{n}", role=StaffRole.WORKER) for n in ("mina", "juno"))


@pytest.fixture
def reported(each_ctx: Context) -> Context:
    report(each_ctx, image(pdq_value(1)))
    each_ctx.live.catch_up()
    return each_ctx


def _partner(ctx: Context, name: str) -> Actor:
    partner, _ = admit_partner(ctx, OPERATOR, name=name, scopes=SCOPES)
    return Actor(ActorKind.PARTNER, partner.id, SCOPES, partner.reader)


def _matched(ctx: Context, actor: Actor, reference: str = "") -> str:
    ctx.live.catch_up()
    query = pdq_value(1)
    matches = screen_signals(ctx, actor, [query])
    ((match_id,),) = note_matches(ctx, actor, [Asked(reference, matches, [query])])
    return match_id


def _content(ctx: Context, match_id: str) -> bank.Content:
    with ctx.database.read() as tx:
        return bank.content_by_id(tx, review.match_by_id(tx, match_id).match.content_id)


def _count(ctx: Context, table: object) -> int:
    with ctx.database.read() as tx:
        return tx.scalar(select(func.count()).select_from(table))


def _task(ctx: Context, kind: TaskKind) -> str:
    with ctx.database.read() as tx:
        return tx.scalar(select(review_task.c.id).where(review_task.c.kind == kind.value))


def _at_once(*works: Callable[[], object]) -> list[object]:
    """What each gives that begin at the same moment."""
    ready = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> object:
        ready.wait()
        try:
            return work()
        except Exception as error:  # noqa: BLE001  # it is looked at
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def test_one_word_is_noted_once_by_two_processes_at_once(reported: Context) -> None:
    forum = _partner(reported, "forum")
    reported.live.catch_up()
    for turn in range(5):
        both = _at_once(*[lambda turn=turn: _matched(reported, forum, f"up-{turn}")] * 2)
        assert both[0] == both[1], both
    assert _count(reported, match_record) == 5


def test_batches_in_another_order_do_not_wait_in_a_circle(reported: Context) -> None:
    forum = _partner(reported, "forum")
    reported.live.catch_up()
    query = pdq_value(1)
    matches = screen_signals(reported, forum, [query])
    asked = [Asked(f"up-{number}", matches, [query]) for number in range(30)]
    forth, back = _at_once(
        lambda: note_matches(reported, forum, asked),
        lambda: note_matches(reported, forum, asked[::-1]),
    )
    assert forth == back[::-1]


def test_an_id_that_follows_from_a_word_follows_from_our_key_too(reported: Context) -> None:
    forum = _partner(reported, "forum")
    first = _matched(reported, forum, "up-1")
    with reported.database.write() as tx:
        tx.execute(match_record.delete())
    assert _matched(reported, forum, "up-1") == first
    with reported.database.write() as tx:
        tx.execute(match_record.delete())
    others = replace(reported, keys=replace(reported.keys, master=b"o" * 32))
    assert _matched(others, forum, "up-1") != first


def test_what_is_held_meanwhile_is_neither_noted_nor_told(reported: Context) -> None:
    forum = _partner(reported, "forum")
    reported.live.catch_up()
    query = pdq_value(1)
    matches = screen_signals(reported, forum, [query])
    with reported.database.write() as tx:
        bank.hold(tx, matches[0].content_id)
    assert note_matches(reported, forum, [Asked("up-1", matches, [query])]) == [[""]]
    assert _count(reported, match_record) == 0


def test_two_partners_who_dispute_at_once_hold_it_back(reported: Context) -> None:
    one, two = _partner(reported, "one"), _partner(reported, "two")
    first, second = _matched(reported, one), _matched(reported, two)
    taken = _at_once(
        lambda: give_opinions(reported, one, [Said(Opinion.DISPUTED, match_id=first)]),
        lambda: give_opinions(reported, two, [Said(Opinion.DISPUTED, match_id=second)]),
    )
    assert taken == [1, 1]
    assert _content(reported, first).status is ContentStatus.HELD


def test_what_is_said_twice_at_once_is_said_once(reported: Context) -> None:
    one = _partner(reported, "one")
    match_id = _matched(reported, one)
    said = [Said(Opinion.CONFIRMED, match_id=match_id)]
    assert _at_once(*[lambda: give_opinions(reported, one, said)] * 4) == [1] * 4
    assert _count(reported, opinion) == 1


def test_what_reviewers_released_stays_until_two_dispute_it_anew(reported: Context) -> None:
    one, two, three = (_partner(reported, name) for name in ("one", "two", "three"))
    matches = {actor.id: _matched(reported, actor) for actor in (one, two, three)}

    def say(actor: Actor, value: Opinion) -> ContentStatus:
        give_opinions(reported, actor, [Said(value, match_id=matches[actor.id])])
        return _content(reported, matches[actor.id]).status

    say(one, Opinion.DISPUTED)
    assert say(two, Opinion.DISPUTED) is ContentStatus.HELD
    task_id = _task(reported, TaskKind.DISPUTE)
    for reviewer in (MINA, JUNO):
        decide_task(reported, reviewer, task_id=task_id, decision="release")
    assert say(three, Opinion.CONFIRMED) is ContentStatus.ACTIVE
    assert say(three, Opinion.DISPUTED) is ContentStatus.ACTIVE
    assert say(one, Opinion.DISPUTED) is ContentStatus.HELD


def test_a_decision_and_opinions_at_once_do_not_wait_in_a_circle(reported: Context) -> None:
    one, two = _partner(reported, "one"), _partner(reported, "two")
    first, second = _matched(reported, one), _matched(reported, two)
    give_opinions(reported, one, [Said(Opinion.DISPUTED, match_id=first)])
    give_opinions(reported, two, [Said(Opinion.DISPUTED, match_id=second)])
    task_id = _task(reported, TaskKind.DISPUTE)
    decide_task(reported, MINA, task_id=task_id, decision="release")
    done = _at_once(
        lambda: decide_task(reported, JUNO, task_id=task_id, decision="release").decision,
        *[
            lambda actor=actor, match_id=match_id: give_opinions(
                reported, actor, [Said(Opinion.CONFIRMED, match_id=match_id)]
            )
            for actor, match_id in ((one, first), (two, second))
        ],
    )
    assert done == ["release", 1, 1]


def test_an_appeal_that_is_sent_twice_at_once_is_one(
    reported: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    match_id = _matched(reported, _partner(reported, "forum"))
    # Neither sees the other's.
    monkeypatch.setattr(_appeals, "appeal_of_match", lambda *_: None)
    both = _at_once(*[lambda: open_appeal(reported, NOBODY, match_id=match_id, text="x")] * 2)
    assert sum(isinstance(one, AlreadyAppealed) for one in both) == 1, both
    assert _count(reported, appeal) == 1


def test_what_a_dismissed_partner_said_counts_no_more(reported: Context) -> None:
    one, two, three = (_partner(reported, name) for name in ("one", "two", "three"))
    matches = {actor.id: _matched(reported, actor) for actor in (one, two, three)}
    give_opinions(reported, one, [Said(Opinion.DISPUTED, match_id=matches[one.id])])
    dismiss_partner(reported, OPERATOR, name="one")
    give_opinions(reported, two, [Said(Opinion.DISPUTED, match_id=matches[two.id])])
    assert _content(reported, matches[two.id]).status is ContentStatus.ACTIVE
    give_opinions(reported, three, [Said(Opinion.DISPUTED, match_id=matches[three.id])])
    assert _content(reported, matches[two.id]).status is ContentStatus.HELD


def test_one_content_does_not_fill_the_queue(reported: Context) -> None:
    forum = _partner(reported, "forum")
    reported.live.catch_up()
    query = flipped(pdq_value(1), 28)
    matches = screen_signals(reported, forum, [query])
    note_matches(reported, forum, [Asked("", matches, [query])] * 60)
    assert _count(reported, match_record) == 60
    assert review_queue(reported, MINA).counts[TaskKind.MATCH] == 50


def test_one_reviewer_alone_holds_nothing_back(reported: Context) -> None:
    forum = _partner(reported, "forum")
    reported.live.catch_up()
    query = flipped(pdq_value(1), 28)
    matches = screen_signals(reported, forum, [query])
    ((match_id,),) = note_matches(reported, forum, [Asked("", matches, [query])])
    task_id = _task(reported, TaskKind.MATCH)
    assert not decide_task(reported, MINA, task_id=task_id, decision="disputed").decided_at
    assert _content(reported, match_id).status is ContentStatus.ACTIVE
    decide_task(reported, JUNO, task_id=task_id, decision="disputed")
    assert _content(reported, match_id).status is ContentStatus.HELD


def test_what_followed_stands_in_the_history_of_the_content(reported: Context) -> None:
    one, two = _partner(reported, "one"), _partner(reported, "two")
    for actor in (one, two):
        match_id = _matched(reported, actor)
        give_opinions(reported, actor, [Said(Opinion.DISPUTED, match_id=match_id)])
    task_id = _task(reported, TaskKind.DISPUTE)
    for reviewer in (MINA, JUNO):
        decide_task(reported, reviewer, task_id=task_id, decision="release")
    with reported.database.read() as tx:
        content_id = review.match_by_id(tx, match_id).match.content_id
        told = [(one.actor_id, one.verb) for one in audit.events(tx, subject_id=content_id)]
    assert told == [(JUNO.id, "release_content"), ("upkeep", "hold_content")]


@pytest.mark.parametrize("how", ["by a lead", "by two who review"])
def test_of_what_is_withdrawn_nothing_waits(each_ctx: Context, how: str) -> None:
    with each_ctx.database.write() as tx:
        into = bank.ensure_bank(tx, "from elsewhere")
        content_id = bank.add_content(
            tx,
            each_ctx.vault,
            bank_id=into.id,
            key_id=bank.bank_key(tx, each_ctx.vault, into.id),
            signals=[pdq_value(1)],
            origin_kind="staff",
        )
    one, two = _partner(each_ctx, "one"), _partner(each_ctx, "two")
    for actor in (one, two):
        match_id = _matched(each_ctx, actor)
        give_opinions(each_ctx, actor, [Said(Opinion.DISPUTED, match_id=match_id)])
    open_appeal(each_ctx, NOBODY, match_id=match_id, text="x")
    if how == "by a lead":
        withdraw_content(each_ctx, OPERATOR, bank_name=into.name, content_id=content_id)
    else:
        task_id = _task(each_ctx, TaskKind.DISPUTE)
        for reviewer in (MINA, JUNO):
            decide_task(each_ctx, reviewer, task_id=task_id, decision="withdraw")
    assert sum(review_queue(each_ctx, MINA).counts.values()) == 0
