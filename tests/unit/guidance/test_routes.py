# SPDX-License-Identifier: Apache-2.0
"""What the router promises, over every combination of answers."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import pytest

from haechi.guidance import (
    ANYWHERE,
    MOST_ROUTES,
    Audience,
    ContactKind,
    Place,
    Route,
    Situation,
    Who,
    contact_named,
    countries,
    country_named,
    is_fresh,
    routes_for,
)
from haechi.values import AgeFacts

TODAY = date(2026, 11, 24)
READ_ON = date(2026, 11, 22)
YES_NO_UNKNOWN = (True, False, None)
HASH_SERVICES = {"stopncii", "take-it-down", "gb-report-remove"}
EVERY_SITUATION = [
    Situation(place, who, AgeFacts(under_18, under_19), has_file, is_threatened, country)
    for place, who, under_18, under_19, has_file, is_threatened, country in product(
        Place,
        Who,
        YES_NO_UNKNOWN,
        YES_NO_UNKNOWN,
        YES_NO_UNKNOWN,
        (True, False),
        [*(country.code for country in countries()), "DE", "", "XX"],
    )
]


def _ids(routes: tuple[Route, ...]) -> list[str]:
    return ["case" if route.contact is None else route.contact.id for route in routes]


@pytest.fixture(scope="module")
def answered() -> list[tuple[Situation, tuple[Route, ...]]]:
    return [(one, routes_for(one, today=TODAY)) for one in EVERY_SITUATION]


def test_the_list_is_short_and_always_has_a_case(
    answered: list[tuple[Situation, tuple[Route, ...]]],
) -> None:
    for situation, routes in answered:
        assert 1 <= len(routes) <= MOST_ROUTES, situation
        assert _ids(routes).count("case") == 1, situation
        assert len(set(_ids(routes))) == len(routes), situation
        assert all(route.reason for route in routes), situation


def test_who_is_threatened_reads_of_the_police_or_a_crisis_line_first(
    answered: list[tuple[Situation, tuple[Route, ...]]],
) -> None:
    for situation, routes in answered:
        if situation.is_threatened:
            first = routes[0].contact
            assert first is not None, situation
            assert first.kind in {ContactKind.POLICE, ContactKind.HELPLINE}, situation
            if situation.country == "KR":
                assert set(_ids(routes)[:2]) == {"kr-police-112", "kr-1366"}, situation


def test_an_adult_service_never_stands_before_one_for_minors_nor_is_offered_by_guess(
    answered: list[tuple[Situation, tuple[Route, ...]]],
) -> None:
    for situation, routes in answered:
        audiences = [route.contact.audience for route in routes if route.contact]
        if Audience.ADULTS in audiences:
            assert situation.ages.under_18_when_taken is False, situation
            after = audiences[audiences.index(Audience.ADULTS) :]
            assert Audience.MINORS not in after, situation


def test_korean_minors_are_sent_where_minors_go(
    answered: list[tuple[Situation, tuple[Route, ...]]],
) -> None:
    for situation, routes in answered:
        if situation.country != "KR" or situation.ages.is_adult:
            continue
        found = _ids(routes)
        assert {"kr-117", "kr-1388", "kr-d4u", "kr-1366"} & set(found), situation
        if situation.place is Place.SCHOOL:
            assert "kr-117" in found, situation
        if situation.who is Who.SELF:
            assert "kr-d4u" in found, situation


def test_the_school_line_is_only_for_school(
    answered: list[tuple[Situation, tuple[Route, ...]]],
) -> None:
    for situation, routes in answered:
        if "kr-117" in _ids(routes):
            assert situation.place is Place.SCHOOL, situation
            assert not situation.ages.is_adult, situation


def test_stopncii_is_never_offered_under_18_nor_when_nobody_said(
    answered: list[tuple[Situation, tuple[Route, ...]]],
) -> None:
    offered = 0
    for situation, routes in answered:
        if "stopncii" in _ids(routes):
            offered += 1
            assert situation.ages.under_18_when_taken is False, situation
            assert situation.who is Who.SELF, situation
    assert offered


def test_take_it_down_is_for_under_18_and_says_so_when_it_is_not_known(
    answered: list[tuple[Situation, tuple[Route, ...]]],
) -> None:
    offered = 0
    for situation, routes in answered:
        for route in routes:
            if route.contact is not None and route.contact.id == "take-it-down":
                offered += 1
                assert situation.ages.under_18_when_taken is not False, situation
                if situation.ages.under_18_when_taken is None:
                    assert " If it was taken before you were 18" in route.reason, situation
    assert offered


def test_hash_services_are_only_for_the_person_in_it_who_has_the_file(
    answered: list[tuple[Situation, tuple[Route, ...]]],
) -> None:
    for situation, routes in answered:
        if HASH_SERVICES & set(_ids(routes)):
            assert situation.has_file is True, situation
            assert situation.who is Who.SELF, situation


def test_in_korea_there_is_always_a_korean_line_that_answers_at_night(
    answered: list[tuple[Situation, tuple[Route, ...]]],
) -> None:
    for situation, routes in answered:
        if situation.country == "KR":
            assert any(
                route.contact and route.contact.country == "KR" and route.contact.is_day_and_night
                for route in routes
            ), situation


def test_nobody_is_sent_to_another_country(
    answered: list[tuple[Situation, tuple[Route, ...]]],
) -> None:
    for situation, routes in answered:
        here = {country_named(situation.country).code, ANYWHERE}
        for route in routes:
            assert route.contact is None or route.contact.country in here, situation


def test_every_rule_speaks_in_some_situation(
    answered: list[tuple[Situation, tuple[Route, ...]]],
) -> None:
    from haechi.guidance._routes import _all_rules

    said = {route.reason for _, routes in answered for route in routes}
    assert [rule.id for rule in _all_rules() if rule.reason not in said] == []


@pytest.mark.parametrize(
    ("days_later", "is_checked"), [(-1, False), (0, True), (90, True), (91, False), (4000, False)]
)
def test_a_reading_older_than_90_days_no_longer_counts(days_later: int, is_checked: bool) -> None:
    today = READ_ON + timedelta(days=days_later)
    assert contact_named("kr-1366").verified_on == READ_ON
    assert is_fresh(READ_ON, today=today) is is_checked
    route, *_ = routes_for(Situation(country="KR"), today=today)
    assert route.contact is contact_named("kr-1366")
    assert (route.is_checked, route.checked_on) == (is_checked, READ_ON)


def test_what_nobody_read_is_never_checked() -> None:
    routes = routes_for(Situation(country="KR", is_threatened=True), today=TODAY)
    assert _ids(routes)[0] == "kr-police-112"
    assert (routes[0].is_checked, routes[0].checked_on) == (False, None)


def test_an_18_year_old_is_a_child_in_korea_and_an_adult_for_the_hash_services() -> None:
    eighteen = Situation(
        ages=AgeFacts(under_18_when_taken=False, under_19_kr=True), has_file=True, country="KR"
    )
    found = _ids(routes_for(eighteen, today=TODAY))
    assert found == ["kr-1366", "kr-d4u", "case", "kr-1388", "stopncii"]
