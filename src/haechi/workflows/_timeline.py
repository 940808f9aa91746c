# SPDX-License-Identifier: Apache-2.0
"""The timeline of a sighting: what was asked of whom, what the clocks say, what came back, what is next.

Pure composition: it reads nothing and decides nothing but how things stand at one moment. Whatever
happened after that moment is left out, so it also tells how things stood when she last wanted news.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import takewhile
from typing import Final

from haechi import notices
from haechi.cases import Sighting
from haechi.notices import OUT_OF_SIGHT, Check, CheckOutcome, Clock, Notice


class StepKind(StrEnum):
    """What a step of a timeline tells of.

    `acknowledgement` and `next_look` are our own practice, `due` is the law.
    """

    RECORDED = "recorded"
    DRAFTED = "drafted"
    SENT = "sent"
    RECEIVED = "received"
    ACKNOWLEDGEMENT = "acknowledgement"
    DUE = "due"
    CHECK = "check"
    NEXT_LOOK = "next_look"


class SightingState(StrEnum):
    """How it stands at a sighting, as far as anybody knows; `blocked` is never `removed`."""

    OPEN = "open"
    ASKED = "asked"
    OVERDUE = "overdue"
    REMOVED = "removed"
    BLOCKED = "blocked"
    DEINDEXED = "deindexed"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Step:
    """One step, with what it is about: a notice and a clock of it, or a check.

    `is_ahead`: it has still to come. `is_answered`, of a `due` step: there was an answer by then.
    """

    kind: StepKind
    at: datetime
    notice: Notice | None = None
    clock: Clock | None = None
    check: Check | None = None
    is_ahead: bool = False
    is_answered: bool = False


@dataclass(frozen=True, slots=True)
class Timeline:
    """How it goes at one sighting, as of one moment.

    `steps` are by time, those ahead included; `next` is the first that is waited for, a planned look
    that nobody recorded included. `blocked_in`: the countries, where `state` is `blocked`.
    """

    sighting_id: str
    state: SightingState
    blocked_in: tuple[str, ...]
    last_check: Check | None
    steps: tuple[Step, ...]
    next: Step | None
    is_watched: bool


_SAYS: Final = {
    CheckOutcome.REMOVED: SightingState.REMOVED,
    CheckOutcome.BLOCKED_IN: SightingState.BLOCKED,
    CheckOutcome.DEINDEXED: SightingState.DEINDEXED,
    CheckOutcome.REFUSED: SightingState.REFUSED,
    CheckOutcome.NO_ANSWER: SightingState.NO_ANSWER,
    CheckOutcome.UP: SightingState.BACK,
    CheckOutcome.REAPPEARED: SightingState.BACK,
}
_OUT_OF_SIGHT_STATES: Final = frozenset(_SAYS[outcome] for outcome in OUT_OF_SIGHT)
# What a service answers a notice with. A block in one country or a search without it is the act of others.
_ANSWERS: Final = frozenset((CheckOutcome.REMOVED, CheckOutcome.REFUSED))
_ORDER: Final = list(StepKind)


def timeline_of(
    sighting: Sighting,
    drafted: Iterable[Notice],
    looked: Iterable[Check],
    *,
    now: datetime,
    is_watched: bool,
) -> Timeline:
    """How it goes at this sighting as of `now`, of all the notices and checks of the case.

    Every sent notice has its statutory due time in it, as the law's data give it, unless an answer came
    and the time is still ahead: then nothing is waited for. A receipt that the service has not confirmed
    stays unconfirmed.
    """
    own = [
        _as_of(notice, now)
        for notice in drafted
        if notice.sighting_id == sighting.id and notice.drafted_at <= now
    ]
    looks = sorted(
        (
            look
            for look in looked
            if look.sighting_id == sighting.id
            and max(look.looked_at, look.recorded_at or look.looked_at) <= now
        ),
        key=notices.by_time,
    )
    steps = [step for notice in own for step in _notice_steps(notice, looks, now)]
    steps += [Step(StepKind.CHECK, look.looked_at, check=look) for look in looks]
    if sighting.recorded_at is not None:
        steps.append(Step(StepKind.RECORDED, sighting.recorded_at))
    look_at = notices.next_look_at(looks, is_watched=is_watched)
    if look_at is not None:
        steps.append(Step(StepKind.NEXT_LOOK, look_at, is_ahead=look_at > now))
    steps.sort(key=lambda step: (step.at, _ORDER.index(step.kind)))
    state = _state(own, looks, now)
    return Timeline(
        sighting_id=sighting.id,
        state=state,
        blocked_in=_blocked_in(looks) if state is SightingState.BLOCKED else (),
        last_check=looks[-1] if looks else None,
        steps=tuple(steps),
        next=next((s for s in steps if s.is_ahead or s.kind is StepKind.NEXT_LOOK), None),
        is_watched=is_watched,
    )


def notices_as_of(drafted: Iterable[Notice], now: datetime) -> tuple[Notice, ...]:
    """The notices that there were at that moment, as they stood then."""
    return tuple(_as_of(notice, now) for notice in drafted if notice.drafted_at <= now)


def _as_of(notice: Notice, now: datetime) -> Notice:
    """The notice as it stood at that moment."""
    sent_at = _until(notice.sent_at, now)
    received_at = _until(notice.received_at, now)
    clock = notices.clock_of(
        notices.law_named(notice.law_id), sent_at=sent_at, received_at=received_at
    )
    status = "draft" if sent_at is None else notice.status
    return replace(notice, status=status, clock=clock, sent_at=sent_at, received_at=received_at)


def _until(at: datetime | None, now: datetime) -> datetime | None:
    return None if at is None or at > now else at


def _notice_steps(notice: Notice, looks: Sequence[Check], now: datetime) -> Iterator[Step]:
    yield Step(StepKind.DRAFTED, notice.drafted_at, notice, notice.clock)
    if notice.sent_at is None:
        return
    yield Step(StepKind.SENT, notice.sent_at, notice, notice.clock)
    if notice.received_at is not None:
        yield Step(StepKind.RECEIVED, notice.received_at, notice, notice.clock)
    else:
        expected = notices.acknowledgement_clock(sent_at=notice.sent_at)
        yield from _awaited(StepKind.ACKNOWLEDGEMENT, notice, expected, looks, now)
    yield from _awaited(StepKind.DUE, notice, notice.clock, looks, now)


def _awaited(
    kind: StepKind, notice: Notice, clock: Clock, looks: Sequence[Check], now: datetime
) -> Iterator[Step]:
    """The due time of a clock that runs; none where nothing is waited for any more.

    A due time of the law that has passed is always told, also where the answer came first.
    """
    if clock.due_at is None or notice.sent_at is None:
        return
    is_ahead = clock.due_at > now
    is_answered = _is_answered(looks, notice.sent_at, min(clock.due_at, now))
    if is_answered and (is_ahead or kind is StepKind.ACKNOWLEDGEMENT):
        return
    yield Step(kind, clock.due_at, notice, clock, is_ahead=is_ahead, is_answered=is_answered)


def _is_answered(looks: Sequence[Check], since: datetime, until: datetime) -> bool:
    """Whether the last look in that time that found anything out found an answer of the service."""
    found = [
        look.outcome
        for look in looks
        if since <= look.looked_at <= until and look.outcome is not CheckOutcome.NO_ANSWER
    ]
    return bool(found) and found[-1] in _ANSWERS


def _state(own: Sequence[Notice], looks: Sequence[Check], now: datetime) -> SightingState:
    """What the looks say; after a request that went out later, how that request stands.

    Where it was gone, blocked or out of a search at the last look that could tell, that stays said.
    """
    said, since = _said(looks)
    if said in _OUT_OF_SIGHT_STATES:
        return said
    sent = [
        notice
        for notice in own
        if notice.sent_at is not None and (since is None or notice.sent_at > since)
    ]
    if not sent:
        return said or SightingState.OPEN
    is_overdue = any(n.clock.due_at is not None and n.clock.due_at <= now for n in sent)
    return SightingState.OVERDUE if is_overdue else SightingState.ASKED


def _said(looks: Sequence[Check]) -> tuple[SightingState | None, datetime | None]:
    """What the looks say in their order, and since which look; nothing, while it was only still there.

    It is back only where it was out of sight before, or where a look says so itself; that it is still
    there changes nothing in what a service answered.
    """
    said: SightingState | None = None
    since: datetime | None = None
    is_out_of_sight = False
    for look in looks:
        if look.outcome is CheckOutcome.UP and not is_out_of_sight:
            continue
        now_said = _SAYS[look.outcome]
        if said is not now_said or said is not SightingState.BACK:
            said, since = now_said, look.looked_at
        if look.outcome in OUT_OF_SIGHT:
            is_out_of_sight = True
        elif said is SightingState.BACK:
            is_out_of_sight = False
    return said, since


def _blocked_in(looks: Sequence[Check]) -> tuple[str, ...]:
    """The countries of the latest looks that found it blocked, without one that found anything else."""
    run = takewhile(lambda look: look.outcome is CheckOutcome.BLOCKED_IN, reversed(looks))
    return tuple(sorted({look.country for look in run if look.country}))
