# SPDX-License-Identifier: Apache-2.0
"""How it stands at a sighting: honest states, the clocks of the law and ours, and what is next."""

from __future__ import annotations

from datetime import timedelta

import pytest
from installations import OPERATOR, person, report
from sqlalchemy import select
from timelines import hours, made_check, made_notice, made_timeline

from haechi import cases, workflows
from haechi.audit._tables import audit_event
from haechi.cases import Agency
from haechi.errors import MalformedField, NoAgency, NotFound
from haechi.notices import ClockKind
from haechi.values import utc_now
from haechi.workflows import (
    CheckOutcome,
    Context,
    DraftRequest,
    OpenedCase,
    Sighting,
    StepKind,
    Timeline,
)


def _kinds(timeline: Timeline) -> list[str]:
    return [step.kind.value for step in timeline.steps]


def _one(timeline: Timeline, kind: StepKind):  # type: ignore[no-untyped-def]
    (step,) = [step for step in timeline.steps if step.kind is kind]
    return step


SENT = made_notice(1, 2)
RECEIVED = made_notice(1, 2, 4)


class TestStates:
    @pytest.mark.parametrize(
        ("notices", "checks", "now", "state"),
        [
            ([], [], 1, "open"),
            ([made_notice(1)], [], 9, "open"),
            ([made_notice(1)], [made_check("up", 2)], 9, "open"),
            ([SENT], [], 3, "asked"),
            ([SENT], [made_check("up", 5)], 9, "asked"),
            ([SENT], [], 50, "overdue"),
            ([RECEIVED], [], 50, "asked"),
            ([RECEIVED], [], 52, "overdue"),
            ([RECEIVED], [made_check("up", 60)], 99, "overdue"),
            ([SENT], [made_check("removed", 9)], 99, "removed"),
            ([SENT], [made_check("removed", 60)], 99, "removed"),
            ([SENT], [made_check("deindexed", 9)], 99, "deindexed"),
            ([SENT], [made_check("refused", 9)], 99, "refused"),
            ([SENT], [made_check("refused", 9), made_check("up", 10)], 99, "refused"),
            ([SENT], [made_check("no_answer", 60)], 99, "no_answer"),
            ([], [made_check("blocked_in", 9, "KR")], 99, "blocked"),
            ([SENT], [made_check("blocked_in", 9, "KR")], 99, "blocked"),
            ([], [made_check("removed", 8), made_check("blocked_in", 9, "KR")], 99, "blocked"),
            ([], [made_check("blocked_in", 8, "KR"), made_check("removed", 8)], 99, "blocked"),
            ([], [made_check("removed", 8), made_check("reappeared", 9)], 99, "back"),
            ([], [made_check("removed", 8), made_check("up", 9)], 99, "back"),
            ([], [made_check("blocked_in", 8, "KR"), made_check("up", 9)], 99, "back"),
            (
                [],
                [made_check("removed", 8), made_check("no_answer", 9), made_check("up", 10)],
                99,
                "back",
            ),
            ([], [made_check("up", 8), made_check("up", 9)], 99, "open"),
        ],
    )
    def test_the_state_is_what_is_known(self, notices, checks, now, state) -> None:  # type: ignore[no-untyped-def]
        assert made_timeline(notices, checks, now=now).state == state

    def test_a_request_after_it_came_back_is_how_it_stands(self) -> None:
        back = [made_check("removed", 10), made_check("up", 20)]
        again = made_notice(21, 22)
        assert made_timeline([SENT], back, now=30).state == "back"
        assert made_timeline([SENT, again], back, now=30).state == "asked"
        # A later look that it is still there does not hide that it was asked again.
        still = [*back, made_check("up", 25)]
        assert made_timeline([SENT, again], still, now=30).state == "asked"
        assert made_timeline([SENT, again], still, now=70).state == "overdue"
        # And what was overdue before it came back is no news of the new request.
        assert made_timeline([SENT, again], still, now=69).state == "asked"

    def test_that_it_is_there_again_is_news_once(self) -> None:
        again = made_notice(21, 22)
        back = [made_check("removed", 10), made_check("reappeared", 20)]
        twice = [*back, made_check("reappeared", 25)]
        assert made_timeline([again], twice, now=30).state == "asked"
        # A request of the very moment was not sent because it came back.
        assert made_timeline([made_notice(1, 20)], back, now=30).state == "back"

    def test_a_request_after_it_was_blocked_does_not_hide_that(self) -> None:
        blocked = [made_check("blocked_in", 10, "KR")]
        assert made_timeline([made_notice(11, 12)], blocked, now=13).state == "blocked"

    def test_every_country_where_it_is_blocked_is_named(self) -> None:
        looks = [
            made_check("blocked_in", 1, "DE"),
            made_check("up", 2),
            made_check("blocked_in", 3, "KR"),
            made_check("blocked_in", 4, "JP"),
            made_check("blocked_in", 5, "KR"),
        ]
        assert made_timeline([], looks).blocked_in == ("JP", "KR")
        assert made_timeline([], [*looks, made_check("removed", 6)]).blocked_in == ()


