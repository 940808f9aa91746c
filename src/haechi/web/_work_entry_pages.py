# SPDX-License-Identifier: Apache-2.0
"""Signing in to the console: password and code, or a passkey; invitations; signing out."""

from __future__ import annotations

from typing import Any, Final

from litestar import MediaType, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER

from haechi import workflows
from haechi.errors import HaechiError, MalformedField, WrongSignIn
from haechi.values import Actor
from haechi.web._console import staff_cookie, staff_token
from haechi.web._forms import Form
from haechi.web._qr import qr_svg
from haechi.web._render import Page
from haechi.web._session import hold_back
from haechi.workflows import Context, Gate

_MOST_LOGIN_CHARS: Final = 80
_MOST_PASSWORD_CHARS: Final = 400
_MOST_CODE_CHARS: Final = 20

_OPEN_FORM: Final = {"gate": Gate.OPEN, "body": "form", "limit": "try"}
_HALF: Final = {"gate": Gate.STAFF, "duty": None, "half": True}

Req = Request[Any, Any, Any]


@get("/work/enter", opt={"gate": Gate.OPEN}, sync_to_thread=False)
def enter_page(page: NamedDependency[Page]) -> Response[str]:
    """The form for signing in."""
    return show_enter(page)


@post("/work/enter", opt=_OPEN_FORM, status_code=HTTP_303_SEE_OTHER, sync_to_thread=True)
def enter(
    request: Req,
    page: NamedDependency[Page],
    form: NamedDependency[Form],
    ctx: NamedDependency[Context],
) -> Response[Any]:
    """The first half: login and password."""
    login = form.get("login", "")[:_MOST_LOGIN_CHARS]
    password = form.get("password", "")[:_MOST_PASSWORD_CHARS]
    try:
        token = workflows.enter_staff(ctx, login=login, password=password)
    except WrongSignIn as error:
        hold_back(request, error)
        return show_enter(page, error=error, login=login)
    return _redirect(ctx, "/work/enter/code", token)


@get("/work/enter/code", opt=_HALF, sync_to_thread=True)
def code_page(
    request: Req,
    page: NamedDependency[Page],
    ctx: NamedDependency[Context],
    actor: NamedDependency[Actor],
) -> Response[Any]:
    """The form for the code; who has no second factor yet sets one up first."""
    if actor.role is not None:
        return Redirect("/work", status_code=HTTP_303_SEE_OTHER)
    user = workflows.read_account(ctx, actor, session_token=staff_token(request)).user
    if not user.has_factor:
        return Redirect("/work/enter/factor", status_code=HTTP_303_SEE_OTHER)
    return page.show("work/code.html", problem=None, has_totp=user.has_totp)


@post(
    "/work/enter/code",
    opt={**_HALF, "body": "form", "limit": "try"},
    status_code=HTTP_303_SEE_OTHER,
    sync_to_thread=True,
)
def show_code(
    request: Req,
    page: NamedDependency[Page],
    form: NamedDependency[Form],
    ctx: NamedDependency[Context],
    actor: NamedDependency[Actor],
) -> Response[Any]:
    """The second half: a code of the authenticator app."""
    if actor.role is not None:
        return Redirect("/work", status_code=HTTP_303_SEE_OTHER)
    try:
        token = workflows.confirm_code(
            ctx, staff_token(request), code=form.get("code", "")[:_MOST_CODE_CHARS]
        )
    except WrongSignIn as error:
        hold_back(request, error)
        return page.show(
            "work/code.html",
            status_code=error.http_status,
            problem=page.words.sentence(error),
            has_totp=True,
        )
    return _redirect(ctx, "/work", token)


@get("/work/enter/factor", opt=_HALF, sync_to_thread=True)
def factor_page(
    request: Req,
    page: NamedDependency[Page],
    ctx: NamedDependency[Context],
    actor: NamedDependency[Actor],
) -> Response[Any]:
    """Setting up the first second factor."""
    account = workflows.read_account(ctx, actor, session_token=staff_token(request))
    if actor.role is not None or account.user.has_factor:
        return Redirect("/work/enter/code", status_code=HTTP_303_SEE_OTHER)
    return show_factor(request, page, ctx, actor)


