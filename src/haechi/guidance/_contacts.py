# SPDX-License-Identifier: Apache-2.0
"""Phone numbers and links, read from the data file beside this module."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from haechi.errors import NotFound

FRESH_FOR: Final = timedelta(days=90)
"""How long a day of reading counts; after it the page warns."""


class ContactKind(StrEnum):
    """What a contact does."""

    POLICE = "police"
    HELPLINE = "helpline"
    SUPPORT = "support"
    REGULATOR = "regulator"
    HASH_SERVICE = "hash_service"
    LEGAL_AID = "legal_aid"


class Audience(StrEnum):
    """Whom a contact takes."""

    ALL = "all"
    MINORS = "minors"
    ADULTS = "adults"


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to turn to; all of it comes from the data file.

    `name`, `hours`, `how` and `serves` are English messages, to be said in the reader's language. `phone`
    and `url` may both be empty: then the name says it all. `country` is a code, or `*` for everywhere.
    `verified_on` is None when nobody of ours has read it at its source.
    """

    id: str
    name: str
    kind: ContactKind
    country: str
    serves: str
    audience: Audience
    phone: str = ""
    url: str = ""
    how: str = ""
    hours: str = ""
    is_day_and_night: bool = False
    source_url: str = ""
    verified_on: date | None = None


def is_fresh(verified_on: date | None, *, today: date) -> bool:
    """Whether something was read at its source within 90 days before today; a coming day is no reading."""
    return verified_on is not None and timedelta(0) <= today - verified_on <= FRESH_FOR


def contact_named(contact_id: str) -> Contact:
    """The contact of that id, such as `kr-1366`.

    Raises:
        NotFound: there is none.
    """
    contact = _all_contacts().get(contact_id)
    if contact is None:
        raise NotFound
    return contact


def contacts_of(country: str) -> tuple[Contact, ...]:
    """The contacts of one country code, or of everywhere (`*`), in the order of the data."""
    return tuple(contact for contact in _all_contacts().values() if contact.country == country)


@lru_cache
def _all_contacts() -> dict[str, Contact]:
    contacts: dict[str, Contact] = {}
    for row in read_data("contacts.toml")["contact"]:
        contact = Contact(
            **{**row, "kind": ContactKind(row["kind"]), "audience": Audience(row["audience"])}
        )
        if contact.id in contacts:
            raise ValueError(f"two contacts are called {contact.id}")
        contacts[contact.id] = contact
    return contacts


def read_data(name: str) -> dict[str, Any]:
    """A data file of this room."""
    return tomllib.loads(files("haechi.guidance").joinpath(name).read_text(encoding="utf-8"))