class TestSteps:
    def test_a_draft_has_no_clock_that_runs(self) -> None:
        drafted = made_timeline([made_notice(1)], now=500)
        assert _kinds(drafted) == ["recorded", "drafted"]
        assert drafted.next is None
        clock = _one(drafted, StepKind.DRAFTED).clock
        assert clock is not None
        assert clock.started_at is None

    def test_a_sent_notice_waits_for_a_sign_and_for_the_law(self) -> None:
        sent = made_timeline([SENT], now=3)
        assert _kinds(sent) == ["recorded", "drafted", "sent", "acknowledgement", "due"]
        sign, due = _one(sent, StepKind.ACKNOWLEDGEMENT), _one(sent, StepKind.DUE)
        assert sent.next == sign
        assert (sign.at, sign.is_ahead) == (hours(8), True)
        assert sign.clock.kind is ClockKind.POLICY
        assert (due.at, due.is_ahead) == (hours(50), True)
        assert due.clock.kind is ClockKind.STATUTORY
        assert not due.clock.is_confirmed

    def test_a_receipt_ends_the_wait_for_it(self) -> None:
        received = made_timeline([RECEIVED], now=5)
        assert _kinds(received) == ["recorded", "drafted", "sent", "received", "due"]
        due = _one(received, StepKind.DUE)
        assert received.next == due
        assert due.at == hours(52)
        assert due.clock.is_confirmed

    def test_an_ended_time_stays_told(self) -> None:
        ended = made_timeline([SENT], now=60)
        assert [step.is_ahead for step in ended.steps] == [False] * 5
        assert ended.next is None
        assert not _one(ended, StepKind.DUE).is_answered

    @pytest.mark.parametrize("outcome", ["removed", "refused"])
    def test_after_an_answer_no_time_is_waited_for(self, outcome: str) -> None:
        answer = made_check(outcome, 5)
        early = made_timeline([SENT], [answer], now=6)
        assert "due" not in _kinds(early)
        assert "acknowledgement" not in _kinds(early)
        assert early.next is not None
        assert early.next.kind is StepKind.NEXT_LOOK
        late = made_timeline([SENT], [answer], now=60)
        assert _one(late, StepKind.DUE).is_answered

    @pytest.mark.parametrize("outcome", ["up", "no_answer", "deindexed", "reappeared"])
    def test_what_is_no_answer_leaves_the_time_running(self, outcome: str) -> None:
        early = made_timeline([SENT], [made_check(outcome, 5)], now=6)
        assert _one(early, StepKind.DUE).is_ahead
        late = made_timeline([SENT], [made_check(outcome, 5)], now=60)
        assert not _one(late, StepKind.DUE).is_answered

    def test_a_block_in_one_country_is_no_answer_of_the_service(self) -> None:
        blocked = made_timeline([SENT], [made_check("blocked_in", 5, "KR")], now=5.5)
        assert _one(blocked, StepKind.DUE).is_ahead

    def test_an_answer_after_the_time_does_not_make_it_in_time(self) -> None:
        late = made_timeline([SENT], [made_check("removed", 51)], now=60)
        assert not _one(late, StepKind.DUE).is_answered

    def test_gone_and_back_within_the_time_is_no_answer(self) -> None:
        looks = [made_check("removed", 5), made_check("reappeared", 6)]
        assert not _one(made_timeline([SENT], looks, now=60), StepKind.DUE).is_answered

    def test_a_look_that_found_nothing_out_leaves_the_answer_as_it_is(self) -> None:
        looks = [made_check("removed", 5), made_check("no_answer", 6)]
        assert _one(made_timeline([SENT], looks, now=60), StepKind.DUE).is_answered

    def test_an_answer_before_the_request_answers_nothing(self) -> None:
        asked_later = made_timeline([made_notice(10, 11)], [made_check("refused", 5)], now=60)
        assert not _one(asked_later, StepKind.DUE).is_answered

    def test_a_planned_look_that_nobody_recorded_is_still_next(self) -> None:
        missed = made_timeline([], [made_check("removed", 5)], now=60)
        assert missed.next is not None
        assert (missed.next.at, missed.next.is_ahead) == (hours(6), False)

    def test_other_sightings_are_not_in_it(self) -> None:
        other = made_timeline(
            [made_notice(1, 2, sighting_id="sgt_2")],
            [made_check("removed", 3, sighting_id="sgt_2")],
        )
        assert _kinds(other) == ["recorded"]
        assert other.state == "open"

    def test_news_after_the_moment_is_not_told(self) -> None:
        later = [made_check("removed", 30)]
        assert _kinds(made_timeline([RECEIVED], later, now=3)) == [
            "recorded", "drafted", "sent", "acknowledgement", "due",
        ]  # fmt: skip
        assert _kinds(made_timeline([RECEIVED], later, now=1.5)) == ["recorded", "drafted"]
        assert made_timeline([RECEIVED], later, now=1.5).state == "open"


