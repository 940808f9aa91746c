# SPDX-License-Identifier: Apache-2.0
"""The review queue and its tasks: words and numbers to decide by, never a picture."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

from haechi import workflows
from haechi.errors import AlreadyDecided, HaechiError, MalformedField, OnlyTheReporter, PauseDue
from haechi.web._console import Console
from haechi.web._forms import Form
from haechi.web._work_fields import NO_PROBLEM, Problem, problem_of
from haechi.web._work_words import (
    decision_words,
    giver_words,
    opinion_words,
    origin_words,
    policy_words,
    reason_words,
    status_words,
    task_kinds,
    task_questions,
    verdict_words,
)
from haechi.workflows import Duty, Gate, GivenOpinion

_REVIEW: Final = {"gate": Gate.STAFF, "duty": Duty.REVIEW}


@get("/work/review", opt=_REVIEW, sync_to_thread=True)
def queue_page(console: NamedDependency[Console]) -> Response[str]:
    """What waits, and the shift."""
    return _queue(console)


@get("/work/review/{task_id:str}", opt=_REVIEW, sync_to_thread=True)
def task_page(task_id: FromPath[str], console: NamedDependency[Console]) -> Response[str]:
    """One task, taken for a quarter of an hour."""
    return _task(console, task_id)


@post(
    "/work/review/{task_id:str}",
    opt={**_REVIEW, "body": "form"},
    status_code=HTTP_303_SEE_OTHER,
    sync_to_thread=True,
)
def decide_task(
    task_id: FromPath[str], form: NamedDependency[Form], console: NamedDependency[Console]
) -> Response[Any]:
    """Decide it, and on to the next one."""
    try:
        workflows.decide_task(
            console.ctx, console.actor, task_id=task_id, decision=form.get("decision", "")
        )
    except (AlreadyDecided, PauseDue) as error:
        return _queue(console, error=error)
    except (MalformedField, OnlyTheReporter) as error:
        return _task(console, task_id, problem=problem_of(console.page.words, error))
    queue = workflows.review_queue(console.ctx, console.actor)
    following = queue.tasks[0].id if queue.tasks and queue.shift.may_decide else ""
    to = f"/work/review/{following}" if following else "/work/review"
    return Redirect(to, status_code=HTTP_303_SEE_OTHER)


def _queue(console: Console, *, error: HaechiError | None = None) -> Response[str]:
    t = console.page.words
    return console.show(
        "work/review.html",
        view="review",
        status_code=(NO_PROBLEM if error is None else problem_of(t, error)).status_code,
        queue=workflows.review_queue(console.ctx, console.actor),
        kinds=task_kinds(t),
        told="" if error is None else t.sentence(error),
    )


def _task(console: Console, task_id: str, *, problem: Problem = NO_PROBLEM) -> Response[str]:
    try:
        view = workflows.claim_task(console.ctx, console.actor, task_id=task_id)
    except (AlreadyDecided, PauseDue) as error:
        return _queue(console, error=error)
    t = console.page.words
    decisions = decision_words(t)
    return console.fill(
        "work/task.html",
        status_code=problem.status_code,
        problem=problem,
        view=view,
        decisions=[(value, decisions[value]) for value in view.decisions],
        kind=task_kinds(t)[view.task.kind],
        question=task_questions(t)[view.task.kind],
        said=_said(console, view.opinions),
        policies=policy_words(t),
        statuses=status_words(t),
        origins=origin_words(t),
        verdicts=verdict_words(t),
        reasons=reason_words(t),
    )


def _said(console: Console, opinions: tuple[GivenOpinion, ...]) -> list[tuple[str, str, int]]:
    """(who, what, how many) of what was said, most often first."""
    t = console.page.words
    givers, values = giver_words(t), opinion_words(t)
    counted = Counter((given.giver_kind, given.value) for given in opinions)
    return [
        (givers.get(kind, t("Others")), values[value], count)
        for (kind, value), count in counted.most_common()
    ]


HANDLERS: Final = (queue_page, task_page, decide_task)
