# SPDX-License-Identifier: Apache-2.0
"""Ways back into a case: what opens it is shown once, and made only for who knows the passphrase."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER

from haechi import workflows
from haechi.errors import WrongPassphrase
from haechi.values import Actor
from haechi.web._forms import Form, new_send_key, number_of, passphrase_of, send_key_of
from haechi.web._render import Page
from haechi.web._session import hold_back, session_cookie, session_token
from haechi.workflows import Context, Gate

_MAX_CODE_CHARS: Final = 100

Req = Request[Any, Any, Any]


@get("/case/keys", opt={"gate": Gate.CASE}, sync_to_thread=True)
def keys_page(
    page: NamedDependency[Page], ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Response[str]:
    """Her ways back in, and when somebody came in."""
    return _keys(page, ctx, actor)


@post(
    "/case/keys/codes",
    opt={"gate": Gate.CASE, "body": "form", "limit": "try"},
    status_code=HTTP_200_OK,
    sync_to_thread=True,
)
def make_codes(
    request: Req,
    page: NamedDependency[Page],
    form: NamedDependency[Form],
    ctx: NamedDependency[Context],
    actor: NamedDependency[Actor],
) -> Response[str]:
    """Fresh recovery codes, shown this once."""

    def make(present: str, send_key: str) -> list[str]:
        return workflows.make_codes(ctx, actor, present=present, send_key=send_key)

    return _given(request, page, form, ctx, actor, "codes", make)


@post(
    "/case/keys/split",
    opt={"gate": Gate.CASE, "body": "form", "limit": "try"},
    status_code=HTTP_200_OK,
    sync_to_thread=True,
)
def make_split(
    request: Req,
    page: NamedDependency[Page],
    form: NamedDependency[Form],
    ctx: NamedDependency[Context],
    actor: NamedDependency[Actor],
) -> Response[str]:
    """Her half of a secret shared with the centre, shown this once."""

    def make(present: str, send_key: str) -> list[str]:
        return [workflows.make_split(ctx, actor, present=present, send_key=send_key)]

    return _given(request, page, form, ctx, actor, "half", make)


@post(
    "/case/keys/split/end",
    opt={"gate": Gate.CASE, "body": "form"},
    status_code=HTTP_303_SEE_OTHER,
    sync_to_thread=True,
)
def end_split(
    form: NamedDependency[Form], ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Redirect:
    """Share nothing with the centre any more."""
    workflows.require_case(ctx, actor, case_number=form.get("case", ""))
    workflows.end_split(ctx, actor)
    return Redirect("/case/keys", status_code=HTTP_303_SEE_OTHER)


@post(
    "/case/keys/passphrase",
    opt={"gate": Gate.CASE, "body": "form", "limit": "try"},
    status_code=HTTP_200_OK,
    sync_to_thread=True,
)
def change_passphrase(
    request: Req,
    page: NamedDependency[Page],
    form: NamedDependency[Form],
    ctx: NamedDependency[Context],
    actor: NamedDependency[Actor],
) -> Response[str]:
    """A new passphrase in the place of the present one, shown this once."""

    def make(present: str, send_key: str) -> list[str]:
        fresh = workflows.change_passphrase(
            ctx,
            actor,
            present=present,
            language=page.words.language,
            session_token=session_token(request),
            send_key=send_key,
        )
        return [fresh]

    return _given(request, page, form, ctx, actor, "passphrase", make)


@get("/case/recover", opt={"gate": Gate.OPEN}, sync_to_thread=False)
def recover_page(page: NamedDependency[Page]) -> Response[str]:
    """The form for coming back with a recovery code, or with two halves."""
    return page.show("recover.html", number="", problem=None, send_key=new_send_key())


@post(
    "/case/recover",
    opt={"gate": Gate.OPEN, "body": "form", "limit": "try"},
    status_code=HTTP_200_OK,
    sync_to_thread=True,
)
def recover_case(
    request: Req,
    page: NamedDependency[Page],
    form: NamedDependency[Form],
    ctx: NamedDependency[Context],
) -> Response[str]:
    """A new passphrase, shown this once, and a session."""
    number = number_of(form)
    send_key = send_key_of(form)
    try:
        recovered = workflows.recover_case(
            ctx,
            case_number=number,
            code=form.get("code", "")[:_MAX_CODE_CHARS],
            language=page.words.language,
            send_key=send_key,
        )
    except WrongPassphrase as error:
        hold_back(request, error)
        problem = page.words("The case number and the code do not fit together. Check both.")
        return page.show(
            "recover.html",
            status_code=error.http_status,
            number=number,
            problem=problem,
            send_key=send_key,
        )
    return page.show(
        "given.html",
        cookies=[session_cookie(ctx.settings, recovered.session_token)],
        given="passphrase",
        number=recovered.case_number,
        secrets=[recovered.passphrase],
    )


def _given(
    request: Req,
    page: Page,
    form: Form,
    ctx: Context,
    actor: Actor,
    given: str,
    make: Callable[[str, str], list[str]],
) -> Response[str]:
    """What `make` gives for the present passphrase and the send key, shown this once."""
    number = form.get("case", "")
    workflows.require_case(ctx, actor, case_number=number)
    try:
        made = make(passphrase_of(form), send_key_of(form))
    except WrongPassphrase as error:
        hold_back(request, error)
        # The number is hers and known here: only the passphrase can be wrong.
        problem = page.words("This is not the present passphrase. Check it and try again.")
        return _keys(page, ctx, actor, problem=problem, status_code=error.http_status)
    return page.show("given.html", given=given, number=number, secrets=made)


def _keys(
    page: Page, ctx: Context, actor: Actor, *, problem: str | None = None, status_code: int = 200
) -> Response[str]:
    return page.show(
        "keys.html",
        status_code=status_code,
        case=workflows.read_case(ctx, actor),
        problem=problem,
        send_key=new_send_key(),
    )


HANDLERS: Final = (
    keys_page,
    make_codes,
    make_split,
    end_split,
    change_passphrase,
    recover_page,
    recover_case,
)
