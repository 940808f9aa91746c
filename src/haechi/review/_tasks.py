# SPDX-License-Identifier: Apache-2.0
"""Tasks: one thing each for a reviewer to decide; what frees something is decided by two."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from haechi.errors import AlreadyDecided, NotFound
from haechi.review._tables import review_task
from haechi.storage import new_id
from haechi.values import utc_now

DISAGREED: Final = "disagreed"
"""Two reviewers decided differently: a lead decides."""

_FOR_A_LEAD: Final = 1_000
"""What two decided differently comes first, and is told by this for good."""

_CLAIM: Final = timedelta(minutes=15)


class TaskKind(StrEnum):
    """`match`: is it what the bank says? `dispute`: should the content be there? `flood`: why does it match
    so much? `appeal`: an uploader says that it is something else.
    """

    MATCH = "match"
    DISPUTE = "dispute"
    FLOOD = "flood"
    APPEAL = "appeal"


@dataclass(frozen=True, slots=True)
class Task:
    """One task; `first_*` is what a first reviewer decided where a second has to look, too."""

    id: str
    kind: TaskKind
    subject_id: str
    content_id: str
    priority: int
    opened_at: datetime
    claimed_by: str
    claimed_at: datetime | None
    decision: str
    decided_by: str
    decided_at: datetime | None
    first_decision: str
    first_decided_by: str
    first_decided_at: datetime | None

    @property
    def is_for_a_lead(self) -> bool:
        """Whether two reviewers decided differently."""
        return self.decided_at is None and self.decision == DISAGREED


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of so many tasks that two looked at, how many they decided alike."""

    agreed: int
    of: int


def open_task(
    tx: Connection, *, kind: TaskKind, subject_id: str, content_id: str, priority: int = 0
) -> str:
    """The id of the task on this thing: the one that is there, opened again if it was decided, or a new one."""
    known = tx.execute(
        select(review_task).where(
            review_task.c.kind == kind.value, review_task.c.subject_id == subject_id
        )
    ).one_or_none()
    if known is not None:
        _open_again(tx, known, priority)
        return str(known.id)
    task_id = new_id("tsk")
    try:
        with tx.begin_nested():
            tx.execute(
                insert(review_task).values(
                    id=task_id,
                    kind=kind.value,
                    subject_id=subject_id,
                    content_id=content_id,
                    priority=priority,
                    opened_at=utc_now(),
                )
            )
    except IntegrityError:
        # Another process opened it at the same moment.
        return open_task(
            tx, kind=kind, subject_id=subject_id, content_id=content_id, priority=priority
        )
    return task_id


def waiting_tasks(
    tx: Connection, *, user_id: str, is_lead: bool, at: datetime, limit: int = 50
) -> list[Task]:
    """What this user may decide now, most urgent first, then oldest.

    Not what somebody else is at, nor what this user decided first; what two decided differently only for
    a lead.
    """
    rows = tx.execute(
        select(review_task)
        .where(_is_free(user_id, at), *_reach(user_id, is_lead=is_lead))
        .order_by(review_task.c.priority.desc(), review_task.c.opened_at, review_task.c.id)
        .limit(limit)
    )
    return [_task(row) for row in rows]


def task_by_id(tx: Connection, task_id: str) -> Task:
    """The task of this id.

    Raises:
        NotFound: there is none.
    """
    row = tx.execute(select(review_task).where(review_task.c.id == task_id)).one_or_none()
    if row is None:
        raise NotFound
    return _task(row)


def claim(tx: Connection, task_id: str, *, user_id: str, is_lead: bool, at: datetime) -> Task:
    """Take a task for a quarter of an hour; claiming one's own again begins the time anew.

    Raises:
        NotFound: there is none. AlreadyDecided: it is decided, somebody else is at it, or this user may
            not decide it.
    """
    taken = tx.execute(
        update(review_task)
        .where(
            review_task.c.id == task_id,
            _is_free(user_id, at),
            *_reach(user_id, is_lead=is_lead),
        )
        .values(claimed_by=user_id, claimed_at=at)
    )
    task = task_by_id(tx, task_id)
    if not taken.rowcount:
        raise AlreadyDecided
    return task


def decide(
    tx: Connection, task: Task, decision: str, *, user_id: str, needs_second: bool, at: datetime
) -> Task:
    """The task after this user's decision, which may be the first of two, the last, or a disagreement.

    The caller has claimed it, and has checked that the decision is one for its kind.

    Raises:
        AlreadyDecided: somebody else decided it meanwhile.
    """
    values: dict[str, Any] = {"claimed_by": "", "claimed_at": None}
    is_final = task.is_for_a_lead or not (needs_second or task.first_decision)
    if is_final or task.first_decision == decision:
        values |= {"decision": decision, "decided_by": user_id, "decided_at": at}
    elif task.first_decision:
        values |= {"decision": DISAGREED, "decided_by": user_id, "priority": _FOR_A_LEAD}
    else:
        values |= {
            "first_decision": decision,
            "first_decided_by": user_id,
            "first_decided_at": at,
        }
    changed = tx.execute(
        update(review_task)
        .where(
            review_task.c.id == task.id,
            review_task.c.claimed_by == user_id,
            review_task.c.decided_at.is_(None),
        )
        .values(**values)
    )
    if not changed.rowcount:
        raise AlreadyDecided
    return task_by_id(tx, task.id)


