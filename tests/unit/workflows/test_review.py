# SPDX-License-Identifier: Apache-2.0
"""Matches noted, opinions weighed, tasks decided by two, appeals: each from the first call to what follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from installations import NOBODY, OPERATOR, flipped, image, pdq_value, person, report
from sqlalchemy import func, select, update

from haechi import bank, review
from haechi.errors import (
    AlreadyAppealed,
    AlreadyDecided,
    MalformedField,
    NotFound,
    NotYours,
    OnlyTheReporter,
    PauseDue,
)
from haechi.review._tables import appeal, match_record, opinion, review_task
from haechi.values import Actor, ActorKind, BankPolicy, ContentStatus, Opinion, StaffRole, utc_now
from haechi.workflows import (
    AppealStep,
    Context,
    Said,
    TaskKind,
    add_to_bank,
    admit_partner,
    claim_task,
    create_bank,
    decide_task,
    give_opinions,
    hold_content,
    open_appeal,
    read_appeal,
    review_queue,
    screen_signals,
    set_bank_access,
    withdraw_item,
)
from haechi.workflows._flood import FloodGuard
from haechi.workflows._note_matches import Asked, forget_old_matches, note_matches

MINA, JUNO = (Actor(ActorKind.STAFF, f"usr_{n}", role=StaffRole.WORKER) for n in ("mina", "juno"))
LEAD = Actor(ActorKind.STAFF, "usr_lead", role=StaffRole.LEAD)
SCOPES = frozenset({"match", "opinions", "distance"})


def _partner(ctx: Context, name: str) -> Actor:
    partner, _ = admit_partner(ctx, OPERATOR, name=name, scopes=SCOPES)
    return Actor(ActorKind.PARTNER, partner.id, SCOPES, partner.reader)


def _matched(ctx: Context, actor: Actor, seed: int = 1, reference: str = "", bits: int = 0) -> str:
    """The id of a match of this partner's upload with what was reported."""
    query = flipped(pdq_value(seed), bits)
    ctx.live.catch_up()
    matches = screen_signals(ctx, actor, [query])
    ((match_id,),) = note_matches(ctx, actor, [Asked(reference, matches, [query])])
    return match_id


def _looked(ctx: Context, actor: Actor, seed: int) -> str:
    """The id of a match of an upload that is like no other, and near what was reported."""
    query = flipped(pdq_value(1), 20, seed=seed)
    matches = screen_signals(ctx, actor, [query])
    ((match_id,),) = note_matches(ctx, actor, [Asked("", matches, [query])])
    return match_id


def _content_id(ctx: Context, match_id: str) -> str:
    with ctx.database.read() as tx:
        return review.match_by_id(tx, match_id).match.content_id


def _content(ctx: Context, match_id: str) -> bank.Content:
    with ctx.database.read() as tx:
        return bank.content_by_id(tx, _content_id(ctx, match_id))


def _count(ctx: Context, table: object) -> int:
    with ctx.database.read() as tx:
        return tx.scalar(select(func.count()).select_from(table))


def _task(ctx: Context, kind: TaskKind) -> str:
    with ctx.database.read() as tx:
        return tx.scalar(select(review_task.c.id).where(review_task.c.kind == kind.value))


@pytest.fixture
def reported(each_ctx: Context) -> Context:
    report(each_ctx, image(pdq_value(1)))
    return each_ctx


