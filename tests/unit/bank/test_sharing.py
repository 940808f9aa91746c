# SPDX-License-Identifier: Apache-2.0
"""With whom a content is shared, and whom the bank therefore tells of it; on both engines."""

from __future__ import annotations

from datetime import timedelta

import pytest
from installations import pdq_value
from sqlalchemy import func, select, update

from haechi.bank import (
    active_contents,
    add_content,
    changes_after,
    end_expired_sharing,
    ensure_bank,
    feed_position,
    set_sharing,
    set_status,
    sharing_of,
)
from haechi.bank._tables import content
from haechi.errors import NotFound
from haechi.storage import Database, Vault
from haechi.values import (
    BankPolicy,
    ContentStatus,
    PartnerKind,
    Reader,
    Sharing,
    utc_now,
)

NOW = utc_now()
LATER = NOW + timedelta(days=1)
PLATFORM = Reader(PartnerKind.PLATFORM, serves_adults_only=False)
ADULT_SITE = Reader(PartnerKind.ADULT_SITE, serves_adults_only=True)
ADULTS_ONLY = Reader(PartnerKind.PLATFORM, serves_adults_only=True)
NOBODY = Sharing(frozenset())


def _add(
    database: Database,
    vault: Vault,
    sharing: Sharing | None = None,
    *,
    bank: str = "reports",
    policy: BankPolicy = BankPolicy.BLOCK,
) -> str:
    said = {} if sharing is None else {"sharing": sharing}
    with database.write() as tx:
        bank_id = ensure_bank(tx, bank, policy=policy).id
        return add_content(
            tx,
            vault,
            bank_id=bank_id,
            key_id=vault.new_key(tx),
            signals=[pdq_value(1)],
            **said,
        )


def _told(database: Database, reader: Reader | None, at=NOW) -> set[str]:
    with database.read() as tx:
        numbers = [*tx.scalars(select(content.c.entry_id)), 10**6]
        found = active_contents(tx, numbers, reader=reader, at=at)
    return {owner.content_id for owner in found.values()}


def _share(database: Database, content_id: str, sharing: Sharing) -> None:
    with database.write() as tx:
        set_sharing(tx, content_id, sharing)


def _sharing(database: Database, content_id: str) -> Sharing:
    with database.read() as tx:
        return sharing_of(tx, [content_id])[content_id]


def _position(database: Database) -> int:
    with database.read() as tx:
        return feed_position(tx)


def test_where_nothing_is_said_all_are_told_but_those_for_adults_only(
    database: Database, vault: Vault
) -> None:
    content_id = _add(database, vault)
    assert _sharing(database, content_id) == Sharing()
    for kind in PartnerKind:
        assert _told(database, Reader(kind, serves_adults_only=False)) == {content_id}
        assert _told(database, Reader(kind, serves_adults_only=True)) == set()


@pytest.mark.parametrize("kind", PartnerKind)
def test_only_the_kinds_she_names_are_told(
    database: Database, vault: Vault, kind: PartnerKind
) -> None:
    content_id = _add(
        database, vault, Sharing(frozenset({kind}), LATER, reaches_adult_services=True)
    )
    told = [
        reader_kind
        for reader_kind in PartnerKind
        if _told(database, Reader(reader_kind, serves_adults_only=True))
    ]
    assert told == [kind]
    assert _sharing(database, content_id).kinds == {kind}


def test_it_ends_at_its_moment(database: Database, vault: Vault) -> None:
    _add(database, vault, Sharing(until=LATER))
    just_before = LATER - timedelta(microseconds=1)
    assert [len(_told(database, PLATFORM, at)) for at in (just_before, LATER)] == [1, 0]


def test_what_is_not_surely_an_adults_reaches_no_service_for_adults_only(
    database: Database, vault: Vault
) -> None:
    adults = _add(database, vault, Sharing(reaches_adult_services=True))
    other = _add(database, vault, Sharing(reaches_adult_services=False))
    assert _told(database, ADULT_SITE) == _told(database, ADULTS_ONLY) == {adults}
    assert _told(database, PLATFORM) == {adults, other}


def test_the_operator_sees_what_nobody_is_told(database: Database, vault: Vault) -> None:
    content_id = _add(database, vault, NOBODY)
    assert _told(database, PLATFORM) == set()
    assert _told(database, None) == {content_id}


@pytest.mark.parametrize("status", [ContentStatus.HELD, ContentStatus.WITHDRAWN])
def test_sharing_makes_nothing_active(
    database: Database, vault: Vault, status: ContentStatus
) -> None:
    content_id = _add(database, vault, Sharing(reaches_adult_services=True))
    with database.write() as tx:
        set_status(tx, content_id, status)
    assert _told(database, None) == _told(database, PLATFORM) == set()


def test_what_is_allowed_reaches_everybody_however_it_is_shared(
    database: Database, vault: Vault
) -> None:
    """It is never told: without it a picture that is fine would be told as a match."""
    allowed = _add(database, vault, NOBODY, bank="fine", policy=BankPolicy.ALLOW)
    _add(database, vault, NOBODY, bank="look", policy=BankPolicy.REVIEW)
    for reader in (PLATFORM, ADULT_SITE):
        assert _told(database, reader) == {allowed}


