# SPDX-License-Identifier: Apache-2.0
"""What a person answered to the router."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from haechi.values import AgeFacts


class Place(StrEnum):
    """Where it happened."""

    CHAT = "chat"
    SOCIAL = "social"
    WEBSITE = "website"
    SCHOOL = "school"
    UNKNOWN = "unknown"


class Who(StrEnum):
    """Who asks: the person in the picture, a parent, somebody who stands by, somebody who saw it."""

    SELF = "self"
    CHILD = "child"
    SOMEONE = "someone"
    WITNESS = "witness"


@dataclass(frozen=True, slots=True)
class Situation:
    """The answers; what she left open is unknown, and counts as what protects her more.

    `ages` are of the person in the picture. `has_file` is about the one who asks. `country` is a code of
    `countries`, or any other for what we know of no country in particular.
    """

    place: Place = Place.UNKNOWN
    who: Who = Who.SELF
    ages: AgeFacts = AgeFacts()
    has_file: bool | None = None
    is_threatened: bool = False
    country: str = ""
