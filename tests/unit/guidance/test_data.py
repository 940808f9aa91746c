# SPDX-License-Identifier: Apache-2.0
"""The data files: complete, sourced, and never more sure than somebody was."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from haechi import guidance
from haechi.errors import NotFound
from haechi.guidance import ANYWHERE, contact_named, contacts_of, countries, country_named
from haechi.guidance._contacts import _all_contacts, read_data
from haechi.guidance._routes import _all_rules

KOREAN = Path(guidance.__file__).parents[1] / "web" / "locale" / "ko" / "LC_MESSAGES" / "haechi.po"
CONTACTS = _all_contacts().values()
COUNTRIES = countries()
LAW = [
    *(country.age for country in COUNTRIES),
    *(fact for country in COUNTRIES for fact in country.holding),
    *(one for country in COUNTRIES for one in country.may_act),
]
NEVER_ASKED = re.compile(
    r"\b(screenshot|download|forward|look for|save (it|the)|pass it on)", re.IGNORECASE
)


def messages() -> set[str]:
    """Every sentence of the data that a page says."""
    said = {rule.reason for rule in _all_rules()}
    for contact in CONTACTS:
        said |= {contact.name, contact.serves, contact.how, contact.hours}
    for country in COUNTRIES:
        said |= {country.name, country.age.says, *(fact.says for fact in country.holding)}
        for one in country.may_act:
            said |= {one.who, one.proof}
    return said - {""}


def in_korean() -> dict[str, str]:
    """The Korean catalogue of the pages."""
    with KOREAN.open("rb") as file:
        return {str(entry.id): str(entry.string) for entry in read_po(file) if entry.string}


def test_every_contact_is_sourced_or_said_to_be_unchecked() -> None:
    for contact in CONTACTS:
        assert not contact.source_url or contact.source_url.startswith("https://"), contact.id
        if contact.verified_on is not None:
            assert isinstance(contact.verified_on, date), contact.id
            assert contact.source_url, contact.id


def test_every_fact_of_law_is_sourced_or_said_to_be_unchecked() -> None:
    for fact in LAW:
        assert not fact.source_url or fact.source_url.startswith("https://"), fact
        if fact.verified_on is not None:
            assert isinstance(fact.verified_on, date), fact
            assert fact.source_url, fact
            assert fact.statute, fact


def test_only_what_was_read_on_that_day_claims_it() -> None:
    read = {contact.id for contact in CONTACTS if contact.verified_on}
    assert read == {"kr-1366", "kr-d4u", "au-esafety", "stopncii", "take-it-down"}


def test_contacts_can_be_reached() -> None:
    for contact in CONTACTS:
        assert contact.phone or contact.url or contact.id == "local-police", contact.id
        assert re.fullmatch(r"[0-9 -]*", contact.phone), contact.id
        assert not contact.url or contact.url.startswith("https://"), contact.id
        assert not contact.is_day_and_night or contact.hours.startswith("Day and night"), contact.id


def test_the_central_korean_line_is_the_right_one() -> None:
    """A newspaper printed 88 for 89."""
    assert contact_named("kr-d4u").phone == "02-735-8994"


def test_no_name_is_given_twice() -> None:
    rows = [row["id"] for row in read_data("contacts.toml")["contact"]]
    assert len(rows) == len(set(rows)) == len(CONTACTS)
    rules = [rule.id for rule in _all_rules()]
    assert len(rules) == len(set(rules))
    codes = [row["code"] for row in read_data("countries.toml")["country"]]
    assert len(codes) == len(set(codes)) == len(COUNTRIES)


def test_every_rule_names_a_contact_and_a_country_that_exist() -> None:
    codes = {country.code for country in COUNTRIES}
    for rule in _all_rules():
        assert rule.contact == "case" or contact_named(rule.contact), rule.id
        assert set(rule.when.get("country", ())) <= codes, rule.id
        assert all(rule.when.values()), rule.id


def test_an_unknown_contact_is_not_found() -> None:
    with pytest.raises(NotFound):
        contact_named("nobody")


def test_every_contact_has_a_country_of_ours_and_every_country_its_contacts() -> None:
    listed = [contact for country in COUNTRIES for contact in contacts_of(country.code)]
    assert sorted(contact.id for contact in listed) == sorted(contact.id for contact in CONTACTS)
    for country in COUNTRIES:
        assert contacts_of(country.code), country.code
        if country.crisis_contact:
            crisis = contact_named(country.crisis_contact)
            assert (crisis.country, crisis.is_day_and_night) == (country.code, True)


def test_countries_fall_back_to_their_union_and_then_to_what_holds_anywhere() -> None:
    assert country_named("KR").child_under == 19
    assert country_named("DE") is country_named("EU")
    assert country_named("XX") is country_named("") is country_named(ANYWHERE)
    assert COUNTRIES[-1].code == ANYWHERE


def test_every_country_says_what_holding_a_childs_picture_is_and_who_may_act() -> None:
    for country in COUNTRIES:
        assert [fact.is_crime for fact in country.holding if fact.of == "child"] == [True]
        assert {fact.of for fact in country.holding} <= {"child", "adult"}
        assert country.may_act, country.code


def test_nobody_is_told_to_look_or_save() -> None:
    for sentence in (part for message in messages() for part in message.split(". ")):
        assert not NEVER_ASKED.search(sentence) or "not " in sentence, sentence


def test_every_sentence_of_the_data_is_said_in_korean() -> None:
    assert sorted(messages() - in_korean().keys()) == []


def test_nothing_promises_a_removal() -> None:
    korean = in_korean()
    said = " ".join([*messages(), *(korean.get(one, "") for one in messages())]).lower()
    for promise in ("removed", "deleted", "guarantee", "삭제", "보장", "니다"):
        assert promise not in said