@post(
    "/work/enter/passkey/options",
    opt={"gate": Gate.OPEN, "limit": "try"},
    status_code=HTTP_200_OK,
    sync_to_thread=True,
)
def ask_passkey(ctx: NamedDependency[Context]) -> Response[str]:
    """What the browser is asked for, for a script; with the cookie that the answer has to bring."""
    token, options = workflows.begin_passkey(ctx)
    return Response(options, media_type=MediaType.JSON, cookies=[staff_cookie(ctx.settings, token)])


@post("/work/enter/passkey", opt=_OPEN_FORM, status_code=HTTP_303_SEE_OTHER, sync_to_thread=True)
def enter_with_passkey(
    request: Req,
    page: NamedDependency[Page],
    form: NamedDependency[Form],
    ctx: NamedDependency[Context],
) -> Response[Any]:
    """A passkey is both halves at once."""
    try:
        token = workflows.enter_with_passkey(
            ctx, staff_token(request), answer=form.get("answer", "")
        )
    except WrongSignIn as error:
        return show_enter(page, error=error)
    return _redirect(ctx, "/work", token)


@get("/work/invitation/{token:str}", opt={"gate": Gate.OPEN}, sync_to_thread=True)
def invitation_page(
    token: FromPath[str], page: NamedDependency[Page], ctx: NamedDependency[Context]
) -> Response[str]:
    """The form for a first password, or a new one."""
    login = workflows.read_invitation(ctx, token=token)
    return page.show("work/invitation.html", login=login, token=token, problem=None)


@post(
    "/work/invitation/{token:str}",
    opt=_OPEN_FORM,
    status_code=HTTP_303_SEE_OTHER,
    sync_to_thread=True,
)
def accept_invitation(
    token: FromPath[str],
    page: NamedDependency[Page],
    form: NamedDependency[Form],
    ctx: NamedDependency[Context],
) -> Response[Any]:
    """Choose a password; a second factor comes next."""
    login = workflows.read_invitation(ctx, token=token)
    try:
        session = workflows.accept_invitation(ctx, token=token, password=fresh_password(page, form))
    except MalformedField as error:
        return page.show(
            "work/invitation.html",
            status_code=error.http_status,
            login=login,
            token=token,
            problem=page.words.sentence(error),
        )
    return _redirect(ctx, "/work/enter/factor", session)


@post(
    "/work/leave",
    opt={"gate": Gate.OPEN, "body": "form"},
    status_code=HTTP_303_SEE_OTHER,
    sync_to_thread=True,
)
def leave(request: Req, ctx: NamedDependency[Context]) -> Redirect:
    """Sign out, if somebody is signed in still."""
    workflows.leave_staff(ctx, staff_token(request))
    return _redirect(ctx, "/work/enter", "")


def show_enter(page: Page, *, error: HaechiError | None = None, login: str = "") -> Response[str]:
    """The form for signing in, with what is wrong."""
    return page.show(
        "work/enter.html",
        status_code=HTTP_200_OK if error is None else error.http_status,
        login=login,
        problem=None if error is None else page.words.sentence(error),
    )


def show_factor(
    request: Req, page: Page, ctx: Context, actor: Actor, *, error: HaechiError | None = None
) -> Response[str]:
    """The page that sets up the first second factor, with what is wrong."""
    token = staff_token(request)
    proposal = workflows.propose_totp(ctx, actor, session_token=token)
    account = workflows.read_account(ctx, actor, session_token=token)
    return page.show(
        "work/factor.html",
        status_code=HTTP_200_OK if error is None else error.http_status,
        problem=None if error is None else page.words.sentence(error),
        secret=proposal.secret,
        qr=qr_svg(proposal.uri),
        may_have_passkeys=account.may_have_passkeys,
    )


def fresh_password(page: Page, form: Form) -> str:
    """The password that was typed twice.

    Raises:
        MalformedField: the two are not the same.
    """
    fresh = form.get("password", "")[:_MOST_PASSWORD_CHARS]
    if fresh != form.get("again", "")[:_MOST_PASSWORD_CHARS]:
        raise MalformedField(
            field="password",
            reason=page.words("The two passwords are not the same. Type both again."),
        )
    return fresh


def _redirect(ctx: Context, path: str, token: str) -> Redirect:
    return Redirect(
        path, status_code=HTTP_303_SEE_OTHER, cookies=[staff_cookie(ctx.settings, token)]
    )


HANDLERS: Final = (
    enter_page,
    enter,
    code_page,
    show_code,
    factor_page,
    ask_passkey,
    enter_with_passkey,
    invitation_page,
    accept_invitation,
    leave,
)