class TestNoted:
    def test_it_holds_what_was_told_and_nothing_of_the_upload(self, reported: Context) -> None:
        forum = _partner(reported, "forum")
        match_id = _matched(reported, forum, reference="upload-7", bits=4)
        with reported.database.read() as tx:
            row = tx.execute(select(match_record)).one()
        assert (row.id, row.partner_id, row.reference) == (match_id, forum.id, "upload-7")
        assert (row.signal, row.verdict, row.policy, row.distance_bits) == (
            "pdq",
            "same",
            "block",
            4,
        )
        for value in (pdq_value(1).hex, flipped(pdq_value(1), 4).hex):
            assert value not in repr(row)

    def test_a_sure_match_in_a_bank_that_blocks_is_no_task(self, reported: Context) -> None:
        _matched(reported, _partner(reported, "forum"))
        assert _count(reported, review_task) == 0

    def test_a_match_that_is_not_sure_is_a_task(self, reported: Context) -> None:
        _matched(reported, _partner(reported, "forum"), bits=28)
        (task,) = review_queue(reported, MINA).tasks
        assert task.kind is TaskKind.MATCH

    def test_the_same_word_gives_the_same_id(self, reported: Context) -> None:
        forum, other = _partner(reported, "forum"), _partner(reported, "other")
        first = _matched(reported, forum, reference="one")
        assert _matched(reported, forum, reference="one") == first
        assert _matched(reported, forum, reference="two") != first
        assert _matched(reported, other, reference="one") != first
        assert _matched(reported, forum) != _matched(reported, forum)

    def test_it_is_forgotten_after_its_days(self, reported: Context) -> None:
        _matched(reported, _partner(reported, "forum"))
        forget_old_matches(reported)
        assert _count(reported, match_record) == 1
        with reported.database.write() as tx:
            long_ago = utc_now() - timedelta(days=reported.settings.match_records_days, seconds=1)
            tx.execute(update(match_record).values(found_at=long_ago))
        forget_old_matches(reported)
        assert _count(reported, match_record) == 0


class TestOpinions:
    def test_two_partners_who_dispute_hold_it_back_one_does_not(self, reported: Context) -> None:
        one, two = _partner(reported, "one"), _partner(reported, "two")
        first, second = _matched(reported, one), _matched(reported, two)
        give_opinions(reported, one, [Said(Opinion.DISPUTED, match_id=first)])
        give_opinions(
            reported, one, [Said(Opinion.DISPUTED, content_id=_content_id(reported, first))]
        )
        assert _content(reported, first).status is ContentStatus.ACTIVE
        give_opinions(reported, two, [Said(Opinion.DISPUTED, match_id=second)])
        assert _content(reported, first).status is ContentStatus.HELD
        reported.live.catch_up()
        assert screen_signals(reported, one, [pdq_value(1)]) == []
        (task,) = review_queue(reported, MINA).tasks
        assert task.kind is TaskKind.DISPUTE

    def test_as_many_as_dispute_may_confirm_and_one_more_keeps_it(self, reported: Context) -> None:
        partners = [_partner(reported, f"p{n}") for n in range(5)]
        matches = [_matched(reported, each) for each in partners]
        said = [Opinion.CONFIRMED] * 3 + [Opinion.DISPUTED] * 2
        for actor, match_id, value in zip(partners, matches, said, strict=True):
            give_opinions(reported, actor, [Said(value, match_id=match_id)])
        assert _content(reported, matches[0]).status is ContentStatus.ACTIVE
        give_opinions(reported, partners[0], [Said(Opinion.NOT_THIS, match_id=matches[0])])
        give_opinions(reported, partners[4], [Said(Opinion.DISPUTED, match_id=matches[4])])
        assert _content(reported, matches[0]).status is ContentStatus.HELD

    def test_three_that_say_not_this_within_a_day_make_it_for_review_only(
        self, reported: Context
    ) -> None:
        partners = [_partner(reported, f"p{n}") for n in range(3)]
        matches = [_matched(reported, each) for each in partners]
        for actor, match_id in zip(partners, matches, strict=True):
            assert _content(reported, match_id).quarantined_at is None
            give_opinions(reported, actor, [Said(Opinion.NOT_THIS, match_id=match_id)])
        assert _content(reported, matches[0]).quarantined_at is not None
        reported.live.catch_up()
        (match,) = screen_signals(reported, partners[0], [pdq_value(1)])
        assert match.policy is BankPolicy.REVIEW

    def test_another_partners_match_is_nothing_and_nothing_is_kept(self, reported: Context) -> None:
        one, two = _partner(reported, "one"), _partner(reported, "two")
        own, others = _matched(reported, one), _matched(reported, two)
        for match_id in (others, "mat_none", "%"):
            with pytest.raises(NotFound):
                give_opinions(
                    reported,
                    one,
                    [
                        Said(Opinion.DISPUTED, match_id=own),
                        Said(Opinion.DISPUTED, match_id=match_id),
                    ],
                )
        assert _count(reported, opinion) == 0

    def test_a_content_that_the_partner_is_not_told_of_is_nothing(self, reported: Context) -> None:
        one = _partner(reported, "one")
        content_id = _content_id(reported, _matched(reported, one))
        with reported.database.write() as tx:
            bank.hold(tx, content_id)
        with pytest.raises(NotFound):
            give_opinions(reported, one, [Said(Opinion.DISPUTED, content_id=content_id)])

    @pytest.mark.parametrize(
        "said", [[], [Said(Opinion.CONFIRMED)], [Said(Opinion.CONFIRMED, "a", "b")]]
    )
    def test_what_says_nothing_is_refused(self, reported: Context, said: list[Said]) -> None:
        with pytest.raises(MalformedField):
            give_opinions(reported, _partner(reported, "one"), said)


