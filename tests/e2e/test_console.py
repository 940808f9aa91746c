# SPDX-License-Identifier: Apache-2.0
"""The console in a real browser: signing in, passkeys, sessions that end, keys, and how it looks to all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from console_visit import (
    PASSWORD,
    add_authenticator,
    invitation,
    sign_in,
    take_up,
    use_app,
)
from litestar.routes import HTTPRoute
from page_look import Look
from page_visit import NARROW, Begin, Visit, watched
from running_server import Server

from haechi.settings import Settings
from haechi.web import create_router

pytestmark = pytest.mark.allow_hosts(["127.0.0.1", "localhost"])

LANGUAGES = pytest.mark.parametrize("language", ["ko", "en"])
Run = Callable[..., Any]

WORK_PAGES = [
    "/work", "/work/me", "/work/me/totp", "/work/users", "/work/audit", "/work/help",
    "/work/banks", "/work/partners", "/work/sources",
]  # fmt: skip
"""Every page that an admin who is signed in may open, and that is always there."""
LOOKED_AT_WITH_ITS_WORK = {
    "/work/review",
    "/work/review/{task_id:str}",
    "/work/banks/{bank_id:str}",
    "/work/banks/{bank_id:str}/contents/{content_id:str}",
    "/work/partners/{partner_id:str}",
    "/work/sources/{name:str}",
}
"""In test_console_work, where there is something to see."""


@pytest.fixture
def visit(site: str, browser: Any) -> Any:
    """On the shared site, by the name that passkeys need."""
    with watched(site.replace("127.0.0.1", "localhost"), browser) as begin:
        yield begin


@pytest.fixture
def invite(run_haechi: Run, server: Server, request: pytest.FixtureRequest) -> Any:
    """Makes invitations for logins that no other test has."""
    count = 0

    def make(role: str = "admin") -> tuple[str, str]:
        nonlocal count
        count += 1
        login = f"{request.node.name[:50].replace('[', '-').rstrip(']')}-{count}"
        return login, invitation(run_haechi, server.data_folder, login, role)

    return make


def test_invited_signed_out_and_in_again(visit: Begin, invite: Any) -> None:
    one = visit()
    login, path = invite()
    take_up(one, path)
    one.open("/work")
    assert one.page.url.endswith("/work/enter"), "a password alone opens nothing"
    one.open("/work/enter/factor")
    secret = use_app(one)
    assert login in one.page.locator("h1").inner_text()
    cookies = {cookie["name"]: cookie for cookie in one.context.cookies()}
    assert cookies["haechi_work"]["httpOnly"]
    assert cookies["haechi_work"]["sameSite"] == "Strict"
    assert cookies["haechi_work"]["path"] == "/work"
    one.page.click('form[action="/work/leave"] button')
    one.page.wait_for_url("**/work/enter")
    one.open("/work/users")
    assert one.page.url.endswith("/work/enter")
    sign_in(one, login, secret)
    one.open(path)
    assert one.page.locator("h1").inner_text() == "That did not work", "used once"


def test_passkeys_alone_sign_in(visit: Begin, invite: Any) -> None:
    one = visit()
    login, path = invite()
    add_authenticator(one)
    take_up(one, path)
    one.page.fill("#name", "office laptop")
    one.page.click("form[data-passkey] button")
    one.page.wait_for_url("**/work")
    assert login in one.page.locator("h1").inner_text()
    for _ in range(2):
        one.page.click('form[action="/work/leave"] button')
        one.page.wait_for_url("**/work/enter")
        one.page.click("form[data-passkey] button")
        one.page.wait_for_url("**/work")
    # A second device; and the first is taken away.
    one.open("/work/me")
    assert "office laptop" in one.page.locator("main").inner_text()
    add_authenticator(one, "usb")
    one.page.fill("#name", "phone")
    one.page.fill("#present-passkey", PASSWORD)
    one.page.click("form[data-passkey] button")
    one.page.get_by_text("phone", exact=False).first.wait_for()
    one.page.locator("main summary").first.click()
    one.page.fill("#present-1", PASSWORD)
    one.page.click("#passkeys ~ ul li:first-child form button")
    one.page.wait_for_load_state()
    assert one.page.locator("#passkeys ~ ul > li").count() == 1


def test_a_user_who_is_not_verified_does_not_get_in(visit: Begin, invite: Any) -> None:
    one = visit()
    _, path = invite()
    set_verified = add_authenticator(one)
    take_up(one, path)
    one.page.click("form[data-passkey] button")
    one.page.wait_for_url("**/work")
    one.page.click('form[action="/work/leave"] button')
    one.page.wait_for_url("**/work/enter")
    set_verified(False)
    one.page.click("form[data-passkey] button")
    one.page.locator("[data-failed]").wait_for()
    # What came once does not come in again, nor what was made for nobody.
    for answer in (
        "",
        "{}",
        "null",
        "[1]",
        '{"id":"x","rawId":"x","response":{},"type":"public-key"}',
    ):
        one.page.evaluate(
            """async (answer) => {
              await fetch("/work/enter/passkey/options", { method: "POST" });
              const form = document.querySelector("form[data-passkey]");
              form.elements.namedItem("answer").value = answer;
              form.submit();
            }""",
            answer,
        )
        one.page.locator("[role=alert] h2").wait_for()
        assert one.page.url.endswith("/work/enter/passkey")
        one.open("/work/enter")


def test_an_admin_invites_changes_and_disables(visit: Begin, invite: Any) -> None:
    one = visit()
    login, path = invite()
    take_up(one, path)
    use_app(one)
    one.open("/work/users")
    one.page.fill("#login", f"{login}-x")
    one.page.select_option("#role", "worker")
    one.page.click('form[action="/work/users"] button')
    link = one.page.locator(".secret").inner_text()
    other = visit()
    take_up(other, "/work/" + link.partition("/work/")[2])
    use_app(other)
    assert other.page.locator('a[href="/work/users"]').count() == 0
    one.open("/work/users")
    row = one.page.locator("tr", has_text=f"{login}-x")
    row.locator("summary").click()
    row.locator("button", has_text="Disable").click()
    one.page.locator("tr", has_text=f"{login}-x").get_by_text("disabled").first.wait_for()
    other.page.reload()
    assert other.page.url.endswith("/work/enter")
    one.open("/work/audit?verb=change_user")
    assert f"{login}-x" in one.page.locator("tbody tr").first.inner_text()
    assert "The chain holds" in one.page.locator("main").inner_text()


def test_everything_is_reached_by_keys(visit: Begin, invite: Any) -> None:
    one = visit()
    _, path = invite()
    take_up(one, path)
    use_app(one)
    page = one.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "skip"
    assert page.locator("#skip").is_visible()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    one.open("/work/help")
    # Which keys a browser adds to the letter is its own matter; each letter leads to one thing.
    letters = [each.get_attribute("accesskey") or "" for each in page.locator("[accesskey]").all()]
    assert len(set(letters)) == len(letters) > 5
    assert sorted(letters) == sorted(page.locator("kbd").all_inner_texts())


@LANGUAGES
def test_its_pages_are_accessible(visit: Begin, invite: Any, language: str) -> None:
    one = visit(language, viewport=NARROW)
    look = Look(one.page, has_exit=False)
    login, path = invite()
    one.open("/work/enter")
    look.at("enter")
    one.page.fill("#login", "wrong")
    one.page.click('form[action="/work/enter"] button')
    one.page.locator("[role=alert] h2").wait_for()
    look.at("wrong sign-in")
    one.open(path)
    look.at("invitation")
    take_up(one, path)
    look.at("factor")
    add_authenticator(one)
    secret = use_app(one)
    one.open("/work/me")
    one.page.fill("#present-passkey", PASSWORD)
    one.page.click("form[data-passkey] button")
    one.page.locator("form[action$=remove]").first.wait_for(state="attached")
    _more_users(one, login)
    for work_page in WORK_PAGES:
        one.open(work_page)
        for summary in one.page.locator("main summary").all():
            summary.click()
        look.at(work_page)
    one.open("/work/nothing")
    look.at("nothing")
    one.page.goto(one.site + "/work/me")
    one.page.click('form[action="/work/leave"] button')
    one.open("/work/enter")
    one.page.fill("#login", login)
    one.page.fill("#password", PASSWORD)
    one.page.click('form[action="/work/enter"] button')
    one.page.fill("#code", "000000")
    one.page.click("main form button")
    one.page.locator("[role=alert] h2").wait_for()
    look.at("wrong code")
    assert secret


def _more_users(one: Visit, login: str) -> None:
    one.open("/work/users")
    one.page.fill("#login", f"{login}-more")
    one.page.click('form[action="/work/users"] button')
    one.page.locator(".secret").wait_for()
    Look(one.page, has_exit=False).at("invited")


def test_every_page_of_the_console_is_looked_at() -> None:
    paths = {
        route.path
        for route in create_router(Settings()).routes
        if isinstance(route, HTTPRoute)
        and "GET" in route.methods
        and f"{route.path}/".startswith("/work/")
    }
    by_the_way = {
        "/work/enter",
        "/work/enter/code",
        "/work/enter/factor",
        "/work/invitation/{token:str}",
    }
    assert paths - by_the_way - LOOKED_AT_WITH_ITS_WORK == set(WORK_PAGES)
