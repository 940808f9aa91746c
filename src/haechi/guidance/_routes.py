# SPDX-License-Identifier: Apache-2.0
"""The router: a short ranked list of where to turn, each with the reason why it is on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

from haechi.guidance._contacts import Contact, contact_named, is_fresh, read_data
from haechi.guidance._countries import country_named
from haechi.guidance._situation import Situation

MOST_ROUTES: Final = 5

_CASE: Final = "case"
_CONDITIONS: Final = frozenset(
    {"country", "place", "who", "threatened", "file", "under_18", "minor"}
)


@dataclass(frozen=True, slots=True)
class Route:
    """One way to turn. `contact` is None for a case opened here, which needs no checking.

    `reason` is an English message. `is_checked`: somebody of ours read the contact at its source, on
    `checked_on`, within the last 90 days.
    """

    contact: Contact | None
    reason: str
    is_checked: bool
    checked_on: date | None


@dataclass(frozen=True, slots=True)
class _Rule:
    id: str
    contact: str
    weight: int
    when: dict[str, list[Any]]
    reason: str
    is_kept: bool = False


def routes_for(situation: Situation, *, today: date) -> tuple[Route, ...]:
    """Where this person can turn, first things first; at most five, and a case here always among them.

    Whoever is threatened reads of the police or a crisis line first. A service that takes fingerprints
    of files is named only to the person in the picture who has the file, and by the age when it was
    taken: unknown counts as under age. It does not check that anybody answers the phone.
    """
    facts = _facts(situation)
    found: dict[str, _Rule] = {}
    for rule in sorted(_all_rules(), key=lambda rule: -rule.weight):
        if rule.contact not in found and _holds(rule, facts):
            found[rule.contact] = rule
    return tuple(_route(rule, today) for rule in _shortened(list(found.values())))


def _facts(situation: Situation) -> dict[str, Any]:
    """The answers as the rules name them."""
    country = country_named(situation.country)
    return {
        "country": country.code,
        "place": situation.place.value,
        "who": situation.who.value,
        "threatened": situation.is_threatened,
        "file": _word(situation.has_file),
        "under_18": _word(situation.ages.under_18_when_taken),
        "minor": country.counts_as_child(situation.ages),
    }


def _word(answer: bool | None) -> str:  # noqa: FBT001  # an answer, not a switch
    return "unknown" if answer is None else "yes" if answer else "no"


def _holds(rule: _Rule, facts: dict[str, Any]) -> bool:
    return all(facts[name] in accepted for name, accepted in rule.when.items())


def _shortened(ranked: list[_Rule]) -> list[_Rule]:
    """The ranked rules, the lightest that need not stay left out until five are left."""
    for rule in reversed(ranked.copy()):
        if len(ranked) > MOST_ROUTES and not rule.is_kept:
            ranked.remove(rule)
    return ranked


def _route(rule: _Rule, today: date) -> Route:
    if rule.contact == _CASE:
        return Route(None, rule.reason, is_checked=True, checked_on=None)
    contact = contact_named(rule.contact)
    return Route(
        contact,
        rule.reason,
        is_checked=is_fresh(contact.verified_on, today=today),
        checked_on=contact.verified_on,
    )


@lru_cache
def _all_rules() -> tuple[_Rule, ...]:
    rules = tuple(_Rule(**row) for row in read_data("routes.toml")["route"])
    for rule in rules:
        if not rule.when.keys() <= _CONDITIONS:
            raise ValueError(f"the rule {rule.id} asks for what nobody answers")
    return rules
