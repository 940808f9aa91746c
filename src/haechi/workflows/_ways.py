# SPDX-License-Identifier: Apache-2.0
"""Where a person can turn. Open to everybody; nothing is stored, so there is no row to write."""

from __future__ import annotations

from datetime import date

from haechi import guidance
from haechi.guidance import Contact, Country, Route, Situation
from haechi.values import utc_now


def find_ways(situation: Situation, *, today: date | None = None) -> tuple[Route, ...]:
    """A short ranked list, each way with its reason; `today` (UTC) says how old a reading may be."""
    return guidance.routes_for(situation, today=today or utc_now().date())


def country_facts(code: str) -> Country:
    """The law facts of a country; for a code we do not know, what holds anywhere."""
    return guidance.country_named(code)


def list_countries() -> tuple[Country, ...]:
    """Every country with facts of its own, and last what holds anywhere."""
    return guidance.countries()


def contact_named(contact_id: str) -> Contact:
    """The contact of that id.

    Raises:
        NotFound: there is none.
    """
    return guidance.contact_named(contact_id)


def contacts_in(country: str) -> tuple[Contact, ...]:
    """The contacts of one country code, or of everywhere (`*`)."""
    return guidance.contacts_of(country)


def is_checked_lately(verified_on: date | None, *, today: date | None = None) -> bool:
    """Whether a contact or a law fact was read at its source within 90 days."""
    return guidance.is_fresh(verified_on, today=today or utc_now().date())