class TestDeciding:
    def test_one_who_confirms_is_enough_and_is_noted(self, reported: Context) -> None:
        match_id = _matched(reported, _partner(reported, "forum"), bits=28)
        task_id = _task(reported, TaskKind.MATCH)
        view = claim_task(reported, MINA, task_id=task_id)
        assert view.match.id == match_id
        assert view.partner_name == "forum"
        assert decide_task(reported, MINA, task_id=task_id, decision="confirmed").decided_at
        with reported.database.read() as tx:
            (given,) = review.opinions_of(tx, _content_id(reported, match_id))
        assert (given.giver_id, given.value) == (MINA.id, Opinion.CONFIRMED)
        assert review_queue(reported, JUNO).tasks == ()

    def test_what_somebody_is_at_is_nobody_elses(self, reported: Context) -> None:
        _matched(reported, _partner(reported, "forum"), bits=28)
        task_id = _task(reported, TaskKind.MATCH)
        claim_task(reported, MINA, task_id=task_id)
        assert review_queue(reported, JUNO).tasks == ()
        with pytest.raises(AlreadyDecided):
            decide_task(reported, JUNO, task_id=task_id, decision="confirmed")
        with reported.database.write() as tx:
            tx.execute(
                update(review_task).values(claimed_at=utc_now() - timedelta(minutes=15, seconds=1))
            )
        claim_task(reported, JUNO, task_id=task_id)
        with pytest.raises(AlreadyDecided):
            decide_task(reported, MINA, task_id=task_id, decision="confirmed")

    def _disputed(self, ctx: Context) -> str:
        for name in ("one", "two"):
            actor = _partner(ctx, name)
            ctx.live.catch_up()
            match_id = _matched(ctx, actor)
            give_opinions(ctx, actor, [Said(Opinion.DISPUTED, match_id=match_id)])
        return _content_id(ctx, match_id)

    def test_releasing_takes_two(self, reported: Context) -> None:
        content_id = self._disputed(reported)
        task_id = _task(reported, TaskKind.DISPUTE)
        assert not decide_task(reported, MINA, task_id=task_id, decision="release").decided_at
        assert self._status(reported, content_id) is ContentStatus.HELD
        with pytest.raises(AlreadyDecided):
            decide_task(reported, MINA, task_id=task_id, decision="release")
        assert claim_task(reported, JUNO, task_id=task_id).task.id == task_id
        assert decide_task(reported, JUNO, task_id=task_id, decision="release").decided_at
        assert self._status(reported, content_id) is ContentStatus.ACTIVE
        assert review_queue(reported, LEAD).agreement == review.Agreement(1, 1)

    def test_where_two_decide_differently_a_lead_does_and_neither_of_them(
        self, reported: Context
    ) -> None:
        content_id = self._disputed(reported)
        task_id = _task(reported, TaskKind.DISPUTE)
        decide_task(reported, MINA, task_id=task_id, decision="release")
        decide_task(reported, JUNO, task_id=task_id, decision="keep_held")
        for actor in (MINA, JUNO, Actor(ActorKind.STAFF, "usr_third", role=StaffRole.WORKER)):
            assert review_queue(reported, actor).tasks == ()
            with pytest.raises(AlreadyDecided):
                decide_task(reported, actor, task_id=task_id, decision="release")
        assert decide_task(reported, LEAD, task_id=task_id, decision="release").decided_at
        assert self._status(reported, content_id) is ContentStatus.ACTIVE
        assert review_queue(reported, LEAD).agreement == review.Agreement(0, 1)

    def test_what_a_person_reported_only_she_withdraws(self, reported: Context) -> None:
        content_id = self._disputed(reported)
        task_id = _task(reported, TaskKind.DISPUTE)
        assert "withdraw" not in claim_task(reported, LEAD, task_id=task_id).decisions
        with pytest.raises(OnlyTheReporter):
            decide_task(reported, LEAD, task_id=task_id, decision="withdraw")
        assert self._status(reported, content_id) is ContentStatus.HELD

    def test_a_decision_of_another_kind_is_refused(self, reported: Context) -> None:
        self._disputed(reported)
        with pytest.raises(MalformedField, match="release"):
            decide_task(reported, LEAD, task_id=_task(reported, TaskKind.DISPUTE), decision="lift")

    def test_what_is_withdrawn_is_decided(self, each_ctx: Context) -> None:
        opened = report(each_ctx, image(pdq_value(1)))
        _matched(each_ctx, _partner(each_ctx, "forum"), bits=28)
        withdraw_item(each_ctx, person(opened), item_id=opened.case.items[0].id)
        assert review_queue(each_ctx, MINA).tasks == ()

    @staticmethod
    def _status(ctx: Context, content_id: str) -> ContentStatus:
        with ctx.database.read() as tx:
            return bank.content_by_id(tx, content_id).status

    def test_enough_for_today(self, reported: Context) -> None:
        forum = _partner(reported, "forum")
        _matched(reported, forum, bits=28, reference="one")
        task_id = _task(reported, TaskKind.MATCH)
        with reported.database.write() as tx:
            for number in range(reported.settings.decisions_a_day):
                tx.execute(
                    review_task.insert().values(
                        id=f"tsk_{number}", kind="flood", subject_id=str(number),
                        content_id="con_0", opened_at=utc_now(), decided_by=MINA.id,
                        decided_at=utc_now() - timedelta(milliseconds=number),
                    )
                )  # fmt: skip
        with pytest.raises(PauseDue):
            decide_task(reported, MINA, task_id=task_id, decision="confirmed")
        decide_task(reported, JUNO, task_id=task_id, decision="confirmed")


