# SPDX-License-Identifier: Apache-2.0
"""The pages and their forms. Each handler parses, calls one workflow and renders."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Final

from litestar import Request, Response, Router, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_201_CREATED, HTTP_303_SEE_OTHER

from haechi import workflows
from haechi.errors import BadInput, HaechiError, MalformedField, NeedsAccess, WrongPassphrase
from haechi.settings import SESSION_COOKIE, Settings
from haechi.values import Actor, MediaKind
from haechi.web._forms import Form, read_form
from haechi.web._render import Page, page_for
from haechi.web._words import Words
from haechi.workflows import CaseReport, CaseView, Context, Gate, Notice, OpenedCase, Sighting

_MAX_NUMBER_CHARS: Final = 40
_MAX_PASSPHRASE_CHARS: Final = 400

Req = Request[Any, Any, Any]


@get("/", opt={"gate": Gate.OPEN}, sync_to_thread=False)
def first_page(page: NamedDependency[Page]) -> Response[str]:
    """What this is, and the ways in."""
    return page.show("first.html")


@get("/case/new", opt={"gate": Gate.OPEN}, sync_to_thread=False)
def new_case(page: NamedDependency[Page]) -> Response[str]:
    """The form that opens a case."""
    return page.show("new.html", typed={}, problem=None, field=None)


@post(
    "/case/new",
    opt={"gate": Gate.OPEN, "body": "form", "limit": "report"},
    status_code=HTTP_201_CREATED,
    sync_to_thread=True,
)
def open_case(
    page: NamedDependency[Page], form: NamedDependency[Form], ctx: NamedDependency[Context]
) -> Response[str]:
    """Open a case without a file; the way with files goes through `POST /v1/cases`."""
    try:
        seen = Sighting(form.get("url", ""), form.get("place", ""), form.get("note", ""))
        report = CaseReport(items=(), sightings=(seen,), language=page.words.language)
        opened = workflows.open_case(ctx, report)
    except MalformedField as error:
        return page.show(
            "new.html",
            status_code=error.http_status,
            typed=form,
            problem=page.words.sentence(error),
            field=error.field,
        )
    return page.show(
        "opened.html",
        status_code=HTTP_201_CREATED,
        cookies=[_session_cookie(ctx.settings, opened.session_token)],
        opened=opened,
        receipt=_receipt_text(opened),
    )


@get("/case/enter", opt={"gate": Gate.OPEN}, sync_to_thread=False)
def enter_page(page: NamedDependency[Page]) -> Response[str]:
    """The form for coming back."""
    return page.show("enter.html", number="", problem=None)


@post(
    "/case/enter",
    opt={"gate": Gate.OPEN, "body": "form", "limit": "try"},
    status_code=HTTP_303_SEE_OTHER,
    sync_to_thread=True,
)
def enter_case(
    page: NamedDependency[Page], form: NamedDependency[Form], ctx: NamedDependency[Context]
) -> Response[Any]:
    """Begin a session; a wrong number and a wrong passphrase look the same."""
    number = form.get("case_number", "")[:_MAX_NUMBER_CHARS]
    passphrase = form.get("passphrase", "")[:_MAX_PASSPHRASE_CHARS]
    try:
        token = workflows.enter_case(ctx, case_number=number, passphrase=passphrase)
    except WrongPassphrase as error:
        return page.show(
            "enter.html",
            status_code=error.http_status,
            number=number,
            problem=page.words.sentence(error),
        )
    return Redirect(
        "/case",
        status_code=HTTP_303_SEE_OTHER,
        cookies=[_session_cookie(ctx.settings, token)],
    )


@get("/case", opt={"gate": Gate.CASE}, sync_to_thread=True)
def read_case(
    page: NamedDependency[Page], ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Response[str]:
    """How her case stands."""
    case = workflows.read_case(ctx, actor)
    return page.show(
        "case.html",
        case=case,
        items=list(zip(_item_names(page.words, case), case.items, strict=True)),
        law_name=_law_name,
        clock_sentence=_clock_sentence,
    )


@post(
    "/case/items/{item_id:str}/withdraw",
    opt={"gate": Gate.CASE, "body": "form"},
    status_code=HTTP_303_SEE_OTHER,
    sync_to_thread=True,
)
def withdraw_item(
    item_id: FromPath[str], ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Redirect:
    """Withdraw one photo or video; again is no change."""
    workflows.withdraw_item(ctx, actor, item_id=item_id)
    return Redirect("/case", status_code=HTTP_303_SEE_OTHER)


@post(
    "/case/leave",
    opt={"gate": Gate.OPEN, "body": "form"},
    status_code=HTTP_303_SEE_OTHER,
    sync_to_thread=True,
)
def leave_case(request: Req, ctx: NamedDependency[Context]) -> Redirect:
    """End the session, if there is one still."""
    workflows.leave_case(ctx, request.cookies.get(SESSION_COOKIE, ""))
    ended = _session_cookie(ctx.settings, "")
    ended.max_age = 0
    return Redirect("/", status_code=HTTP_303_SEE_OTHER, cookies=[ended])


def error_page(request: Req, error: HaechiError) -> Response[str]:
    """An error as a page in the reader's language; who has to come in first gets the form for it.

    Needs the running application's context, for the address of the exit.
    """
    context: Context = request.app.state.context
    page = page_for(request, context.settings)
    if isinstance(error, NeedsAccess):
        note = page.words("Please come in first, with your case number and passphrase.")
        return page.show("enter.html", status_code=error.http_status, number="", problem=note)
    if error.code == BadInput.code:
        # The error's own sentence sends programmers to the documentation.
        sentence = page.words("This could not be read. Please go back and try again.")
    else:
        sentence = page.words.sentence(error)
    return page.show("error.html", status_code=error.http_status, sentence=sentence)


def create_router(settings: Settings) -> Router:
    """Every page. The application gives handlers `ctx` and `actor`, and guards the gates."""

    def page(request: Req) -> Page:
        return page_for(request, settings)

    return Router(
        path="/",
        dependencies={"page": Provide(page, sync_to_thread=False), "form": Provide(read_form)},
        include_in_schema=False,
        route_handlers=[
            first_page,
            new_case,
            open_case,
            enter_page,
            enter_case,
            read_case,
            withdraw_item,
            leave_case,
        ],
    )


def _session_cookie(settings: Settings, token: str) -> Cookie:
    """The same cookie as the JSON face sets: gone with the window, never readable by scripts."""
    return Cookie(
        key=SESSION_COOKIE,
        value=token,
        path="/",
        httponly=True,
        samesite="strict",
        secure=settings.wants_secure_cookies,
    )


def _receipt_text(opened: OpenedCase) -> str:
    return json.dumps(opened.receipt, ensure_ascii=False, indent=2)


def _item_names(t: Words, case: CaseView) -> list[str]:
    """`Photo 1`, `Video 1`, `Photo 2`, …: counted for each kind."""
    counts: Counter[MediaKind] = Counter()
    names = []
    for item in case.items:
        counts[item.kind] += 1
        number = counts[item.kind]
        if item.kind is MediaKind.IMAGE:
            names.append(t("Photo {number}", number=number))
        else:
            names.append(t("Video {number}", number=number))
    return names


def _law_name(t: Words, law_id: str) -> str:
    return {"US-TIDA": t("TAKE IT DOWN Act (United States)")}.get(law_id, law_id)


def _clock_sentence(t: Words, notice: Notice) -> str:
    """What the clock of a notice says; a clock that has not started says so."""
    clock = notice.clock
    if clock.started_at is None or clock.due_at is None:
        return t(
            "No time is running yet. It starts when {starts_with}.",
            starts_with=t(clock.starts_with),
        )
    started_at, due_at = t.moment(clock.started_at), t.moment(clock.due_at)
    if clock.is_confirmed:
        return t(
            "The service received it on {started_at}. By law it has until {due_at} to act.",
            started_at=started_at,
            due_at=due_at,
        )
    return t(
        "It was sent on {started_at}. The service has not confirmed that it came. "
        "Counted from the sending, its time ends on {due_at}.",
        started_at=started_at,
        due_at=due_at,
    )
