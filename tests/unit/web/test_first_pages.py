# SPDX-License-Identifier: Apache-2.0
"""The first screen and the router: every answer is understood, and nothing sent to it is an error."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar, Request, Router
from litestar.di import Provide
from litestar.testing import TestClient

from haechi.settings import Settings
from haechi.values import AgeFacts
from haechi.web._first_pages import HANDLERS
from haechi.web._forms import read_form
from haechi.web._questions import questions, situation_of
from haechi.web._render import Page, page_for
from haechi.web._words import catalogue
from haechi.workflows import ANYWHERE, Place, Situation, Who, list_countries

ENGLISH, KOREAN = catalogue()["en"], catalogue()["ko"]
NAMES = [question.name for question in questions(ENGLISH, {})]
URLENCODED = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient[Litestar]]:
    """The pages alone, without a database: they need none."""
    settings = Settings(data_folder=Path(tmp_path_factory.mktemp("data")))

    def page(request: Request) -> Page:  # type: ignore[type-arg]
        return page_for(request, settings)

    router = Router(
        "/",
        route_handlers=list(HANDLERS),
        dependencies={"page": Provide(page, sync_to_thread=False), "form": Provide(read_form)},
    )
    with TestClient(Litestar([router], logging_config=None, openapi_config=None)) as client:
        yield client


def test_pressing_the_button_at_once_is_an_answer() -> None:
    assert situation_of(questions(ENGLISH, {})) == Situation(country=ANYWHERE)
    assert situation_of(questions(KOREAN, {})) == Situation(country="KR")


def test_every_answer_that_can_be_chosen_is_understood() -> None:
    asked = questions(ENGLISH, {})
    values = {question.name: [value for value, _ in question.options] for question in asked}
    assert set(values["place"]) == set(Place)
    assert set(values["who"]) == set(Who)
    assert set(values["country"]) == {country.code for country in list_countries()}
    understood = {
        situation_of(questions(ENGLISH, dict(zip(values, answers, strict=True))))
        for answers in product(*values.values())
    }
    ages = {one.ages for one in understood}
    assert ages == {AgeFacts(True, True), AgeFacts(False, True), AgeFacts(False, False), AgeFacts()}
    assert len(understood) == len(list(product(*values.values())))


@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=20)))
def test_any_other_answer_gives_way_to_the_one_chosen_beforehand(form: dict[str, str]) -> None:
    beforehand = questions(KOREAN, {})
    for question, before in zip(questions(KOREAN, form), beforehand, strict=True):
        answer = form.get(question.name, "")
        offered = dict(question.options)
        assert question.chosen == (answer if answer in offered else before.chosen)
    situation_of(questions(KOREAN, form))


@pytest.mark.parametrize(
    "body",
    [
        "",
        "place=school&who=self&age=under_18&file=yes&threatened=yes&country=KR",
        "place=%00&who=%ff%fe&age=-1&file=maybe&threatened=&country=" + quote("\U0001f642\u202e"),
        urlencode(dict.fromkeys(NAMES, "x" * 500)),
        "place=chat&place=school&else=1",
    ],
)
def test_the_answer_is_a_list_with_a_case_in_it(client: TestClient[Litestar], body: str) -> None:
    answer = client.post("/ways", content=body, headers={**URLENCODED, "accept-language": "ko"})
    assert answer.status_code == 200
    assert answer.text.count('class="route card"') in range(1, 6)
    assert 'href="/case/new"' in answer.text
    assert 'href="tel:1366"' in answer.text
    assert "set-cookie" not in answer.headers


def test_the_answers_are_shown_again_to_be_changed(client: TestClient[Litestar]) -> None:
    sent = {"place": "school", "age": "under_18", "threatened": "yes", "country": "AU"}
    text = client.post("/ways", content=urlencode(sent), headers=URLENCODED).text
    for value in sent.values():
        assert f'<option value="{value}" selected>' in text


def test_reloading_the_answer_asks_again(client: TestClient[Litestar]) -> None:
    text = client.get("/ways").text
    assert '<form method="post" action="/ways"' in text
    assert 'class="route card"' not in text


@pytest.mark.parametrize("language", ["ko", "en"])
def test_links_outside_tell_nobody_where_they_were_found(
    client: TestClient[Litestar], language: str
) -> None:
    text = client.get("/contacts", headers={"accept-language": language}).text
    for link in text.split("<a ")[1:]:
        tag = link.partition(">")[0]
        if 'href="https://' in tag and 'id="exit"' not in tag:
            assert 'rel="noreferrer noopener"' in tag
            assert "target=" not in tag


def test_korea_comes_first_in_korean(client: TestClient[Litestar]) -> None:
    for language, is_first in (("ko", True), ("en", False)):
        text = client.get("/contacts", headers={"accept-language": language}).text
        assert (text.index("tel:1366") == text.index("tel:")) is is_first


def test_the_korean_first_page_is_one_touch_from_a_line_that_answers(
    client: TestClient[Litestar],
) -> None:
    assert 'href="tel:1366"' in client.get("/", headers={"accept-language": "ko"}).text
    assert "tel:" not in client.get("/", headers={"accept-language": "en"}).text
