# SPDX-License-Identifier: Apache-2.0
"""A user's own account: password, second factors, sessions. Every change begins a fresh session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from litestar import MediaType, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER

from haechi import workflows
from haechi.errors import HaechiError, MalformedField, WrongSignIn
from haechi.values import Actor
from haechi.web._console import Console, role_name, staff_cookie, staff_token
from haechi.web._forms import Form
from haechi.web._qr import qr_svg
from haechi.web._session import hold_back
from haechi.web._work_entry_pages import fresh_password, show_factor
from haechi.workflows import Context, Gate

_MOST_PASSWORD_CHARS: Final = 400
_MOST_CODE_CHARS: Final = 20

_READS: Final = {"gate": Gate.STAFF, "duty": None}
_CHANGES: Final = {**_READS, "body": "form", "limit": "try"}

Req = Request[Any, Any, Any]


@get("/work/me", opt=_READS, sync_to_thread=True)
def account_page(request: Req, console: NamedDependency[Console]) -> Response[str]:
    """The account."""
    return _account(request, console)


@post("/work/me/password", opt=_CHANGES, status_code=HTTP_303_SEE_OTHER, sync_to_thread=True)
def change_password(
    request: Req, form: NamedDependency[Form], console: NamedDependency[Console]
) -> Response[Any]:
    """Another password."""

    def change(token: str, present: str) -> str:
        return workflows.change_password(
            console.ctx,
            console.actor,
            session_token=token,
            present=present,
            fresh=fresh_password(console.page, form),
        )

    return _changed(request, form, console, change)


@get("/work/me/totp", opt=_READS, sync_to_thread=True)
def totp_page(request: Req, console: NamedDependency[Console]) -> Response[str]:
    """A fresh secret for an authenticator app."""
    return _totp(request, console)


@post(
    "/work/me/totp",
    opt={**_CHANGES, "half": True},
    status_code=HTTP_303_SEE_OTHER,
    sync_to_thread=True,
)
def set_totp(
    request: Req, form: NamedDependency[Form], console: NamedDependency[Console]
) -> Response[Any]:
    """Take the shown secret into use."""

    def change(token: str, present: str) -> str:
        return workflows.set_totp(
            console.ctx,
            console.actor,
            session_token=token,
            present=present,
            code=form.get("code", "")[:_MOST_CODE_CHARS],
        )

    return _changed(request, form, console, change, again=_totp)


@post("/work/me/totp/remove", opt=_CHANGES, status_code=HTTP_303_SEE_OTHER, sync_to_thread=True)
def remove_totp(
    request: Req, form: NamedDependency[Form], console: NamedDependency[Console]
) -> Response[Any]:
    """Sign in with passkeys alone."""

    def change(token: str, present: str) -> str:
        return workflows.remove_totp(
            console.ctx, console.actor, session_token=token, present=present
        )

    return _changed(request, form, console, change)


@post(
    "/work/me/passkeys/options",
    opt={**_READS, "half": True},
    status_code=HTTP_200_OK,
    sync_to_thread=True,
)
def ask_passkey(
    request: Req, ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Response[str]:
    """What the browser is asked for to make a passkey, for a script."""
    options = workflows.ask_passkey(ctx, actor, session_token=staff_token(request))
    return Response(options, media_type=MediaType.JSON)


@post(
    "/work/me/passkeys",
    opt={**_CHANGES, "half": True},
    status_code=HTTP_303_SEE_OTHER,
    sync_to_thread=True,
)
def add_passkey(
    request: Req, form: NamedDependency[Form], console: NamedDependency[Console]
) -> Response[Any]:
    """Take the passkey into use that the browser made."""

    def change(token: str, present: str) -> str:
        return workflows.add_passkey(
            console.ctx,
            console.actor,
            session_token=token,
            present=present,
            answer=form.get("answer", ""),
            name=form.get("name", ""),
        )

    return _changed(request, form, console, change)


@post(
    "/work/me/passkeys/{passkey_id:str}/remove",
    opt=_CHANGES,
    status_code=HTTP_303_SEE_OTHER,
    sync_to_thread=True,
)
def remove_passkey(
    request: Req,
    passkey_id: FromPath[str],
    form: NamedDependency[Form],
    console: NamedDependency[Console],
) -> Response[Any]:
    """One passkey less."""

    def change(token: str, present: str) -> str:
        return workflows.remove_passkey(
            console.ctx,
            console.actor,
            session_token=token,
            present=present,
            passkey_id=passkey_id,
        )

    return _changed(request, form, console, change)


@post("/work/me/sessions", opt=_CHANGES, status_code=HTTP_303_SEE_OTHER, sync_to_thread=True)
def end_other_sessions(
    request: Req, ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Redirect:
    """Sign out everywhere else."""
    workflows.end_other_sessions(ctx, actor, session_token=staff_token(request))
    return Redirect("/work/me", status_code=HTTP_303_SEE_OTHER)


def _changed(
    request: Req,
    form: Form,
    console: Console,
    change: Callable[[str, str], str],
    *,
    again: Callable[..., Response[str]] | None = None,
) -> Response[Any]:
    """The account after a change, in a fresh session; or the page once more with what is wrong."""
    present = form.get("present", "")[:_MOST_PASSWORD_CHARS]
    try:
        token = change(staff_token(request), present)
    except (WrongSignIn, MalformedField) as error:
        if isinstance(error, WrongSignIn):
            hold_back(request, error)
        if console.actor.role is None:
            return show_factor(request, console.page, console.ctx, console.actor, error=error)
        return (again or _account)(request, console, error=error)
    to = "/work" if console.actor.role is None else "/work/me"
    return Redirect(
        to, status_code=HTTP_303_SEE_OTHER, cookies=[staff_cookie(console.ctx.settings, token)]
    )


def _account(request: Req, console: Console, *, error: HaechiError | None = None) -> Response[str]:
    account = workflows.read_account(console.ctx, console.actor, session_token=staff_token(request))
    return console.show(
        "work/me.html",
        view="me",
        subject_id=console.actor.id,
        status_code=HTTP_200_OK if error is None else error.http_status,
        account=account,
        role=role_name(console.page.words, account.user.role),
        problem=_problem(console, error),
    )


def _totp(request: Req, console: Console, *, error: HaechiError | None = None) -> Response[str]:
    proposal = workflows.propose_totp(
        console.ctx, console.actor, session_token=staff_token(request)
    )
    return console.show(
        "work/totp.html",
        view="totp",
        subject_id=console.actor.id,
        status_code=HTTP_200_OK if error is None else error.http_status,
        login=proposal.login,
        secret=proposal.secret,
        qr=qr_svg(proposal.uri),
        problem=_problem(console, error),
    )


def _problem(console: Console, error: HaechiError | None) -> str | None:
    return None if error is None else console.page.words.sentence(error)


HANDLERS: Final = (
    account_page,
    change_password,
    totp_page,
    set_totp,
    remove_totp,
    ask_passkey,
    add_passkey,
    remove_passkey,
    end_other_sessions,
)
