# SPDX-License-Identifier: Apache-2.0
"""The guide: short pages for her, and for those around her. Open to everybody; nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from haechi import workflows
from haechi.errors import NotFound
from haechi.web._contact_words import ShownFact, shown_contact, shown_right
from haechi.web._render import Page
from haechi.web._words import Words
from haechi.workflows import Gate

GUIDE_PAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "now": ("kr-police-112", "kr-109", "kr-1366", "kr-d4u"),
    "parent": ("kr-police-112", "kr-109", "kr-1366", "kr-d4u"),
    "teacher": ("kr-117", "kr-1366"),
    "school": ("kr-d4u", "kr-117"),
    "someone-else": (),
    "acting-for": (),
    "lists": (),
    "talk": (),
    "safety": (),
    "evidence": (),
    "photos": (),
}
"""Every page of the guide by its name in the address, with the contacts whose numbers it shows."""

_FIRST_COUNTRY: Final = "KR"


@dataclass(frozen=True, slots=True)
class ActingCountry:
    """Who may act for somebody by the law of one country."""

    name: str
    people: tuple[ShownFact, ...]


@get("/guide", opt={"gate": Gate.OPEN}, sync_to_thread=False)
def guide_index(page: NamedDependency[Page]) -> Response[str]:
    """For whom there is a guide, and on what."""
    return page.show("guide/index.html")


@get("/guide/{name:str}", opt={"gate": Gate.OPEN}, sync_to_thread=False)
def guide_page(page: NamedDependency[Page], name: FromPath[str]) -> Response[str]:
    """One page of the guide."""
    if name not in GUIDE_PAGES:
        raise NotFound
    calls = {
        contact_id: shown_contact(page.words, workflows.contact_named(contact_id))
        for contact_id in GUIDE_PAGES[name]
    }
    acting = _acting_countries(page.words) if name == "acting-for" else []
    return page.show(f"guide/{name}.html", calls=calls, acting=acting)


HANDLERS: Final = (guide_index, guide_page)
"""What the router of the pages takes from here."""


def _acting_countries(t: Words) -> list[ActingCountry]:
    """Korea first, because its rules take a page; then the others in the order of the data."""
    countries = sorted(workflows.list_countries(), key=lambda one: one.code != _FIRST_COUNTRY)
    return [
        ActingCountry(
            name=t(country.name),
            people=tuple(shown_right(t, one) for one in country.may_act),
        )
        for country in countries
    ]