def test_a_change_of_sharing_is_a_step_of_the_feed(database: Database, vault: Vault) -> None:
    content_id = _add(database, vault)
    narrow = Sharing(frozenset({PartnerKind.COMMUNITY}), LATER)
    _share(database, content_id, narrow)
    assert _sharing(database, content_id) == narrow
    with database.read() as tx:
        (change,) = changes_after(tx, vault, 1)
    assert (change.seq, change.content_id, change.status) == (2, content_id, ContentStatus.ACTIVE)
    assert change.signals == (pdq_value(1),)
    assert _told(database, PLATFORM) == set()


def test_a_held_content_stays_held(database: Database, vault: Vault) -> None:
    content_id = _add(database, vault)
    with database.write() as tx:
        set_status(tx, content_id, ContentStatus.HELD)
    _share(database, content_id, NOBODY)
    with database.read() as tx:
        (*_, change) = changes_after(tx, vault, 0)
    assert (change.seq, change.status) == (3, ContentStatus.HELD)


def test_the_same_sharing_again_is_no_change(database: Database, vault: Vault) -> None:
    sharing = Sharing(frozenset({PartnerKind.PLATFORM}), LATER, reaches_adult_services=True)
    content_id = _add(database, vault, sharing)
    for _ in range(2):
        _share(database, content_id, sharing)
    assert _position(database) == 1


def test_what_is_withdrawn_or_not_there_cannot_be_shared(database: Database, vault: Vault) -> None:
    gone = _add(database, vault)
    with database.write() as tx:
        set_status(tx, gone, ContentStatus.WITHDRAWN)
    for content_id in (gone, "con_none", ""):
        with pytest.raises(NotFound):
            _share(database, content_id, Sharing())
    assert _sharing(database, gone) == NOBODY
    assert _position(database) == 2


def test_only_what_exists_has_a_sharing(database: Database, vault: Vault) -> None:
    content_id = _add(database, vault)
    with database.read() as tx:
        assert sharing_of(tx, []) == {}
        assert sharing_of(tx, [content_id, "con_none"]) == {content_id: Sharing()}


def test_a_kind_that_this_version_does_not_know_is_passed_over(
    database: Database, vault: Vault
) -> None:
    content_id = _add(database, vault)
    with database.write() as tx:
        tx.execute(update(content).values(shared_with="platforms platform news"))
    assert _sharing(database, content_id).kinds == {PartnerKind.PLATFORM}
    with database.write() as tx:
        tx.execute(update(content).values(shared_with="platforms adultXsite"))
    assert _told(database, PLATFORM) == set()
    assert _told(database, Reader(PartnerKind.ADULT_SITE, serves_adults_only=False)) == set()


class TestTheEnd:
    """What was shared for a time, when that has passed."""

    def _end(self, database: Database, at=NOW, **limits: int) -> int:
        with database.write() as tx:
            return end_expired_sharing(tx, at=at, **limits)

    def test_what_has_passed_is_shared_with_nobody_and_told_to_followers_once(
        self, database: Database, vault: Vault
    ) -> None:
        past = Sharing(until=NOW - timedelta(days=1), reaches_adult_services=True)
        ended = [_add(database, vault, past), _add(database, vault, Sharing(until=NOW))]
        kept = [_add(database, vault, Sharing(until=LATER)), _add(database, vault)]
        assert self._end(database) == 2
        for content_id in ended:
            found = _sharing(database, content_id)
            assert (found.kinds, found.until) == (frozenset(), None)
        assert [_sharing(database, one).until for one in kept] == [LATER, None]
        with database.read() as tx:
            steps = changes_after(tx, vault, 4)
        assert [step.content_id for step in steps] == ended
        assert self._end(database) == 0
        assert _position(database) == 6

    def test_it_goes_in_pieces(self, database: Database, vault: Vault) -> None:
        for day in range(5):
            _add(database, vault, Sharing(until=NOW - timedelta(days=day)))
        assert [self._end(database, limit=2) for _ in range(4)] == [2, 2, 1, 0]

    def test_a_withdrawn_content_has_no_sharing_to_end(
        self, database: Database, vault: Vault
    ) -> None:
        content_id = _add(database, vault, Sharing(until=NOW))
        with database.write() as tx:
            set_status(tx, content_id, ContentStatus.WITHDRAWN)
        assert self._end(database) == 0

    def test_it_can_be_shared_anew(self, database: Database, vault: Vault) -> None:
        content_id = _add(database, vault, Sharing(until=NOW))
        self._end(database)
        _share(database, content_id, Sharing(until=LATER))
        assert self._end(database) == 0
        assert _told(database, PLATFORM) == {content_id}


def test_more_entries_than_one_statement_takes(database: Database, vault: Vault) -> None:
    shared = {_add(database, vault), _add(database, vault)}
    with database.read() as tx:
        last = tx.scalar(select(func.max(content.c.entry_id)))
        found = active_contents(tx, range(last - 1, last + 1300), reader=PLATFORM, at=NOW)
    assert {owner.content_id for owner in found.values()} == shared
