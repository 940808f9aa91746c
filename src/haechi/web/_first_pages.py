# SPDX-License-Identifier: Apache-2.0
"""The first screen, the router, and whom to turn to. Open to everybody, and nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.status_codes import HTTP_200_OK

from haechi import workflows
from haechi.web._contact_words import (
    ShownContact,
    ShownFact,
    shown_contact,
    shown_fact,
    shown_right,
)
from haechi.web._forms import Form
from haechi.web._questions import questions, situation_of
from haechi.web._render import Page
from haechi.web._words import Words
from haechi.workflows import (
    ANYWHERE,
    Country,
    Gate,
    Route,
    Situation,
    Who,
)

_KOREA: Final = "KR"
_KOREAN_LINE: Final = "kr-1366"


@dataclass(frozen=True, slots=True)
class ShownWay:
    """One way to turn, with its reason; without a contact it is a case here."""

    reason: str
    contact: ShownContact | None


@get("/", opt={"gate": Gate.OPEN}, sync_to_thread=False)
def first_page(page: NamedDependency[Page]) -> Response[str]:
    """What this is, the ways in, and the router with answers already chosen.

    Who reads Korean is one touch from the Korean line that answers day and night.
    """
    t = page.words
    line = shown_contact(t, workflows.contact_named(_KOREAN_LINE)) if t.language == "ko" else None
    return page.show("first.html", questions=questions(t, {}), line=line)


@get("/ways", opt={"gate": Gate.OPEN}, sync_to_thread=False)
def ask_ways(page: NamedDependency[Page]) -> Response[str]:
    """The router alone, for who reloads its answer or changes the language there."""
    return page.show("ways.html", ways=(), questions=questions(page.words, {}))


@post(
    "/ways",
    opt={"gate": Gate.OPEN, "body": "form"},
    status_code=HTTP_200_OK,
    sync_to_thread=False,
)
def show_ways(page: NamedDependency[Page], form: NamedDependency[Form]) -> Response[str]:
    """The short ranked list for her answers, the law where she is, and the router to answer anew."""
    t = page.words
    asked = questions(t, form)
    situation = situation_of(asked)
    country = workflows.country_facts(situation.country)
    crisis = country.crisis_contact
    return page.show(
        "ways.html",
        ways=[_way(t, route) for route in workflows.find_ways(situation)],
        questions=asked,
        is_other=situation.who is not Who.SELF,
        facts=_facts(t, country, situation),
        may_act=[shown_right(t, one) for one in country.may_act],
        crisis=shown_contact(t, workflows.contact_named(crisis)) if crisis else None,
    )


@get("/contacts", opt={"gate": Gate.OPEN}, sync_to_thread=False)
def list_contacts(page: NamedDependency[Page]) -> Response[str]:
    """Every contact by country, each with its source and the day it was checked."""
    return page.show("contacts.html", groups=list(_groups(page.words)))


HANDLERS: Final = (first_page, ask_ways, show_ways, list_contacts)


def _way(t: Words, route: Route) -> ShownWay:
    contact = None if route.contact is None else shown_contact(t, route.contact)
    return ShownWay(t(route.reason), contact)


def _facts(t: Words, country: Country, situation: Situation) -> list[ShownFact]:
    """The age line, and what holds for merely having such a picture of somebody of that age."""
    of = "child" if country.counts_as_child(situation.ages) else "adult"
    facts = [country.age, *(fact for fact in country.holding if fact.of == of)]
    return [shown_fact(t, fact) for fact in facts]


def _groups(t: Words) -> Iterator[tuple[str, str, list[ShownContact]]]:
    """(code, name, contacts) of each country; first Korea in Korean, else what holds anywhere."""
    for country in sorted(workflows.list_countries(), key=lambda one: _order(t, one)):
        name = t("In every country") if country.code == ANYWHERE else t(country.name)
        shown = [shown_contact(t, contact) for contact in workflows.contacts_in(country.code)]
        yield country.code, name, shown


def _order(t: Words, country: Country) -> tuple[bool, bool, str]:
    first = _KOREA if t.language == "ko" else ANYWHERE
    return country.code != first, country.code == ANYWHERE, t(country.name)
