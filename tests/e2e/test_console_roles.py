# SPDX-License-Identifier: Apache-2.0
"""Roles reach their pages and no others: every route of the console, with every role."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.testing import TestClient
from sqlalchemy import func, select

from haechi.asgi import create_app
from haechi.audit._tables import audit_event
from haechi.settings import load_settings
from haechi.values import Actor, ActorKind, StaffRole
from haechi.workflows import (
    Context,
    Duty,
    Gate,
    accept_invitation,
    actor_of_staff_session,
    add_user,
    may,
    open_context,
    propose_totp,
    set_totp,
)

OPERATOR = Actor(ActorKind.OPERATOR, "test")
ADDRESS = "http://haechi.test"
FORM = {"content-type": "application/x-www-form-urlencoded"}
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def context() -> Iterator[Context]:
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings({}, data_folder=Path(folder), tries_per_min=100_000)
        with open_context(settings, follows=True) as opened:
            yield opened


@pytest.fixture(scope="module")
def app(context: Context) -> Litestar:
    return create_app(context)


@pytest.fixture
def client(app: Litestar) -> Iterator[TestClient[Litestar]]:
    with TestClient(app, base_url=ADDRESS) as opened:
        yield opened


def half_session(context: Context, login: str, role: StaffRole) -> str:
    token = add_user(context, OPERATOR, login=login, role=role).url.rpartition("/")[2]
    return accept_invitation(context, token=token, password=PASSWORD)


def session(context: Context, login: str, role: StaffRole) -> str:
    half = half_session(context, login, role)
    actor = actor_of_staff_session(context, half)
    assert actor is not None
    secret = propose_totp(context, actor, session_token=half).secret
    return set_totp(context, actor, session_token=half, code=pyotp.TOTP(secret).now())


def staff_routes(app: Litestar) -> list[tuple[str, str, dict[str, Any]]]:
    found = [
        (method, route.path, handler.opt)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if handler.opt.get("gate") is Gate.STAFF
    ]
    assert len(found) > 15
    return found


def concrete(path: str) -> str:
    return re.sub(r"\{\w+:str\}", "x", path)


def test_every_route_of_the_console_names_its_duty(app: Litestar) -> None:
    for _, path, opt in staff_routes(app):
        assert path == "/work" or path.startswith("/work/")
        assert opt["duty"] is None or opt["duty"] in Duty


@pytest.mark.parametrize("role", StaffRole)
def test_a_role_reaches_its_routes_and_no_others(
    context: Context, app: Litestar, client: TestClient[Litestar], role: StaffRole
) -> None:
    user = Actor(ActorKind.STAFF, "usr", role=role)
    seen = set()
    for method, path, opt in staff_routes(app):
        # A fresh session each time: some routes end it.
        login = f"{role}-{len(seen)}-{method.lower()}"
        cookie = f"haechi_work={session(context, login, role)}"
        answer = client.request(
            method,
            concrete(path),
            content="present=correct+horse+battery" if method == "POST" else None,
            headers={"cookie": cookie, **(FORM if method == "POST" else {})},
            follow_redirects=False,
        )
        if opt["duty"] is None or may(user, opt["duty"]):
            assert answer.status_code not in (401, 403, 500), (method, path, answer.status_code)
        else:
            assert answer.status_code == 403, (method, path)
        seen.add((method, path))


def test_a_half_session_opens_nothing_but_the_second_factor(
    context: Context, app: Litestar, client: TestClient[Litestar]
) -> None:
    cookie = f"haechi_work={half_session(context, 'half', StaffRole.ADMIN)}"
    opened = set()
    for method, path, opt in staff_routes(app):
        answer = client.request(
            method,
            concrete(path),
            headers={"cookie": cookie, **(FORM if method == "POST" else {})},
            follow_redirects=False,
        )
        if opt.get("half"):
            opened.add((method, path))
            continue
        if method == "GET":
            assert (answer.status_code, answer.headers["location"]) == (303, "/work/enter"), path
        else:
            assert answer.status_code == 401, path
    assert opened == {
        ("GET", "/work/enter/code"),
        ("POST", "/work/enter/code"),
        ("GET", "/work/enter/factor"),
        ("POST", "/work/me/totp"),
        ("POST", "/work/me/passkeys"),
        ("POST", "/work/me/passkeys/options"),
    }


def test_forms_from_elsewhere_are_refused(context: Context, client: TestClient[Litestar]) -> None:
    cookie = f"haechi_work={session(context, 'forms', StaffRole.ADMIN)}"
    for elsewhere in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        answer = client.post(
            "/work/users",
            content="login=new&role=admin",
            headers={"cookie": cookie, **FORM, **elsewhere},
        )
        assert answer.status_code == 403
    for path in ("/work/enter", "/work/enter/passkey/options", "/work/leave"):
        answer = client.post(path, headers={**FORM, "sec-fetch-site": "same-site"})
        assert answer.status_code == 403
    answer = client.post("/work/users", json={"login": "new"}, headers={"cookie": cookie})
    assert answer.status_code == 415


def test_every_page_that_is_shown_is_recorded_once(
    context: Context, app: Litestar, client: TestClient[Litestar]
) -> None:
    token = session(context, "viewer", StaffRole.ADMIN)
    actor = actor_of_staff_session(context, token)
    assert actor is not None

    def rows() -> int:
        with context.database.read() as tx:
            return int(
                tx.scalar(
                    select(func.count()).where(
                        audit_event.c.actor_id == actor.id, audit_event.c.verb.startswith("view_")
                    )
                )
                or 0
            )

    shown = 0
    for method, path, opt in staff_routes(app):
        if method != "GET" or "{" in path or path.startswith("/work/enter"):
            continue
        if opt["duty"] is not None and not may(actor, opt["duty"]):
            continue
        answer = client.get(path, headers={"cookie": f"haechi_work={token}"})
        assert answer.status_code == 200, path
        shown += 1
        assert rows() == shown, path
    assert shown >= 6


def test_an_answer_of_the_console_is_kept_nowhere(
    context: Context, client: TestClient[Litestar]
) -> None:
    cookie = f"haechi_work={session(context, 'kept', StaffRole.LEAD)}"
    answer = client.get("/work", headers={"cookie": cookie})
    assert answer.headers["cache-control"] == "no-store"
    assert "img-src 'self'" in answer.headers["content-security-policy"]
    assert answer.text.count("<img") == 1, "the sign of the house and no other picture"


def test_https_marks_the_cookie(context: Context) -> None:
    settings = load_settings({}, public_url="https://haechi.example")
    assert settings.staff_cookie("x")["secure"] is True
    assert settings.staff_cookie("x")["httponly"] is True
    assert settings.staff_cookie("x")["path"] == "/work"
    assert settings.staff_cookie("")["max_age"] == 0
