# SPDX-License-Identifier: Apache-2.0
"""Lookups that a partner lets us keep: sealed, for its hours, and of nobody who did not ask for it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from installations import KEYS, digest, pdq_value
from sqlalchemy import select

from haechi.exchange import (
    Lookup,
    add_partner,
    forget_lookups,
    forget_partner,
    has_due_lookups,
    keep_lookups,
    kept_ids,
    kept_lookups,
    revoke_partner,
)
from haechi.exchange._tables import kept_lookup
from haechi.storage import Database, Vault
from haechi.values import PartnerKind, utc_now

VAULT = Vault(KEYS.master)
NOW = utc_now()


def _partner(database: Database, name: str, hours: int) -> str:
    with database.write() as tx:
        return add_partner(
            tx,
            VAULT,
            name=name,
            kind=PartnerKind.PLATFORM,
            serves_adults_only=False,
            keeps_lookups_h=hours,
        ).id


def _keep(database: Database, *lookups: Lookup) -> int:
    with database.write() as tx:
        return keep_lookups(tx, VAULT, lookups)


def _kept(database: Database, after: int = 0) -> list[Lookup]:
    with database.read() as tx:
        return [one.lookup for one in kept_lookups(tx, VAULT, after=after)]


def test_they_come_back_as_they_were_and_are_sealed(database: Database) -> None:
    partner_id = _partner(database, "one", 24)
    lookup = Lookup(partner_id, "upload-7", (pdq_value(1, 77), digest(2)), NOW)
    assert _keep(database, lookup) == 1
    assert _kept(database) == [lookup]
    with database.read() as tx:
        (row,) = tx.execute(select(kept_lookup))
    assert pdq_value(1).hex.encode() not in row.sealed
    assert pdq_value(1).value not in row.sealed
    assert row.forget_at - NOW == timedelta(hours=24)


def test_of_a_partner_that_keeps_none_nothing_is_kept(database: Database) -> None:
    quiet, keeping = _partner(database, "quiet", 0), _partner(database, "keeping", 1)
    gone = _partner(database, "gone", 1)
    with database.write() as tx:
        revoke_partner(tx, "gone")
    lookups = [Lookup(who, "up", (pdq_value(1),), NOW) for who in (quiet, keeping, gone, "ptn_no")]
    assert _keep(database, *lookups) == 1
    assert [one.partner_id for one in _kept(database)] == [keeping]


def test_they_are_forgotten_at_their_moment(database: Database) -> None:
    short, long = _partner(database, "short", 1), _partner(database, "long", 2)
    _keep(database, *(Lookup(who, "up", (pdq_value(1),), NOW) for who in (short, long)))
    moment = NOW + timedelta(hours=1)
    with database.write() as tx:
        assert not has_due_lookups(tx, at=moment - timedelta(seconds=1))
        assert forget_lookups(tx, at=moment - timedelta(seconds=1)) == 0
        assert has_due_lookups(tx, at=moment)
        assert forget_lookups(tx, at=moment) == 1
        assert not has_due_lookups(tx, at=moment)
    assert [one.partner_id for one in _kept(database)] == [long]


def test_all_of_one_partner_may_be_forgotten_but_never_all_of_everybody(database: Database) -> None:
    one, other = _partner(database, "one", 1), _partner(database, "other", 1)
    _keep(database, *(Lookup(who, "up", (pdq_value(1),), NOW) for who in (one, one, other)))
    with database.write() as tx:
        assert forget_lookups(tx, partner_id=one) == 2
        with pytest.raises(ValueError, match="nobody"):
            forget_lookups(tx)
        assert len(kept_ids(tx)) == 1


def test_they_go_with_the_partners_key(database: Database) -> None:
    one, other = _partner(database, "one", 1), _partner(database, "other", 1)
    _keep(database, *(Lookup(who, "up", (pdq_value(1),), NOW) for who in (one, other)))
    with database.write() as tx:
        forget_partner(tx, VAULT, one)
    assert [each.partner_id for each in _kept(database)] == [other]


def test_they_are_read_on_by_number(database: Database) -> None:
    partner_id = _partner(database, "one", 1)
    _keep(database, *(Lookup(partner_id, str(n), (pdq_value(n),), NOW) for n in range(5)))
    with database.read() as tx:
        first = kept_lookups(tx, VAULT, limit=2)
        rest = kept_lookups(tx, VAULT, after=first[-1].id)
        named = kept_lookups(tx, VAULT, ids=[first[1].id, rest[0].id])
    assert [one.lookup.reference for one in first + rest] == list("01234")
    assert [one.lookup.reference for one in named] == ["1", "2"]