class TestRecording:
    @pytest.fixture
    def opened(self, ctx: Context) -> OpenedCase:
        return report(ctx, sightings=(Sighting(url="https://example.com"), Sighting(note="room")))

    def _draft(self, ctx: Context, opened: OpenedCase, **changed: object):  # type: ignore[no-untyped-def]
        asked = {"has_authorisation": True, "declares_good_faith": True, **changed}
        request = DraftRequest(opened.case.number, 1, "Forum", "US-TIDA", **asked)  # type: ignore[arg-type]
        return workflows.draft_notice(ctx, OPERATOR, request)

    def test_what_was_recorded_is_in_her_timeline(self, ctx: Context, opened: OpenedCase) -> None:
        number = opened.case.number
        notice = self._draft(ctx, opened)
        at = {"case_number": number, "notice_id": notice.id}
        sent = workflows.record_sent(ctx, OPERATOR, **at, at=utc_now())
        came = workflows.record_received(ctx, OPERATOR, **at, at=utc_now())
        check = workflows.record_check(
            ctx, OPERATOR, case_number=number, sighting=1, outcome=CheckOutcome.BLOCKED_IN,
            country="KR", looked_at=utc_now(),
        )  # fmt: skip
        first, second = (
            place.timeline for place in workflows.read_case(ctx, person(opened)).places
        )
        assert _kinds(first) == [
            "recorded", "drafted", "sent", "received", "check", "next_look", "due",
        ]  # fmt: skip
        assert (first.state, first.blocked_in) == ("blocked", ("KR",))
        assert first.last_check == check
        assert _one(first, StepKind.DUE).at == came.clock.due_at
        assert came.sent_at == sent.sent_at
        assert (second.state, _kinds(second)) == ("open", ["recorded"])
        with ctx.database.read() as tx:
            rows = tx.execute(select(audit_event.c.verb, audit_event.c.subject_id)).all()
        assert [tuple(row) for row in rows][-3:] == [
            ("record_sent", notice.id),
            ("record_received", notice.id),
            ("record_check", check.id),
        ]

    def test_nothing_of_another_case_is_reached(self, ctx: Context, opened: OpenedCase) -> None:
        notice = self._draft(ctx, opened)
        other = report(ctx, sightings=(Sighting(note="x"),)).case.number
        for number, notice_id in ((other, notice.id), (opened.case.number, "ntc_x"), ("", "")):
            for record in (workflows.record_sent, workflows.record_received):
                with pytest.raises(NotFound):
                    record(ctx, OPERATOR, case_number=number, notice_id=notice_id, at=utc_now())
        for number, sighting in ((other, 2), (other, 0), (opened.case.number, 3), ("", 1)):
            with pytest.raises(NotFound):
                workflows.record_check(
                    ctx, OPERATOR, case_number=number, sighting=sighting,
                    outcome=CheckOutcome.UP, looked_at=utc_now(),
                )  # fmt: skip

    def test_what_is_refused_leaves_no_row(self, ctx: Context, opened: OpenedCase) -> None:
        number = opened.case.number
        notice = self._draft(ctx, opened, has_authorisation=False)
        with ctx.database.read() as tx:
            before = tx.execute(select(audit_event)).all()
        with pytest.raises(MalformedField, match="authorisation"):
            workflows.record_sent(
                ctx, OPERATOR, case_number=number, notice_id=notice.id, at=utc_now()
            )
        with pytest.raises(MalformedField):
            workflows.record_check(
                ctx, OPERATOR, case_number=number, sighting=1, outcome=CheckOutcome.UP,
                looked_at=utc_now() + timedelta(hours=1),
            )  # fmt: skip
        with ctx.database.read() as tx:
            assert tx.execute(select(audit_event)).all() == before

    @pytest.mark.parametrize(
        ("agency", "told", "missing"),
        [
            (Agency.UNSET, False, ("authorisation",)),
            (Agency.UNSET, True, ()),
            (Agency.YES, False, ()),
            (Agency.YES, True, ()),
            (Agency.NO, False, ("authorisation",)),
        ],
    )
    def test_her_own_word_goes_before_the_operator_s(
        self, ctx: Context, opened: OpenedCase, agency: Agency, told: bool, missing: tuple[str, ...]
    ) -> None:
        with ctx.database.write() as tx:
            cases.set_agency(tx, opened.case.id, agency)
        notice = self._draft(ctx, opened, has_authorisation=told)
        assert notice.text.missing == missing

    def test_against_her_word_nothing_is_prepared(self, ctx: Context, opened: OpenedCase) -> None:
        with ctx.database.write() as tx:
            cases.set_agency(tx, opened.case.id, Agency.NO)
        with pytest.raises(NoAgency):
            self._draft(ctx, opened)
        assert workflows.read_case(ctx, person(opened)).notices == ()
