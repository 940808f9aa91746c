# SPDX-License-Identifier: Apache-2.0
"""What she wants: kept, changed, and how far news is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi import cases
from haechi.cases import Agency, NewsEvery, Wishes
from haechi.errors import NotFound
from haechi.storage import Database, Vault
from haechi.values import MediaKind

SET_AT = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def case_id(database: Database, vault: Vault) -> str:
    with database.write() as tx:
        return cases.open_case(
            tx, vault, number="AAAA-AAAA", passphrase_hash="h", key_id=vault.new_key(tx),
            language="en", items=[cases.NewItem(MediaKind.IMAGE, "con")], sightings=[],
        ).id  # fmt: skip


def test_nothing_is_assumed(database: Database, case_id: str) -> None:
    with database.read() as tx:
        wishes = cases.wishes_of(tx, case_id)
    assert wishes == Wishes(Agency.UNSET, NewsEvery.ALWAYS, None, is_watched=True)


def test_what_she_chose_is_kept(database: Database, case_id: str) -> None:
    with database.write() as tx:
        cases.set_agency(tx, case_id, Agency.YES)
        cases.set_quiet(tx, case_id, news_every=NewsEvery.WEEK, is_watched=False)
        first = cases.wishes_of(tx, case_id)
        cases.set_quiet(tx, case_id, news_every=NewsEvery.WEEK, is_watched=True)
        second = cases.wishes_of(tx, case_id)
    assert (first.agency, first.news_every, first.is_watched) == (Agency.YES, NewsEvery.WEEK, False)
    assert second.news_set_at == first.news_set_at is not None
    assert second.is_watched


def test_no_case_no_wishes(database: Database) -> None:
    with database.write() as tx:
        with pytest.raises(NotFound):
            cases.set_agency(tx, "cas_none", Agency.YES)
        with pytest.raises(NotFound):
            cases.set_quiet(tx, "cas_none", news_every=NewsEvery.NEVER, is_watched=True)


@given(
    st.sampled_from([NewsEvery.WEEK, NewsEvery.MONTH]),
    st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4000)),
)
def test_news_is_shown_up_to_the_last_full_pause(every: NewsEvery, after: timedelta) -> None:
    wishes = Wishes(Agency.UNSET, every, SET_AT, is_watched=True)
    pause = timedelta(days=7 if every is NewsEvery.WEEK else 30)
    shown = wishes.news_until(SET_AT + after)
    assert SET_AT <= shown <= SET_AT + after < shown + pause
    assert (shown - SET_AT) % pause == timedelta(0)


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4000)))
def test_always_and_never(after: timedelta) -> None:
    now = SET_AT + after
    always = Wishes(Agency.UNSET, NewsEvery.ALWAYS, SET_AT, is_watched=True)
    never = Wishes(Agency.UNSET, NewsEvery.NEVER, SET_AT, is_watched=True)
    assert always.news_until(now) == now
    assert never.news_until(now) == SET_AT
