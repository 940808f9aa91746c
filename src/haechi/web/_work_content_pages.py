# SPDX-License-Identifier: Apache-2.0
"""One content of a bank in the console: where it stands, who did what with it, and what may be done."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

from haechi import workflows
from haechi.errors import BadInput, HaechiError, MalformedField, OnlyTheReporter
from haechi.values import StaffRole, utc_now
from haechi.web._console import Console
from haechi.web._forms import Form
from haechi.web._words import Words
from haechi.web._work_bank_pages import bank_of
from haechi.web._work_fields import NO_PROBLEM, Problem, problem_of, require_sure
from haechi.web._work_words import origin_words, status_words
from haechi.workflows import Bank, Duty, Gate

_MOST_NOTE_CHARS: Final = 500

_READS: Final = {"gate": Gate.STAFF, "duty": Duty.READ_BANKS}
# Workers write into the banks that let them: the verbs look at the bank.
_CHANGES: Final = {**_READS, "body": "form"}
_NOTES: Final = {"gate": Gate.STAFF, "duty": Duty.REVIEW, "body": "form"}

_PATH: Final = "/work/banks/{bank_id:str}/contents/{content_id:str}"


@get(_PATH, opt=_READS, sync_to_thread=True)
def content_page(
    bank_id: FromPath[str], content_id: FromPath[str], console: NamedDependency[Console]
) -> Response[str]:
    """One content; never its signals."""
    return _content(console, bank_of(console, bank_id), content_id)


@post(_PATH, opt=_CHANGES, status_code=HTTP_303_SEE_OTHER, sync_to_thread=True)
def change_content(
    bank_id: FromPath[str],
    content_id: FromPath[str],
    form: NamedDependency[Form],
    console: NamedDependency[Console],
) -> Response[Any]:
    """Hold, release, lift or withdraw it, as `do` says."""
    found = bank_of(console, bank_id)
    try:
        _do(console, found, content_id, form)
    except (MalformedField, OnlyTheReporter) as error:
        return _content(console, found, content_id, error=error, form=form)
    return _redirect(found, content_id)


@post(f"{_PATH}/note", opt=_NOTES, status_code=HTTP_303_SEE_OTHER, sync_to_thread=True)
def note_content(
    bank_id: FromPath[str],
    content_id: FromPath[str],
    form: NamedDependency[Form],
    console: NamedDependency[Console],
) -> Response[Any]:
    """Another note."""
    found = bank_of(console, bank_id)
    try:
        workflows.note_content(
            console.ctx,
            console.actor,
            bank_name=found.name,
            content_id=content_id,
            note=form.get("note", ""),
        )
    except MalformedField as error:
        return _content(console, found, content_id, error=error, form=form)
    return _redirect(found, content_id)


def _do(console: Console, found: Bank, content_id: str, form: Form) -> None:
    of = {"bank_name": found.name, "content_id": content_id}
    ctx, actor, t = console.ctx, console.actor, console.page.words
    match form.get("do", ""):
        case "hold":
            workflows.hold_content(ctx, actor, **of, until=_until(t, form))
        case "release":
            workflows.release_content(ctx, actor, **of)
        case "lift":
            workflows.lift_quarantine(ctx, actor, **of)
        case "withdraw":
            require_sure(t, form)
            workflows.withdraw_content(ctx, actor, **of)
        case _:
            # Whether there is such a content comes first.
            workflows.content_history(ctx, actor, **of)
            raise BadInput


def _until(t: Words, form: Form) -> datetime | None:
    """The beginning of the day that was written, in UTC; None if there is none."""
    typed = form.get("until", "")
    if not typed:
        return None
    try:
        day = date.fromisoformat(typed)
    except ValueError as error:
        raise MalformedField(field="until", reason=t("Write the day like 2027-01-31.")) from error
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _content(
    console: Console,
    found: Bank,
    content_id: str,
    *,
    error: HaechiError | None = None,
    form: Form | None = None,
) -> Response[str]:
    t = console.page.words
    problem: Problem = NO_PROBLEM if error is None else problem_of(t, error)
    history = workflows.content_history(
        console.ctx, console.actor, bank_name=found.name, content_id=content_id
    )
    typed = form or {}
    return console.fill(
        "work/content.html",
        status_code=problem.status_code,
        problem=problem,
        bank=found,
        history=history,
        typed_note=typed.get("note", history.note),
        typed_until=typed.get("until", ""),
        most_note=_MOST_NOTE_CHARS,
        today=f"{utc_now():%Y-%m-%d}",
        statuses=status_words(t),
        origins=origin_words(t),
        may_write=_may_write(console, found),
    )


def _may_write(console: Console, found: Bank) -> bool:
    """Whether the page offers what changes it; the verbs look again."""
    if workflows.may(console.actor, Duty.WRITE_BANKS):
        return True
    return console.actor.role is StaffRole.WORKER and found.writer_role is StaffRole.WORKER


def _redirect(found: Bank, content_id: str) -> Redirect:
    to = f"/work/banks/{found.id}/contents/{content_id}"
    return Redirect(to, status_code=HTTP_303_SEE_OTHER)


HANDLERS: Final = (content_page, change_content, note_content)
