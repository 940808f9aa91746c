# SPDX-License-Identifier: Apache-2.0
"""Looks at a sighting: what may be recorded, and that all of it can be forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from installations import KEYS
from sqlalchemy import func, select

from haechi.errors import MalformedField
from haechi.notices import (
    Check,
    CheckOutcome,
    NoticeText,
    add_check,
    add_notice,
    by_time,
    checks_of,
    forget_case,
    next_look_at,
    notices_of,
)
from haechi.notices._tables import notice, sighting_check
from haechi.storage import Database, Vault
from haechi.values import utc_now

AT = datetime(2026, 11, 22, 9, 5, tzinfo=UTC)
LOOK = {
    "case_id": "cas_1",
    "sighting_id": "sgt_1",
    "outcome": CheckOutcome.UP,
    "country": None,
    "looked_at": AT,
}


def _look(outcome: CheckOutcome, at: datetime, country: str | None = None) -> Check:
    return Check("chk", "sgt_1", outcome, country, at)


def test_a_check_comes_back_as_it_was_recorded(store_url: str) -> None:
    with Database(store_url) as database:
        with database.write() as tx:
            later = add_check(
                tx,
                **{
                    **LOOK,
                    "outcome": CheckOutcome.BLOCKED_IN,
                    "country": " kr ",
                    "looked_at": AT.astimezone(timezone(timedelta(hours=9))) + timedelta(hours=1),
                },
            )
            first = add_check(tx, **LOOK)
            add_check(tx, **{**LOOK, "case_id": "cas_2"})
        with database.read() as tx:
            assert checks_of(tx, "cas_1") == [first, later]
            assert checks_of(tx, "cas_none") == []
        assert later.country == "KR"
        assert later.looked_at == AT + timedelta(hours=1)
        assert first.looked_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("outcome", [one for one in CheckOutcome if one != "blocked_in"])
def test_a_country_belongs_to_what_is_blocked(sqlite_url: str, outcome: CheckOutcome) -> None:
    with Database(sqlite_url) as database, database.write() as tx:
        with pytest.raises(MalformedField) as caught:
            add_check(tx, **{**LOOK, "outcome": outcome, "country": "KR"})
        assert caught.value.field == "country"
        assert add_check(tx, **{**LOOK, "outcome": outcome, "country": ""}).country is None
        assert tx.scalar(select(func.count()).select_from(sighting_check)) == 1


@pytest.mark.parametrize(
    "country", [None, "", " ", "KO", "UK", "EU", "ZZ", "KOR", "K", "한국", "K1"]
)
def test_what_is_blocked_is_blocked_in_a_country(sqlite_url: str, country: str | None) -> None:
    with Database(sqlite_url) as database, database.write() as tx:
        with pytest.raises(MalformedField) as caught:
            add_check(tx, **{**LOOK, "outcome": CheckOutcome.BLOCKED_IN, "country": country})
        assert caught.value.field == "country"
        assert checks_of(tx, "cas_1") == []


@pytest.mark.parametrize("country", ["KR", "us", "GB", "AU", "de"])
def test_countries_are_those_of_iso_3166(sqlite_url: str, country: str) -> None:
    with Database(sqlite_url) as database, database.write() as tx:
        look = {**LOOK, "outcome": CheckOutcome.BLOCKED_IN, "country": country}
        assert add_check(tx, **look).country == country.upper()


def test_a_look_was_made_already_and_not_long_ago(sqlite_url: str) -> None:
    with Database(sqlite_url) as database, database.write() as tx:
        for wrong in (utc_now() + timedelta(minutes=1), datetime(1999, 12, 31, 23, tzinfo=UTC)):
            with pytest.raises(MalformedField) as caught:
                add_check(tx, **{**LOOK, "looked_at": wrong})
            assert caught.value.field == "looked_at"
        for right in (utc_now(), datetime(2000, 1, 1, tzinfo=UTC)):
            add_check(tx, **{**LOOK, "looked_at": right})
        with pytest.raises(ValueError, match="with a zone"):
            add_check(tx, **{**LOOK, "looked_at": datetime(2026, 1, 1)})  # noqa: DTZ001


def test_at_the_same_moment_the_worse_outcome_counts() -> None:
    looks = [_look(outcome, AT) for outcome in CheckOutcome]
    ordered = [look.outcome.value for look in sorted(looks, key=by_time)]
    assert ordered.index("removed") < ordered.index("deindexed") < ordered.index("blocked_in")
    assert ordered[0] == "removed"
    assert ordered[-2:] == ["up", "reappeared"]


def test_a_case_is_forgotten_whole_and_no_other(store_url: str) -> None:
    vault = Vault(KEYS.master)
    with Database(store_url) as database, database.write() as tx:
        key_id = vault.new_key(tx)
        for case_id in ("cas_1", "cas_2"):
            add_check(tx, **{**LOOK, "case_id": case_id})
            add_notice(
                tx, vault, key_id, case_id=case_id, sighting_id="s", law_id="US-TIDA", service="x",
                text=NoticeText("text", "0", ()),
            )  # fmt: skip
        forget_case(tx, "cas_1")
        forget_case(tx, "cas_1")
        assert checks_of(tx, "cas_1") == notices_of(tx, vault, key_id, "cas_1") == []
        assert len(checks_of(tx, "cas_2")) == len(notices_of(tx, vault, key_id, "cas_2")) == 1
        for table in (notice, sighting_check):
            assert set(tx.scalars(select(table.c.case_id))) == {"cas_2"}


class TestLookingAgain:
    def test_what_is_gone_is_looked_at_ever_more_seldom_for_a_year(self) -> None:
        looks = [_look(CheckOutcome.REMOVED, AT)]
        hours = []
        while (at := next_look_at(looks, is_watched=True)) is not None:
            hours.append((at - AT) / timedelta(hours=1))
            looks.append(_look(CheckOutcome.REMOVED, at))
        days = [7, 14, 30, 60, 90, 180, 365]
        assert hours == [1, 6, 24, 48, 72, *(24 * day for day in days)]

    def test_a_look_that_came_late_leaves_out_what_it_covers(self) -> None:
        looks = [_look(CheckOutcome.REMOVED, AT + timedelta(hours=h)) for h in (0, 25)]
        assert next_look_at(looks, is_watched=True) == AT + timedelta(hours=48)

    def test_what_came_back_and_went_again_is_counted_anew(self) -> None:
        looks = [
            _look(CheckOutcome.REMOVED, AT),
            _look(CheckOutcome.REAPPEARED, AT + timedelta(days=20)),
            _look(CheckOutcome.REMOVED, AT + timedelta(days=22)),
        ]
        assert next_look_at(looks[:2], is_watched=True) == AT + timedelta(days=27)
        assert next_look_at(looks, is_watched=True) == AT + timedelta(days=22, hours=1)

    @pytest.mark.parametrize("outcome", ["up", "refused", "no_answer", "reappeared"])
    def test_what_is_there_is_looked_at_every_week(self, outcome: str) -> None:
        look = _look(CheckOutcome(outcome), AT)
        assert next_look_at([look], is_watched=True) == AT + timedelta(days=7)

    def test_nothing_is_planned_before_the_first_look_or_once_she_stopped_it(self) -> None:
        assert next_look_at([], is_watched=True) is None
        assert next_look_at([_look(CheckOutcome.REMOVED, AT)], is_watched=False) is None
