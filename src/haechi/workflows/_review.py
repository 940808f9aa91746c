# SPDX-License-Identifier: Apache-2.0
"""The review queue: what waits, taking a task, and deciding it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from haechi import audit, bank, exchange, review, staff
from haechi.bank import Content
from haechi.errors import MalformedField, NotFound, OnlyTheReporter, PauseDue
from haechi.review import Agreement, GivenOpinion, NotedMatch, Shift, Task, TaskKind
from haechi.values import Actor, ActorKind, ContentStatus, Opinion, StaffRole, utc_now
from haechi.workflows._context import Context
from haechi.workflows._note_matches import FLOOD_PRIORITY
from haechi.workflows._permissions import Duty, require_duty

DECISIONS: Final[dict[TaskKind, tuple[str, ...]]] = {
    TaskKind.MATCH: ("confirmed", "not_this", "disputed"),
    TaskKind.DISPUTE: ("release", "keep_held", "withdraw"),
    TaskKind.FLOOD: ("lift", "keep"),
    TaskKind.APPEAL: ("upheld", "turned_down"),
}
"""What can be decided of each kind of task."""

_FREEING: Final = frozenset({"release", "lift", "upheld", "withdraw", "disputed"})
"""What lets something be shown again, or holds or takes it out: decided by two, each for himself."""

_STATUS_VERBS: Final = {
    ContentStatus.ACTIVE: "release_content",
    ContentStatus.HELD: "hold_content",
    ContentStatus.WITHDRAWN: "withdraw_content",
}

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits for this reviewer, how many wait in all, and how the shift stands."""

    tasks: tuple[Task, ...]
    counts: dict[TaskKind, int]
    shift: Shift
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task with what there is to decide by: numbers and words, no picture.

    What a first reviewer decided is not shown to the second.
    """

    task: Task
    content: Content
    bank_name: str
    decisions: tuple[str, ...]
    match: NotedMatch | None
    partner_name: str
    text: str
    opinions: tuple[GivenOpinion, ...]
    matches: tuple[NotedMatch, ...]
    note: str


def review_queue(ctx: Context, actor: Actor) -> Queue:
    """What this reviewer may decide now.

    Raises:
        NeedsAccess, NotYours: not one who reviews.
    """
    require_duty(actor, Duty.REVIEW)
    now = utc_now()
    with ctx.database.read() as tx:
        return Queue(
            tuple(review.waiting_tasks(tx, user_id=actor.id, is_lead=_is_lead(actor), at=now)),
            review.task_counts(tx),
            _shift(ctx, tx, actor, now),
            review.agreement(tx),
        )


def claim_task(ctx: Context, actor: Actor, *, task_id: str) -> TaskView:
    """A task, taken for a quarter of an hour, with what there is to decide by.

    Raises:
        NeedsAccess, NotYours: not one who reviews. PauseDue: a break is due, or enough for today.
        NotFound: no such task. AlreadyDecided: it is decided, or somebody else is at it.
    """
    require_duty(actor, Duty.REVIEW)
    now = utc_now()
    with ctx.database.write() as tx:
        _check_shift(ctx, tx, actor, now)
        task = review.claim(tx, task_id, user_id=actor.id, is_lead=_is_lead(actor), at=now)
        view = _view(ctx, tx, task)
        audit.record(tx, actor, "claim_task", task.id)
    return view


def decide_task(ctx: Context, actor: Actor, *, task_id: str, decision: str) -> Task:
    """The task after this decision; what follows from it is done in the same transaction.

    What lets something be shown again needs two reviewers who decide alike, each without knowing of the
    other; if they do not, a lead decides.

    Raises:
        NeedsAccess, NotYours: not one who reviews. PauseDue: a break is due, or enough for today.
        NotFound: no such task. AlreadyDecided: it is decided, or somebody else is at it.
        MalformedField: no decision for this kind. OnlyTheReporter: what a person reported, she withdraws.
    """
    require_duty(actor, Duty.REVIEW)
    now = utc_now()
    with ctx.database.write() as tx:
        # Before the task is: who holds a content back opens a task after it, the other way round.
        bank.lock_feed(tx)
        _check_shift(ctx, tx, actor, now)
        task = review.claim(tx, task_id, user_id=actor.id, is_lead=_is_lead(actor), at=now)
        if decision not in DECISIONS[task.kind]:
            allowed = ", ".join(DECISIONS[task.kind])
            raise MalformedField(field="decision", reason=f"A decision here is one of: {allowed}.")
        if decision == "withdraw" and bank.content_by_id(tx, task.content_id).origin_kind == "case":
            raise OnlyTheReporter
        decided = review.decide(
            tx,
            task,
            decision,
            user_id=actor.id,
            needs_second=_frees(tx, task, decision),
            at=now,
        )
        before = bank.content_by_id(tx, task.content_id)
        if decided.decided_at is not None:
            _EFFECTS[task.kind](ctx, tx, actor, decided)
        for verb in _done(before, bank.content_by_id(tx, task.content_id)):
            audit.record(tx, actor, verb, before.id, detail=f"task={task.id}")
        audit.record(tx, actor, "decide_task", task.id, detail=f"decision={decision}")
    ctx.changed()
    return decided


def _view(ctx: Context, tx: Connection, task: Task) -> TaskView:
    content = bank.content_by_id(tx, task.content_id)
    match, partner_name, text = None, "", ""
    if task.kind is TaskKind.MATCH:
        match = review.match_by_id(tx, task.subject_id)
    elif task.kind is TaskKind.APPEAL:
        match = review.match_by_id(tx, review.appeal_by_id(tx, task.subject_id).match_id)
        text = review.appeal_text(tx, ctx.vault, task.subject_id)
    if match is not None:
        partner_name = exchange.partner_by_id(tx, match.match.partner_id).name
    decisions = DECISIONS[task.kind]
    if content.origin_kind == "case":
        decisions = tuple(one for one in decisions if one != "withdraw")
    return TaskView(
        task,
        content,
        bank.bank_by_id(tx, content.bank_id).name,
        decisions,
        match,
        partner_name,
        text,
        tuple(review.opinions_of(tx, content.id)),
        tuple(review.matches_of(tx, [content.id], limit=20)),
        bank.note_of(tx, ctx.vault, content.id) if content.has_note else "",
    )


def _after_match(ctx: Context, tx: Connection, actor: Actor, task: Task) -> None:  # noqa: ARG001
    opinion = Opinion(task.decision)
    _say(tx, actor, task.content_id, opinion, match_id=task.subject_id)
    if opinion is Opinion.DISPUTED and _status(tx, task.content_id) is ContentStatus.ACTIVE:
        bank.hold(tx, task.content_id)
        review.open_task(
            tx,
            kind=TaskKind.DISPUTE,
            subject_id=task.content_id,
            content_id=task.content_id,
            priority=FLOOD_PRIORITY,
        )


def _after_dispute(ctx: Context, tx: Connection, actor: Actor, task: Task) -> None:  # noqa: ARG001
    if _status(tx, task.content_id) is ContentStatus.WITHDRAWN:
        return
    if task.decision == "release":
        bank.release(tx, task.content_id)
        _say(tx, actor, task.content_id, Opinion.CONFIRMED)
    elif task.decision == "withdraw":
        bank.set_status(tx, task.content_id, ContentStatus.WITHDRAWN)
        review.close_tasks_of(tx, task.content_id, at=utc_now())
        _say(tx, actor, task.content_id, Opinion.DISPUTED)


def _after_flood(ctx: Context, tx: Connection, actor: Actor, task: Task) -> None:  # noqa: ARG001
    if _status(tx, task.content_id) is ContentStatus.WITHDRAWN:
        return
    if task.decision == "keep":
        bank.quarantine(tx, task.content_id)
    else:
        bank.lift_quarantine(tx, task.content_id)
        ctx.flood.forget(task.content_id)


def _done(before: Content, after: Content) -> list[str]:
    """What was done to a content, as its history calls it."""
    verbs = []
    if before.status is not after.status:
        verbs.append(_STATUS_VERBS[after.status])
    if (before.quarantined_at is None) != (after.quarantined_at is None):
        verbs.append("lift_quarantine" if after.quarantined_at is None else "quarantine_content")
    return verbs


def _frees(tx: Connection, task: Task, decision: str) -> bool:
    """Whether two have to decide this: also to keep under quarantine what is not under it so far."""
    if task.kind is TaskKind.FLOOD and decision == "keep":
        return bank.content_by_id(tx, task.content_id).quarantined_at is None
    return decision in _FREEING


def _after_appeal(ctx: Context, tx: Connection, actor: Actor, task: Task) -> None:
    found = review.close_appeal(tx, task.subject_id, task.decision, at=utc_now())
    if task.decision == "upheld":
        _say(tx, actor, task.content_id, Opinion.NOT_THIS, match_id=found.match_id)
    partner_id = review.match_by_id(tx, found.match_id).match.partner_id
    exchange.enqueue_event(
        tx,
        ctx.vault,
        partner_id,
        "appeal.decided",
        {"appeal": found.reference, "match": found.match_id, "outcome": found.outcome},
    )


_EFFECTS: Final[dict[TaskKind, Callable[[Context, Connection, Actor, Task], None]]] = {
    TaskKind.MATCH: _after_match,
    TaskKind.DISPUTE: _after_dispute,
    TaskKind.FLOOD: _after_flood,
    TaskKind.APPEAL: _after_appeal,
}


def _say(
    tx: Connection, actor: Actor, content_id: str, opinion: Opinion, *, match_id: str = ""
) -> None:
    review.give_opinion(
        tx,
        content_id=content_id,
        match_id=match_id,
        giver_id=actor.id,
        giver_kind=actor.kind,
        value=opinion,
    )
    exchange.queue_opinion(tx, content_id, opinion)


def _status(tx: Connection, content_id: str) -> ContentStatus:
    return bank.content_by_id(tx, content_id).status


def _is_lead(actor: Actor) -> bool:
    return actor.kind is ActorKind.OPERATOR or actor.role is StaffRole.LEAD


def _check_shift(ctx: Context, tx: Connection, actor: Actor, now: datetime) -> None:
    shift = _shift(ctx, tx, actor, now)
    if shift.may_decide:
        return
    tomorrow = now.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
    go_on_at = shift.pause_until or tomorrow
    raise PauseDue(time=f"{go_on_at:%H:%M} UTC")


def _shift(ctx: Context, tx: Connection, actor: Actor, now: datetime) -> Shift:
    cap = ctx.settings.decisions_a_day
    if actor.kind is ActorKind.STAFF:
        try:
            own = staff.user_by_id(tx, actor.id).decisions_a_day
        except NotFound:
            own = None
        cap = own or cap
    return review.shift_of(
        review.decision_times(tx, actor.id, since=now - _DAY),
        now=now,
        day_begins_at=now.replace(hour=0, minute=0, second=0, microsecond=0),
        cap=cap,
        break_after=timedelta(minutes=ctx.settings.break_after_min),
        break_length=timedelta(minutes=ctx.settings.break_min),
    )