def is_waiting(tx: Connection, kind: TaskKind, content_id: str) -> bool:
    """Whether a task of this kind on a content waits for a decision."""
    waiting = select(review_task.c.id).where(
        review_task.c.kind == kind.value,
        review_task.c.content_id == content_id,
        review_task.c.decided_at.is_(None),
    )
    return tx.scalar(waiting.limit(1)) is not None


def is_looked_at(tx: Connection, subject_id: str, *, at: datetime) -> bool:
    """Whether somebody is at a task on this thing, or one of two has looked."""
    row = tx.execute(select(review_task).where(review_task.c.subject_id == subject_id)).first()
    if row is None:
        return False
    task = _task(row)
    is_claimed = task.claimed_at is not None and at - task.claimed_at < _CLAIM
    return is_claimed or bool(task.first_decision)


def waiting_of(tx: Connection, kind: TaskKind, content_id: str) -> int:
    """How many tasks of this kind about a content wait for a decision."""
    found = tx.scalar(
        select(func.count()).where(
            review_task.c.content_id == content_id,
            review_task.c.kind == kind.value,
            review_task.c.decided_at.is_(None),
        )
    )
    return int(found or 0)


def last_decided(tx: Connection, kind: TaskKind, subject_id: str) -> datetime | None:
    """When the task of this kind on this thing was decided; None if there is none, or it waits."""
    moment: datetime | None = tx.scalar(
        select(review_task.c.decided_at).where(
            review_task.c.kind == kind.value, review_task.c.subject_id == subject_id
        )
    )
    return moment


def close_tasks_of(tx: Connection, content_id: str, *, at: datetime) -> None:
    """Close what waits about a content that is withdrawn: there is nothing left to decide."""
    tx.execute(
        update(review_task)
        .where(review_task.c.content_id == content_id, review_task.c.decided_at.is_(None))
        .values(decision="withdrawn", decided_at=at, claimed_by="", claimed_at=None)
    )


def decision_times(tx: Connection, user_id: str, *, since: datetime) -> list[datetime]:
    """When this user decided something since a moment, newest first."""
    times: list[datetime] = []
    for who, when in (
        (review_task.c.decided_by, review_task.c.decided_at),
        (review_task.c.first_decided_by, review_task.c.first_decided_at),
    ):
        times += tx.scalars(select(when).where(who == user_id, when >= since)).all()
    return sorted(times, reverse=True)


def task_counts(tx: Connection) -> dict[TaskKind, int]:
    """How many tasks of each kind wait for a decision."""
    rows = tx.execute(
        select(review_task.c.kind, func.count())
        .where(review_task.c.decided_at.is_(None))
        .group_by(review_task.c.kind)
    )
    counts = {str(kind): int(count) for kind, count in rows}
    return {kind: counts.get(kind.value, 0) for kind in TaskKind}


def agreement(tx: Connection) -> Agreement:
    """How often two who looked at one thing decided alike."""
    decided = and_(review_task.c.first_decision != "", review_task.c.decision != "")
    of = tx.scalar(select(func.count()).select_from(review_task).where(decided)) or 0
    alike = (review_task.c.decision == review_task.c.first_decision, ~_was_for_a_lead())
    agreed = tx.scalar(select(func.count()).select_from(review_task).where(decided, *alike)) or 0
    return Agreement(int(agreed), int(of))


def _was_for_a_lead() -> ColumnElement[bool]:
    return review_task.c.priority >= _FOR_A_LEAD


def _open_again(tx: Connection, known: Row[Any], priority: int) -> None:
    values: dict[str, Any] = {}
    if priority > known.priority:
        values["priority"] = priority
    if known.decided_at is not None:
        values |= {
            "priority": priority,
            "opened_at": utc_now(),
            "decision": "",
            "decided_by": "",
            "decided_at": None,
            "first_decision": "",
            "first_decided_by": "",
            "first_decided_at": None,
        }
    if values:
        tx.execute(update(review_task).where(review_task.c.id == known.id).values(**values))


def _is_free(user_id: str, at: datetime) -> ColumnElement[bool]:
    table = review_task.c
    return and_(
        table.decided_at.is_(None),
        or_(
            table.claimed_by.in_(("", user_id)),
            table.claimed_at.is_(None),
            table.claimed_at <= at - _CLAIM,
        ),
    )


def _reach(user_id: str, *, is_lead: bool) -> list[ColumnElement[bool]]:
    # Neither of two who decided differently decides it in the end.
    conditions = [review_task.c.first_decided_by != user_id, review_task.c.decided_by != user_id]
    if not is_lead:
        conditions.append(review_task.c.decision != DISAGREED)
    return conditions


def _task(row: Row[Any]) -> Task:
    return Task(
        row.id,
        TaskKind(row.kind),
        row.subject_id,
        row.content_id,
        row.priority,
        row.opened_at,
        row.claimed_by,
        row.claimed_at,
        row.decision,
        row.decided_by,
        row.decided_at,
        row.first_decision,
        row.first_decided_by,
        row.first_decided_at,
    )
