# SPDX-License-Identifier: Apache-2.0
"""Where a person can turn: contacts, law facts by country, and which of them come first for whom.

All of it is data in the files beside this room, each line with its source and the day it was last read
there. What nobody read, or read longer than 90 days ago, says so. Pure: nothing is kept of the answers.
"""

from haechi.guidance._contacts import (
    Audience,
    Contact,
    ContactKind,
    contact_named,
    contacts_of,
    is_fresh,
)
from haechi.guidance._countries import ANYWHERE, Country, LawFact, MayAct, countries, country_named
from haechi.guidance._routes import MOST_ROUTES, Route, routes_for
from haechi.guidance._situation import Place, Situation, Who

__all__ = [
    "ANYWHERE",
    "MOST_ROUTES",
    "Audience",
    "Contact",
    "ContactKind",
    "Country",
    "LawFact",
    "MayAct",
    "Place",
    "Route",
    "Situation",
    "Who",
    "contact_named",
    "contacts_of",
    "countries",
    "country_named",
    "is_fresh",
    "routes_for",
]
