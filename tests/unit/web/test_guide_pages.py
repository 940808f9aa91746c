# SPDX-License-Identifier: Apache-2.0
"""The guide: short, in one language at a time, and no number that does not come from the data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from litestar import Litestar, Request, Router
from litestar.di import Provide
from litestar.testing import TestClient

from haechi import workflows
from haechi.errors import NotFound
from haechi.settings import Settings
from haechi.web._guide_pages import GUIDE_PAGES, HANDLERS
from haechi.web._render import Page, environment, page_for
from haechi.web._words import catalogue

LANGUAGES = ("en", "ko")
PATHS = ("/guide", *(f"/guide/{name}" for name in GUIDE_PAGES))
TEMPLATES = [name for name in environment().list_templates() if name.startswith("guide/")]
OTHER_PATHS = {"/", "/ways", "/contacts", "/case/new", "/case/enter"}
LATIN_IN_KOREAN = {"D4U", "Esc", "eSafety"}
MOST_ENGLISH_WORDS = 400
MOST_KOREAN_SYLLABLES = 800
"""What two minutes take at an easy pace: 200 words of English or 400 syllables of Korean a minute."""

each_page = pytest.mark.parametrize("path", PATHS)
in_each_language = pytest.mark.parametrize("language", LANGUAGES)


class Main(HTMLParser):
    """What stands in `main`: headings, addresses, and the text with numbers to call set apart."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.hrefs: list[str] = []
        self.text: list[str] = []
        self.read_at_once: list[str] = []
        self._open: list[str] = []
        self._is_number = False
        self.feed(html.partition('<main id="main">')[2].partition("</main>")[0])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            return
        self._open.append(tag)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        href = dict(attrs).get("href")
        if tag == "a" and href:
            self.hrefs.append(href)
            self._is_number = href.startswith("tel:")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if tag == "a":
            self._is_number = False

    def handle_data(self, data: str) -> None:
        if not self._is_number:
            self.text.append(data)
            if "details" not in self._open:
                self.read_at_once.append(data)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient[Litestar]]:
    """The guide alone, without the rest of the house."""

    def page(request: Request[Any, Any, Any]) -> Page:
        return page_for(request, Settings())

    router = Router(
        path="/",
        dependencies={"page": Provide(page, sync_to_thread=False)},
        route_handlers=[*HANDLERS],
    )
    with TestClient(Litestar([router])) as client:
        yield client


def shown(client: TestClient[Litestar], path: str, language: str) -> Main:
    """The main part of a page."""
    answer = client.get(path, params={"lang": language})
    assert answer.status_code == 200
    assert f'<html lang="{language}"' in answer.text
    return Main(answer.text)


def phones() -> set[str]:
    """Every phone number of the data, digits only."""
    return {
        re.sub(r"\D", "", contact.phone)
        for country in workflows.list_countries()
        for contact in workflows.contacts_in(country.code)
    } - {""}


@in_each_language
@each_page
def test_headings_stand_in_order_under_one_title(
    client: TestClient[Litestar], path: str, language: str
) -> None:
    headings = shown(client, path, language).headings
    assert headings.count(1) == 1
    assert headings[0] == 1
    for above, below in pairwise(headings):
        assert below <= above + 1


@each_page
def test_links_lead_to_pages_that_exist(client: TestClient[Litestar], path: str) -> None:
    hrefs = {href for href in shown(client, path, "en").hrefs if not href.startswith("tel:")}
    assert hrefs <= OTHER_PATHS | set(PATHS)
    assert "/ways" in hrefs, "every page leads on to somebody"


def test_the_guide_leads_to_every_page_of_it(client: TestClient[Litestar]) -> None:
    assert set(PATHS) - {"/guide"} <= set(shown(client, "/guide", "en").hrefs)


@in_each_language
@each_page
def test_numbers_to_call_come_from_the_data(
    client: TestClient[Litestar], path: str, language: str
) -> None:
    main = shown(client, path, language)
    name = path.removeprefix("/guide").removeprefix("/")
    wanted = [workflows.contact_named(contact) for contact in GUIDE_PAGES.get(name, ())]
    dialled = {href.removeprefix("tel:") for href in main.hrefs if href.startswith("tel:")}
    assert dialled == {re.sub(r"\D", "", contact.phone) for contact in wanted}


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_number_to_call_is_typed(template: str) -> None:
    source, *_ = environment().loader.get_source(environment(), template)
    typed = re.sub(r'calls\["[\w-]+"\]', "", source)
    korean = catalogue()["ko"].sentences
    for text in (typed, *(said for message, said in korean.items() if message in typed)):
        written = {re.sub(r"\D", "", number) for number in re.findall(r"\d[\d\- ]*", text)}
        assert written & phones() == set()


@each_page
def test_an_unchecked_number_says_so(
    client: TestClient[Litestar], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    caution = "We have not checked this ourselves lately."
    monkeypatch.setattr(workflows, "is_checked_lately", lambda _: True)
    assert caution not in "".join(shown(client, path, "en").text)
    monkeypatch.setattr(workflows, "is_checked_lately", lambda _: False)
    main = shown(client, path, "en")
    said = "".join(main.text).count(caution)
    calls = sum(href.startswith("tel:") for href in main.hrefs)
    if path == "/guide/acting-for":
        assert said == sum(len(country.may_act) for country in workflows.list_countries())
    else:
        assert said == calls


@each_page
def test_a_page_takes_two_minutes_at_most(client: TestClient[Litestar], path: str) -> None:
    assert len(" ".join(shown(client, path, "en").read_at_once).split()) <= MOST_ENGLISH_WORDS
    korean = " ".join(shown(client, path, "ko").read_at_once)
    assert len(re.findall(r"[가-힣]", korean)) <= MOST_KOREAN_SYLLABLES


@each_page
def test_no_english_is_left_over_in_korean(client: TestClient[Litestar], path: str) -> None:
    korean = " ".join(shown(client, path, "ko").text)
    assert re.search(r"[가-힣]", korean)
    assert set(re.findall(r"[A-Za-z][A-Za-z0-9]+", korean)) <= LATIN_IN_KOREAN


@each_page
def test_the_history_keeps_only_a_neutral_title(client: TestClient[Litestar], path: str) -> None:
    assert "<title>Guide · Haechi</title>" in client.get(path, params={"lang": "en"}).text


@pytest.mark.parametrize("name", ["nothing", "index", "page", "pieces", "..", "now.html"])
def test_another_name_is_not_found(client: TestClient[Litestar], name: str) -> None:
    handler = HANDLERS[1].fn
    with pytest.raises(NotFound):
        handler(page=None, name=name)
