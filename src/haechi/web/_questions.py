# SPDX-License-Identifier: Apache-2.0
"""The router's questions, each with an answer already chosen, and the answers as they come back.

Answers travel in the body of a form and are kept nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from haechi import workflows
from haechi.web._forms import ages_of
from haechi.web._words import Words
from haechi.workflows import ANYWHERE, Place, Situation, Who

_UNKNOWN: Final = "unknown"
_FILES: Final = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Question:
    """One question as a list to choose from: `options` are (value, words) each, `chosen` a value."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    chosen: str


def questions(t: Words, form: Mapping[str, str]) -> tuple[Question, ...]:
    """The six questions in this language, each with her answer.

    An answer that is missing or not one of ours gives way to the one chosen beforehand, which for most
    questions is that it is not known.
    """
    asked = (_place(t), _who(t), _age(t), _file(t), _threatened(t), _country(t))
    return tuple(_answered(question, form.get(question.name, "")) for question in asked)


def situation_of(asked: Sequence[Question]) -> Situation:
    """The situation that the chosen answers describe: what is shown is what counts."""
    chosen = {question.name: question.chosen for question in asked}
    return Situation(
        place=Place(chosen["place"]),
        who=Who(chosen["who"]),
        ages=ages_of(chosen),
        has_file=_FILES.get(chosen["file"]),
        is_threatened=chosen["threatened"] == "yes",
        country=chosen["country"],
    )


def _answered(question: Question, answer: str) -> Question:
    if answer not in dict(question.options):
        return question
    return Question(question.name, question.label, question.options, answer)


def _place(t: Words) -> Question:
    options = (
        (Place.UNKNOWN.value, t("I don't know, or somewhere else")),
        (Place.CHAT.value, t("In a chat or a closed room")),
        (Place.SOCIAL.value, t("On social media")),
        (Place.WEBSITE.value, t("On a website")),
        (Place.SCHOOL.value, t("At school, or among classmates")),
    )
    return Question("place", t("Where did it happen?"), options, Place.UNKNOWN.value)


def _who(t: Words) -> Question:
    options = (
        (Who.SELF.value, t("Yes, it is about me")),
        (Who.CHILD.value, t("It is about my child")),
        (Who.SOMEONE.value, t("It is about someone I want to help")),
        (Who.WITNESS.value, t("I saw it, or heard of it")),
    )
    return Question("who", t("Is it about you?"), options, Who.SELF.value)


def _age(t: Words) -> Question:
    options = (
        (_UNKNOWN, t("I don't know, or would rather not say")),
        ("under_18", t("Under 18")),
        ("eighteen", t("18")),
        ("adult", t("19 or over")),
    )
    label = t("How old was the person in it, when it was taken or made?")
    return Question("age", label, options, _UNKNOWN)


def _file(t: Words) -> Question:
    options = (
        (_UNKNOWN, t("I am not sure")),
        ("no", t("No")),
        ("yes", t("Yes, I have it already")),
    )
    return Question("file", t("Do you have the file?"), options, _UNKNOWN)


def _threatened(t: Words) -> Question:
    options = (("no", t("No")), ("yes", t("Yes")))
    label = t("Is someone threatening you with it, or asking for something?")
    return Question("threatened", label, options, "no")


def _country(t: Words) -> Question:
    options = tuple((country.code, t(country.name)) for country in workflows.list_countries())
    chosen = "KR" if t.language == "ko" else ANYWHERE
    return Question("country", t("Which country are you in?"), options, chosen)
