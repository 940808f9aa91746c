# SPDX-License-Identifier: Apache-2.0
"""WCAG 2.2 AA by axe on every page: both languages, both themes, 320 pixels and a desktop, large text.

Which pages there are is read from the router, so that a new one cannot be left out.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from litestar.routes import HTTPRoute
from page_look import Look
from page_visit import ASTRONAUT, COFFEE, NARROW, Begin, Visit

from haechi.settings import Settings
from haechi.web import create_router
from haechi.web._guide_pages import GUIDE_PAGES

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

LANGUAGES = pytest.mark.parametrize("language", ["ko", "en"])
OPEN_PAGES = [
    "/", "/ways", "/contacts", "/case/new", "/case/enter", "/case/recover", "/appeal", "/design",
    "/nothing",
]  # fmt: skip
GUIDES = ["/guide", *(f"/guide/{name}" for name in GUIDE_PAGES)]
CASE_PAGES = ["/case", "/case/add", "/case/wishes", "/case/keys", "/case/erase"]
SEEN_OTHERWISE = {
    "/guide/{name:str}",
    "/case/items/{item_id:str}",
    "/case/receipts/{name:str}",
}
"""By their names, by the link on the case page; and a file."""


def _look(visit: Visit) -> Look:
    return Look(visit.page)


def test_every_page_of_the_router_is_looked_at() -> None:
    """Here, or, of the console, in test_console."""
    paths = {
        route.path
        for route in create_router(Settings()).routes
        if isinstance(route, HTTPRoute)
        and "GET" in route.methods
        and not f"{route.path}/".startswith("/work/")
    }
    parameters = {path for path in paths if "{" in path}
    assert len(parameters) == len(SEEN_OTHERWISE), parameters
    assert paths - parameters == {*OPEN_PAGES, *GUIDES[:1], *CASE_PAGES} - {"/nothing"}


@LANGUAGES
@pytest.mark.parametrize(
    "paths", [OPEN_PAGES, GUIDES[:7], GUIDES[7:]], ids=["open", "guide", "guide2"]
)
def test_open_pages(visit: Begin, language: str, paths: list[str]) -> None:
    one = visit(language, viewport=NARROW)
    for path in paths:
        one.open(path)
        for summary in one.page.locator("main summary").all():
            summary.click()
        _look(one).at(path)


@LANGUAGES
def test_the_form_in_its_states(visit: Begin, language: str) -> None:
    one = visit(language, viewport=NARROW)
    look = _look(one)
    one.open("/")
    one.page.locator('form[action="/ways"] button').click()
    look.at("ranked ways")
    one.open("/case/new")
    one.choose(ASTRONAUT, COFFEE)
    one.page.check('input[name="age"][value="adult"]')
    one.page.locator('input[aria-describedby="regions-hint"]').first.check()
    one.page.check('input[name="share"][value="some"]')
    look.at("some kinds")
    one.page.fill("#url", "nothing")
    one.send()
    one.page.locator("[role=alert]").wait_for()
    look.at("problem")
    one.page.fill("#url", "https://example.com/" + "long" * 60)
    one.send()
    one.shown_keys()
    one.page.locator("summary").first.click()
    look.at("opened")


@LANGUAGES
def test_her_case(visit: Begin, language: str, run_haechi: Callable[..., Any], server: Any) -> None:
    one = visit(language, viewport=NARROW)
    look = _look(one)
    number, passphrase = one.open_case(ASTRONAUT, COFFEE, url="https://example.com/" + "long" * 60)
    _tell_everything(run_haechi, server, number)
    for path in CASE_PAGES:
        one.open(path)
        for summary in one.page.locator("main summary").all():
            summary.click()
        look.at(path)
    one.open("/case")
    one.page.locator('a[href^="/case/items/"]').first.click()
    look.at("item")
    for button in ("codes", "split"):
        one.open("/case/keys")
        one.page.fill("#passphrase", passphrase)
        one.page.locator(f'button[formaction$="{button}"]').click()
        look.at(button)
    one.open("/case/keys")
    one.page.fill("#passphrase", "wrong")
    one.page.locator('button[formaction$="codes"]').click()
    look.at("wrong present passphrase")
    one.open("/case")
    one.page.locator("summary").first.click()
    one.page.locator("form[action*=withdraw] button").first.click()
    one.page.locator(".badge:not(.on)").first.wait_for()
    look.at("withdrawn")
    one.enter("", "")
    look.at("wrong passphrase")
    one.enter(number, passphrase)
    one.open("/case/erase")
    one.page.locator('form[action="/case/erase"] button').click()
    one.page.locator("#receipt").wait_for(state="attached")
    look.at("erased")


def _tell_everything(run_haechi: Callable[..., Any], server: Any, number: str) -> None:
    """A notice, sent and received, and every outcome that a look can have."""
    settings = {"HAECHI_CENTRE_NAME": "Example Centre", "HAECHI_CENTRE_CONTACT": "a@b.example"}

    def run(*arguments: str) -> str:
        done = run_haechi(*arguments, "--data-folder", server.data_folder, "--json", **settings)
        assert done.returncode == 0, done.stderr
        return str(done.stdout)

    run("notice", "draft", number, "--service", "Example", "--good-faith", "--authorised")
    for outcome in ("up", "refused", "no_answer", "deindexed", "removed", "reappeared"):
        run("case", "check", number, "--outcome", outcome)
    run("case", "check", number, "--outcome", "blocked_in", "--country", "KR")
    assert os.environ.get("HAECHI_CENTRE_NAME") is None
