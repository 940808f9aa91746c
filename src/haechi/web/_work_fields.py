# SPDX-License-Identifier: Apache-2.0
"""Fields of the console's forms: numbers, choices, and what is wrong with which of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from litestar.status_codes import HTTP_200_OK

from haechi.errors import HaechiError, MalformedField
from haechi.web._forms import Form
from haechi.web._words import Words

MOST_DIGITS: Final = 9
"""Longer numbers are no numbers of ours, and none of the database's."""

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, in the reader's words, and with which field; both are empty if nothing is."""

    sentence: str = ""
    field: str = ""
    status_code: int = HTTP_200_OK


NO_PROBLEM = Problem()


def problem_of(t: Words, error: HaechiError) -> Problem:
    """What an error says, and of which field."""
    field = (error.field or "") if isinstance(error, MalformedField) else ""
    return Problem(t.sentence(error), field, error.http_status)


def whole_number(t: Words, form: Form, name: str) -> int:
    """The number that a field holds.

    Raises:
        MalformedField: it holds none.
    """
    typed = form.get(name, "")
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= MOST_DIGITS):
        raise MalformedField(field=name, reason=t("Write a whole number here."))
    return int(typed)


def number_or_none(t: Words, form: Form, name: str) -> int | None:
    """The number that a field holds; None if it is left empty.

    Raises:
        MalformedField: it holds something else.
    """
    return whole_number(t, form, name) if form.get(name, "") else None


def choice_of(t: Words, form: Form, name: str, kind: type[Choice]) -> Choice:
    """What was chosen from a list.

    Raises:
        MalformedField: nothing that the list offers.
    """
    try:
        return kind(form.get(name, ""))
    except ValueError as error:
        raise MalformedField(field=name, reason=t("Choose one from the list.")) from error


def is_ticked(form: Form, name: str) -> bool:
    """Whether a box was ticked."""
    return form.get(name, "") == "yes"


def require_sure(t: Words, form: Form) -> None:
    """Let pass who ticked the box of a step that cannot be taken back.

    Raises:
        MalformedField: it was not ticked.
    """
    if not is_ticked(form, "sure"):
        raise MalformedField(
            field="sure", reason=t("Tick the box first: this cannot be taken back.")
        )
