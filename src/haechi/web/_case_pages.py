# SPDX-License-Identifier: Apache-2.0
"""A case: opened, come back to, read, added to, left. Each handler parses, calls one workflow, renders."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_303_SEE_OTHER

from haechi import workflows
from haechi.errors import MalformedField, WrongPassphrase
from haechi.values import Actor, MediaKind
from haechi.web._forms import (
    Form,
    ages_of,
    new_send_key,
    number_of,
    passphrase_of,
    send_key_of,
    sighting_of,
    standing_of,
)
from haechi.web._render import Page
from haechi.web._session import hold_back, session_cookie, session_token
from haechi.web._timeline_words import tell
from haechi.web._words import Words
from haechi.workflows import CaseReport, CaseView, Context, Gate, OpenedCase

Req = Request[Any, Any, Any]


@get("/case/new", opt={"gate": Gate.OPEN}, sync_to_thread=True)
def new_case(
    request: Req, page: NamedDependency[Page], ctx: NamedDependency[Context]
) -> Response[str]:
    """The form that opens a case; where one is open on this device already, it says so."""
    open_number = workflows.open_number(ctx, session_token(request))
    return _form_page(page, "new.html", new_send_key(), open_number=open_number)


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
    send_key = send_key_of(form)
    try:
        report = CaseReport(
            items=(),
            sightings=(sighting_of(form),),
            language=page.words.language,
            ages=ages_of(form),
            may_act=form.get("agent") == "yes",
            standing=standing_of(form),
            send_key=send_key,
        )
        opened = workflows.open_case(ctx, report)
    except MalformedField as error:
        return _form_page(page, "new.html", send_key, form=form, error=error)
    return page.show(
        "opened.html",
        status_code=HTTP_201_CREATED,
        cookies=[session_cookie(ctx.settings, opened.session_token)],
        opened=opened,
        receipt=_receipt_text(opened),
    )


@get("/case/add", opt={"gate": Gate.CASE}, sync_to_thread=True)
def add_page(
    page: NamedDependency[Page], ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Response[str]:
    """The form that adds to a case."""
    number = workflows.read_case(ctx, actor).number
    return _form_page(page, "add.html", new_send_key(), number=number)


@post(
    "/case/add",
    opt={"gate": Gate.CASE, "body": "form"},
    status_code=HTTP_303_SEE_OTHER,
    sync_to_thread=True,
)
def add_place(
    page: NamedDependency[Page],
    form: NamedDependency[Form],
    ctx: NamedDependency[Context],
    actor: NamedDependency[Actor],
) -> Response[Any]:
    """Add a place; files are added through `POST /v1/case/items`."""
    number = form.get("case", "")
    workflows.require_case(ctx, actor, case_number=number)
    send_key = send_key_of(form)
    try:
        workflows.add_to_case(ctx, actor, sightings=(sighting_of(form),), send_key=send_key)
    except MalformedField as error:
        return _form_page(page, "add.html", send_key, form=form, error=error, number=number)
    return Redirect("/case", status_code=HTTP_303_SEE_OTHER)


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
    request: Req,
    page: NamedDependency[Page],
    form: NamedDependency[Form],
    ctx: NamedDependency[Context],
) -> Response[Any]:
    """Begin a session; a wrong number and a wrong passphrase look the same."""
    number = number_of(form)
    try:
        token = workflows.enter_case(ctx, case_number=number, passphrase=passphrase_of(form))
    except WrongPassphrase as error:
        hold_back(request, error)
        return page.show(
            "enter.html",
            status_code=error.http_status,
            number=number,
            problem=page.words.sentence(error),
        )
    return Redirect(
        "/case", status_code=HTTP_303_SEE_OTHER, cookies=[session_cookie(ctx.settings, token)]
    )


@get("/case", opt={"gate": Gate.CASE}, sync_to_thread=True)
def read_case(
    request: Req,
    page: NamedDependency[Page],
    ctx: NamedDependency[Context],
    actor: NamedDependency[Actor],
) -> Response[str]:
    """How her case stands; with `news=all` also what she asked not to be shown yet."""
    shows_all = request.query_params.get("news") == "all"
    case = workflows.read_case(ctx, actor, shows_all=shows_all)
    return page.show(
        "case.html",
        case=case,
        items=list(zip(item_names(page.words, case), case.items, strict=True)),
        shows_all=shows_all,
        tell=tell,
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
    workflows.leave_case(ctx, session_token(request))
    ended = session_cookie(ctx.settings, "")
    return Redirect("/", status_code=HTTP_303_SEE_OTHER, cookies=[ended])


def item_names(t: Words, case: CaseView) -> list[str]:
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


def _form_page(
    page: Page,
    template: str,
    send_key: str,
    *,
    form: Form | None = None,
    error: MalformedField | None = None,
    open_number: str = "",
    number: str = "",
) -> Response[str]:
    """A form, empty or as it was typed, with what is wrong with it."""
    return page.show(
        template,
        status_code=HTTP_200_OK if error is None else error.http_status,
        typed=form or {},
        problem=None if error is None else page.words.sentence(error),
        field=None if error is None else error.field,
        send_key=send_key,
        open_number=open_number,
        number=number,
    )


def _receipt_text(opened: OpenedCase) -> str:
    return json.dumps(opened.receipt, ensure_ascii=False, indent=2)


HANDLERS: Final = (
    new_case,
    open_case,
    add_page,
    add_place,
    enter_page,
    enter_case,
    read_case,
    withdraw_item,
    leave_case,
)
