# SPDX-License-Identifier: Apache-2.0
"""Whatever is recorded in whatever order: a timeline never says more than is known."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import assume, given
from hypothesis import strategies as st
from timelines import LAW, hours, made_check, made_notice, made_timeline

from haechi.notices import Check, CheckOutcome, ClockKind, Notice, by_time, next_look_at
from haechi.workflows import SightingState, StepKind, Timeline

# Few values, so that two things often happen at the same moment.
_HOURS = st.one_of(st.integers(0, 12), st.integers(0, 24 * 500))
_OTHERS = [one for one in CheckOutcome if one is not CheckOutcome.BLOCKED_IN]


@st.composite
def _checks(draw: st.DrawFn, outcomes: list[CheckOutcome] | None = None) -> Check:
    outcome = draw(st.sampled_from(outcomes or list(CheckOutcome)))
    is_blocked = outcome is CheckOutcome.BLOCKED_IN
    country = draw(st.sampled_from(["KR", "JP", "US"])) if is_blocked else None
    return made_check(outcome, draw(_HOURS), country)


@st.composite
def _notices(draw: st.DrawFn) -> Notice:
    drafted = draw(_HOURS)
    sent = draw(st.none() | st.integers(drafted, drafted + 60))
    received = None if sent is None else draw(st.none() | st.integers(sent, sent + 60))
    return made_notice(drafted, sent, received)


CHECKS = st.lists(_checks(), max_size=8)
NOTICES = st.lists(_notices(), max_size=4)
NOW = st.integers(0, 24 * 500)


def _looks(timeline: Timeline) -> list[Check]:
    return [step.check for step in timeline.steps if step.check is not None]


@given(NOTICES, CHECKS, NOW, st.booleans())
def test_steps_are_by_time_and_what_is_ahead_is_ahead(
    notices: list[Notice], checks: list[Check], now: int, is_watched: bool
) -> None:
    timeline = made_timeline(notices, checks, now=now, is_watched=is_watched)
    times = [step.at for step in timeline.steps]
    assert times == sorted(times)
    assert all(step.is_ahead == (step.at > hours(now)) for step in timeline.steps)
    awaited = [s for s in timeline.steps if s.is_ahead or s.kind is StepKind.NEXT_LOOK]
    assert timeline.next == (awaited[0] if awaited else None)
    if not is_watched:
        assert all(step.kind is not StepKind.NEXT_LOOK for step in timeline.steps)


@given(NOTICES, CHECKS, NOW, st.randoms())
def test_the_order_of_recording_changes_nothing(
    notices: list[Notice], checks: list[Check], now: int, random
) -> None:  # type: ignore[no-untyped-def]
    shuffled = random.sample(checks, len(checks))
    first = made_timeline(notices, checks, now=now)
    second = made_timeline(notices, shuffled, now=now)
    assert (first.state, first.blocked_in, first.next) == (
        second.state,
        second.blocked_in,
        second.next,
    )
    assert sorted(_looks(first), key=repr) == sorted(_looks(second), key=repr)


@given(NOTICES, CHECKS, NOW)
def test_only_a_look_that_found_it_gone_says_so(
    notices: list[Notice], checks: list[Check], now: int
) -> None:
    timeline = made_timeline(notices, checks, now=now)
    if timeline.state is SightingState.REMOVED:
        assert timeline.last_check is not None
        assert timeline.last_check.outcome is CheckOutcome.REMOVED
        assert not timeline.blocked_in


@given(NOTICES, CHECKS, st.integers(0, 12))
def test_blocked_is_never_told_as_gone(notices: list[Notice], checks: list[Check], at: int) -> None:
    """At any order of looks: without a look that found it gone, and with one no later than the block."""
    blocked = made_check("blocked_in", at, "KR")
    without = [look for look in checks if look.outcome is not CheckOutcome.REMOVED]
    assert made_timeline(notices, [*without, blocked], now=24 * 500).state != "removed"
    earlier = [look for look in checks if look.looked_at <= blocked.looked_at]
    assert made_timeline(notices, [blocked, *earlier], now=24 * 500).state != "removed"
    calm = [made_check("removed", hour) for hour in range(at + 1)]
    assert made_timeline(notices, [*calm, blocked], now=24 * 500).state == "blocked"


@given(NOTICES, CHECKS, st.sampled_from(["reappeared", "up"]))
def test_what_was_gone_and_is_there_is_back(
    notices: list[Notice], checks: list[Check], outcome: str
) -> None:
    late = 24 * 501
    looks = [*checks, made_check("removed", late), made_check(outcome, late + 1)]
    earlier = [
        notice for notice in notices if notice.sent_at is None or notice.sent_at < hours(late)
    ]
    assert made_timeline(earlier, looks, now=late + 2).state == "back"


@given(NOTICES, CHECKS, NOW, st.booleans())
def test_the_time_of_the_law_is_the_law_s(
    notices: list[Notice], checks: list[Check], now: int, is_watched: bool
) -> None:
    """Counted from the receipt, or unconfirmed from the sending; nothing else moves it."""
    timeline = made_timeline(notices, checks, now=now, is_watched=is_watched)
    due = [step for step in timeline.steps if step.kind is StepKind.DUE]
    for step in due:
        assert step.notice is not None
        assert step.clock is not None
        assert step.clock.kind is ClockKind.STATUTORY
        started_at = step.notice.received_at or step.notice.sent_at
        assert started_at is not None
        assert step.at == started_at + timedelta(hours=48) == started_at + LAW.length
        assert step.clock.is_confirmed == (step.notice.received_at is not None)
    # Where the law's time has passed it is always told, whatever was found since.
    passed = [
        notice.id
        for notice in notices
        if notice.clock.due_at is not None and notice.clock.due_at <= hours(now)
    ]
    assert sorted(passed) == sorted(
        step.notice.id
        for step in due
        if not step.is_ahead and step.notice and _is_whole(step.notice, notices)
    )


def _is_whole(told: Notice, notices: list[Notice]) -> bool:
    """Whether everything of the notice that is told had happened by then."""
    return any(told == notice for notice in notices)


@given(NOTICES, NOW)
def test_our_own_practice_has_no_law_in_it(notices: list[Notice], now: int) -> None:
    for step in made_timeline(notices, now=now).steps:
        if step.kind is StepKind.ACKNOWLEDGEMENT:
            assert step.clock is not None
            assert (step.clock.kind, step.clock.law_id) == (ClockKind.POLICY, "")
            assert step.notice is not None
            assert step.notice.received_at is None


@given(NOTICES, CHECKS, NOW, st.booleans())
def test_what_happened_later_is_not_told_earlier(
    notices: list[Notice], checks: list[Check], now: int, is_watched: bool
) -> None:
    told = made_timeline(notices, checks, now=now, is_watched=is_watched)
    until = [look for look in checks if look.looked_at <= hours(now)]
    drafted = [notice for notice in notices if notice.drafted_at <= hours(now)]
    assert told == made_timeline(drafted, until, now=now, is_watched=is_watched)
    for step in told.steps:
        if step.notice is not None:
            for at in (step.notice.sent_at, step.notice.received_at):
                assert at is None or at <= hours(now)


@given(CHECKS)
def test_the_next_look_is_after_the_last_and_never_once_she_stopped(checks: list[Check]) -> None:
    assert next_look_at(checks, is_watched=False) is None
    at = next_look_at(checks, is_watched=True)
    assert next_look_at(reversed(checks), is_watched=True) == at
    if at is not None:
        assert at > max(look.looked_at for look in checks)
        assert at <= max(look.looked_at for look in checks) + timedelta(days=185)
    elif checks:
        assert max(checks, key=by_time).outcome in {"removed", "blocked_in", "deindexed"}


@given(CHECKS, st.integers(0, 24 * 500))
def test_a_look_that_finds_the_same_never_brings_the_next_one_forward(
    checks: list[Check], wait: int
) -> None:
    assume(checks)
    last = max(checks, key=by_time)
    later = Check(
        "chk", "sgt_1", last.outcome, last.country, last.looked_at + timedelta(hours=wait)
    )
    before = next_look_at(checks, is_watched=True)
    after = next_look_at([*checks, later], is_watched=True)
    assert after is None or (before is not None and after >= before)
