# SPDX-License-Identifier: Apache-2.0
"""Law facts by country, read from the data file beside this module."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

from haechi.guidance._contacts import read_data
from haechi.values import AgeFacts

ANYWHERE: Final = "*"
"""The code of what we know of no country in particular."""

_KOREAN_CHILD_UNDER: Final = 19


@dataclass(frozen=True, slots=True)
class LawFact:
    """One sentence of law, its statute, and where and when it was read (None: not by us)."""

    says: str
    statute: str = ""
    source_url: str = ""
    verified_on: date | None = None
    of: str = ""
    is_crime: bool | None = None


@dataclass(frozen=True, slots=True)
class MayAct:
    """Who may ask for a picture to be taken down, and the proof that is needed."""

    who: str
    proof: str
    statute: str = ""
    source_url: str = ""
    verified_on: date | None = None


@dataclass(frozen=True, slots=True)
class Country:
    """What we know of one country's law. `name`, `says`, `who` and `proof` are English messages.

    `holding` are the facts on merely having or opening such a picture: `of` says of a `child` or an
    `adult`, `is_crime` whether it is one. `members` are the countries that a union stands for.
    """

    code: str
    name: str
    child_under: int
    age: LawFact
    holding: tuple[LawFact, ...]
    may_act: tuple[MayAct, ...]
    crisis_contact: str = ""
    members: tuple[str, ...] = ()

    def counts_as_child(self, ages: AgeFacts) -> bool:
        """Whether its law may see a child in the picture; what is not known counts as yes."""
        if self.child_under == _KOREAN_CHILD_UNDER:
            return not ages.is_adult
        return ages.under_18_when_taken is not False


def countries() -> tuple[Country, ...]:
    """Every country with facts of its own, and last what holds anywhere."""
    return tuple(_all_countries().values())


def country_named(code: str) -> Country:
    """The facts for a country code, for a member those of its union; for any other, what holds anywhere."""
    known = _all_countries()
    if code in known:
        return known[code]
    return next((one for one in known.values() if code in one.members), known[ANYWHERE])


@lru_cache
def _all_countries() -> dict[str, Country]:
    return {row["code"]: _country(row) for row in read_data("countries.toml")["country"]}


def _country(row: dict[str, Any]) -> Country:
    facts = {
        "age": LawFact(**row["age"]),
        "holding": tuple(LawFact(**fact) for fact in row["holding"]),
        "may_act": tuple(MayAct(**one) for one in row["may_act"]),
        "members": tuple(row.get("members", ())),
    }
    return Country(**{**row, **facts})
