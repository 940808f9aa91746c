# SPDX-License-Identifier: Apache-2.0
"""The console's own pages: home, users, audit log, keys."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER

from haechi import workflows
from haechi.errors import BadInput, HaechiError, MalformedField
from haechi.values import StaffRole
from haechi.web._console import Console, role_name
from haechi.web._forms import Form
from haechi.web._words import Words
from haechi.workflows import AuditView, Duty, Gate, Invited

_MOST_LOGIN_CHARS: Final = 200
_MOST_FILTER_CHARS: Final = 80
_MOST_DIGITS: Final = 15

_USERS: Final = {"gate": Gate.STAFF, "duty": Duty.USERS}

Req = Request[Any, Any, Any]


@get("/work", opt={"gate": Gate.STAFF, "duty": None}, sync_to_thread=True)
def home_page(console: NamedDependency[Console]) -> Response[str]:
    """The counts that matter to who looks, and the way on."""
    home = workflows.console_home(console.ctx, console.actor)
    role = console.actor.role
    assert role is not None  # noqa: S101  # the gate lets no half session in
    return console.show(
        "work/home.html", view="home", home=home, role=role_name(console.page.words, role)
    )


@get("/work/help", opt={"gate": Gate.STAFF, "duty": None}, sync_to_thread=True)
def help_page(console: NamedDependency[Console]) -> Response[str]:
    """The keys."""
    return console.show("work/help.html", view="help")


@get("/work/users", opt=_USERS, sync_to_thread=True)
def users_page(console: NamedDependency[Console]) -> Response[str]:
    """Everybody, and the form for one more."""
    return _users(console)


@post("/work/users", opt={**_USERS, "body": "form"}, status_code=HTTP_200_OK, sync_to_thread=True)
def add_user(form: NamedDependency[Form], console: NamedDependency[Console]) -> Response[str]:
    """A new user; the link is shown this once."""
    login = _login_of(form)
    try:
        invited = workflows.add_user(console.ctx, console.actor, login=login, role=_role_of(form))
    except MalformedField as error:
        return _users(console, error=error, login=login)
    return _invited(console, invited)


@post(
    "/work/users/invite",
    opt={**_USERS, "body": "form"},
    status_code=HTTP_200_OK,
    sync_to_thread=True,
)
def invite_user(form: NamedDependency[Form], console: NamedDependency[Console]) -> Response[str]:
    """A fresh link for a user, shown this once."""
    try:
        invited = workflows.invite_user(console.ctx, console.actor, login=_login_of(form))
    except MalformedField as error:
        return _users(console, error=error)
    return _invited(console, invited)


@post(
    "/work/users/change",
    opt={**_USERS, "body": "form"},
    status_code=HTTP_303_SEE_OTHER,
    sync_to_thread=True,
)
def change_user(form: NamedDependency[Form], console: NamedDependency[Console]) -> Response[Any]:
    """Another role (`role`), or disabled or not (`state`)."""
    state = form.get("state", "")
    try:
        workflows.change_user(
            console.ctx,
            console.actor,
            login=_login_of(form),
            role=_role_of(form) if "role" in form else None,
            is_disabled={"disabled": True, "enabled": False}.get(state),
        )
    except MalformedField as error:
        return _users(console, error=error)
    return Redirect("/work/users", status_code=HTTP_303_SEE_OTHER)


@get("/work/audit", opt={"gate": Gate.STAFF, "duty": Duty.READ_AUDIT}, sync_to_thread=True)
def audit_page(request: Req, console: NamedDependency[Console]) -> Response[str]:
    """The log, newest first, narrowed by who, what and to what; and whether its chain holds."""
    asked = {
        name: request.query_params.get(name, "").strip()[:_MOST_FILTER_CHARS]
        for name in ("who", "verb", "subject")
    }
    older = request.query_params.get("older", "")
    view = workflows.read_audit(
        console.ctx,
        console.actor,
        who=asked["who"],
        verb=asked["verb"],
        subject=asked["subject"],
        older_than=int(older) if older.isdecimal() and len(older) <= _MOST_DIGITS else None,
        checks=request.query_params.get("check") == "all",
    )
    # What the page itself records would be the first line of the next one: it is written after the look.
    return console.show(
        "work/audit.html",
        view="audit",
        asked=asked,
        audit=view,
        reason=_reason(console.page.words, view),
    )


def _reason(t: Words, view: AuditView) -> str:
    """What is wrong with the log, in the reader's words; empty if nothing is."""
    if view.broken is None:
        return ""
    told = {
        "a line was altered": t("a line was altered"),
        "a line is missing": t("a line is missing"),
        "lines at the end are missing": t("lines at the end are missing"),
        "the log was written anew": t("the log was written anew"),
        "the noted ends were altered": t("the noted ends were altered"),
    }
    return told.get(view.broken.reason, view.broken.reason)


def _users(console: Console, *, error: HaechiError | None = None, login: str = "") -> Response[str]:
    t = console.page.words
    return console.show(
        "work/users.html",
        view="users",
        status_code=HTTP_200_OK if error is None else error.http_status,
        users=workflows.list_users(console.ctx, console.actor),
        roles=[(role.value, role_name(t, role)) for role in StaffRole],
        role_names={role: role_name(t, role) for role in StaffRole},
        problem=None if error is None else t.sentence(error),
        typed_login=login,
    )


def _invited(console: Console, invited: Invited) -> Response[str]:
    return console.show(
        "work/invited.html", view="invited", subject_id=invited.user.id, invited=invited
    )


def _login_of(form: Form) -> str:
    return form.get("login", "")[:_MOST_LOGIN_CHARS]


def _role_of(form: Form) -> StaffRole:
    try:
        return StaffRole(form.get("role", ""))
    except ValueError as error:
        raise BadInput from error


HANDLERS: Final = (
    home_page,
    help_page,
    users_page,
    add_user,
    invite_user,
    change_user,
    audit_page,
)