class TestFlood:
    def test_unlike_pictures_put_a_content_under_quarantine(self, reported: Context) -> None:
        """A value with neighbours on every side, as that of a flat picture has."""
        partners = _partner(reported, "forum"), _partner(reported, "site")
        reported.live.catch_up()
        for seed in range(reported.settings.flood_looks_per_hour - 1):
            match_id = _looked(reported, partners[seed % 2], seed)
        assert _content(reported, match_id).quarantined_at is None
        match_id = _looked(reported, partners[1], 99)
        assert _content(reported, match_id).quarantined_at is not None
        task_id = _task(reported, TaskKind.FLOOD)
        decide_task(reported, MINA, task_id=task_id, decision="lift")
        assert _content(reported, match_id).quarantined_at is not None
        decide_task(reported, JUNO, task_id=task_id, decision="lift")
        assert _content(reported, match_id).quarantined_at is None
        _looked(reported, partners[0], 500)
        assert review_queue(reported, MINA).counts[TaskKind.FLOOD] == 0

    def test_one_partner_alone_brings_it_before_a_person_and_no_further(
        self, reported: Context
    ) -> None:
        """Whoever follows the feed knows values near which it can ask (docs/decisions/030)."""
        forum, site = _partner(reported, "forum"), _partner(reported, "site")
        reported.live.catch_up()
        for seed in range(2 * reported.settings.flood_looks_per_hour):
            match_id = _looked(reported, forum, seed)
        for seed in range(reported.settings.flood_looks_per_hour // 2 - 1):
            _looked(reported, site, 1000 + seed)
        assert _content(reported, match_id).quarantined_at is None
        task_id = _task(reported, TaskKind.FLOOD)
        assert not decide_task(reported, MINA, task_id=task_id, decision="keep").decided_at
        assert _content(reported, match_id).quarantined_at is None
        decide_task(reported, JUNO, task_id=task_id, decision="keep")
        assert _content(reported, match_id).quarantined_at is not None

    def test_what_was_just_lifted_another_process_leaves_alone(self, reported: Context) -> None:
        partners = _partner(reported, "forum"), _partner(reported, "site")
        reported.live.catch_up()
        for seed in range(reported.settings.flood_looks_per_hour):
            match_id = _looked(reported, partners[seed % 2], seed)
        other = replace(reported, flood=FloodGuard())
        for number, actor in enumerate(partners):
            for seed in range(reported.settings.flood_looks_per_hour):
                other.flood.count(
                    _content_id(reported, match_id),
                    [pdq_value(100 * number + seed + 1)],
                    partner_id=actor.id,
                )
        task_id = _task(reported, TaskKind.FLOOD)
        for reviewer in (MINA, JUNO):
            decide_task(reported, reviewer, task_id=task_id, decision="lift")
        _looked(other, partners[0], 500)
        assert _content(reported, match_id).quarantined_at is None

    def test_a_picture_that_spreads_does_not(self, reported: Context) -> None:
        forum = _partner(reported, "forum")
        for seed in range(3 * reported.settings.flood_looks_per_hour):
            query = flipped(pdq_value(1), seed % 8, seed=seed)
            reported.live.catch_up()
            matches = screen_signals(reported, forum, [query])
            ((match_id,),) = note_matches(reported, forum, [Asked("", matches, [query])])
        assert _content(reported, match_id).quarantined_at is None

    def test_looks_are_forgotten_after_an_hour(self) -> None:
        now = [0.0]
        guard = FloodGuard(lambda: now[0])
        for seed in range(10):
            guard.count("con_1", [pdq_value(seed)])
        assert guard.count("con_1", []) == 10
        assert guard.count("con_2", [pdq_value(1)]) == 1
        now[0] = 3600.0
        assert guard.count("con_1", []) == 0

    def test_it_stays_small(self) -> None:
        guard = FloodGuard()
        assert [guard.count("con_1", [pdq_value(seed)]) for seed in range(100)][-1] == 64


class TestAppeals:
    def test_from_the_uploader_to_the_outcome(self, reported: Context) -> None:
        match_id = _matched(reported, _partner(reported, "forum"))
        state = open_appeal(reported, NOBODY, match_id=match_id, text="This is my garden.")
        reference = state.reference

        def step() -> AppealStep:
            return read_appeal(reported, NOBODY, reference=reference).step

        assert step() is AppealStep.RECEIVED
        task_id = _task(reported, TaskKind.APPEAL)
        view = claim_task(reported, MINA, task_id=task_id)
        assert view.text == "This is my garden."
        assert step() is AppealStep.LOOKED_AT
        decide_task(reported, MINA, task_id=task_id, decision="upheld")
        assert step() is AppealStep.LOOKED_AT
        decide_task(reported, JUNO, task_id=task_id, decision="upheld")
        assert step() is AppealStep.UPHELD
        with reported.database.read() as tx:
            (given,) = review.opinions_of(tx, _content_id(reported, match_id))
        assert (given.value, given.match_id) == (Opinion.NOT_THIS, match_id)

    def test_its_reference_is_found_however_it_is_typed_and_a_slip_is_not(
        self, reported: Context
    ) -> None:
        match_id = _matched(reported, _partner(reported, "forum"))
        reference = open_appeal(reported, NOBODY, match_id=match_id, text="x").reference
        signs = reference.removeprefix("A-")
        for typed in (reference, reference.lower(), signs, signs.replace("-", ""), f" {signs} "):
            assert read_appeal(reported, NOBODY, reference=typed).reference == reference
        other = "1" if signs[0] != "1" else "2"
        for typed in (other + signs[1:], "", "A-", "A-0000-0000", "apl_x", signs[:-1], "%"):
            with pytest.raises(NotFound):
                read_appeal(reported, NOBODY, reference=typed)
        with reported.database.read() as tx:
            inner = tx.scalar(select(appeal.c.id))
        with pytest.raises(NotFound):
            read_appeal(reported, NOBODY, reference=inner)

    def test_a_partner_reaches_its_own_only(self, reported: Context) -> None:
        one, two = _partner(reported, "one"), _partner(reported, "two")
        match_id = _matched(reported, one)
        with pytest.raises(NotFound):
            open_appeal(reported, two, match_id=match_id, text="x")
        reference = open_appeal(reported, one, match_id=match_id, text="x").reference
        assert read_appeal(reported, one, reference=reference).step is AppealStep.RECEIVED
        with pytest.raises(NotFound):
            read_appeal(reported, two, reference=reference)

    def test_one_for_a_match(self, reported: Context) -> None:
        match_id = _matched(reported, _partner(reported, "forum"))
        open_appeal(reported, NOBODY, match_id=match_id, text="x")
        with pytest.raises(AlreadyAppealed):
            open_appeal(reported, NOBODY, match_id=match_id, text="y")

    @pytest.mark.parametrize("text", ["", "  ", "x" * 2001])
    def test_no_text_or_too_much_is_refused(self, reported: Context, text: str) -> None:
        match_id = _matched(reported, _partner(reported, "forum"))
        with pytest.raises(MalformedField):
            open_appeal(reported, NOBODY, match_id=match_id, text=text)

    def test_its_text_is_sealed_and_destroyed_after_a_while(self, reported: Context) -> None:
        match_id = _matched(reported, _partner(reported, "forum"))
        open_appeal(reported, NOBODY, match_id=match_id, text="This is my garden.")
        with reported.database.read() as tx:
            row = tx.execute(select(appeal)).one()
        assert b"garden" not in row.sealed_text
        task_id = _task(reported, TaskKind.APPEAL)
        decide_task(reported, MINA, task_id=task_id, decision="turned_down")
        forget_old_matches(reported)
        with reported.database.write() as tx:
            assert review.appeal_text(tx, reported.vault, row.id) == "This is my garden."
            days = timedelta(days=reported.settings.appeal_text_days, seconds=1)
            tx.execute(update(appeal).values(decided_at=utc_now() - days))
        forget_old_matches(reported)
        with reported.database.read() as tx:
            assert review.appeal_text(tx, reported.vault, row.id) == ""

    def test_its_text_goes_also_where_nothing_is_left_to_decide(self, reported: Context) -> None:
        match_id = _matched(reported, _partner(reported, "forum"))
        open_appeal(reported, NOBODY, match_id=match_id, text="This is my garden.")
        days = timedelta(days=reported.settings.appeal_text_days, seconds=1)
        with reported.database.write() as tx:
            review.close_tasks_of(tx, _content_id(reported, match_id), at=utc_now() - days)
        forget_old_matches(reported)
        with reported.database.read() as tx:
            assert tx.scalar(select(appeal.c.sealed_text)) is None

    def test_its_match_is_kept_until_it_is_decided(self, reported: Context) -> None:
        match_id = _matched(reported, _partner(reported, "forum"))
        open_appeal(reported, NOBODY, match_id=match_id, text="x")
        long_ago = utc_now() - timedelta(days=reported.settings.match_records_days, seconds=1)
        with reported.database.write() as tx:
            tx.execute(update(match_record).values(found_at=long_ago))
        forget_old_matches(reported)
        assert _count(reported, match_record) == 1
        task_id = _task(reported, TaskKind.APPEAL)
        decide_task(reported, MINA, task_id=task_id, decision="turned_down")
        forget_old_matches(reported)
        assert _count(reported, match_record) == 0


def test_a_partner_cannot_end_a_dispute_about_what_it_put_in(each_ctx: Context) -> None:
    """By holding it until a moment of its own choice."""
    scopes = frozenset({*SCOPES, "contribute"})
    owner, _ = admit_partner(each_ctx, OPERATOR, name="owner", scopes=scopes)
    actor = Actor(ActorKind.PARTNER, owner.id, scopes, owner.reader)
    create_bank(each_ctx, OPERATOR, name="shared")
    set_bank_access(
        each_ctx, OPERATOR, name="shared", partner="owner", may_read=True, may_write=True
    )
    content_id = add_to_bank(each_ctx, actor, bank_name="shared", signals=[pdq_value(5)])
    for name in ("one", "two"):
        other = _partner(each_ctx, name)
        match_id = _matched(each_ctx, other, seed=5)
        give_opinions(each_ctx, other, [Said(Opinion.DISPUTED, match_id=match_id)])
    assert _content(each_ctx, match_id).status is ContentStatus.HELD
    with pytest.raises(NotYours):
        hold_content(
            each_ctx,
            actor,
            bank_name="shared",
            content_id=content_id,
            until=utc_now() + timedelta(seconds=60),
        )
