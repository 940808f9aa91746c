# SPDX-License-Identifier: Apache-2.0
"""Partners and their tokens, on both engines."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from haechi.errors import MalformedField, NotFound
from haechi.exchange import (
    SCOPES,
    Partner,
    add_partner,
    all_partners,
    partner_of,
    revoke_partner,
)
from haechi.exchange._tables import partner
from haechi.storage import Database
from haechi.values import PartnerKind, Reader
from haechi.workflows import Scope


def _add(database: Database, name: str, *scopes: str) -> tuple[Partner, str]:
    with database.write() as tx:
        return add_partner(
            tx,
            name=name,
            scopes=scopes or ("match",),
            kind=PartnerKind.PLATFORM,
            serves_adults_only=False,
        )


def _holder(database: Database, token: str) -> Partner | None:
    with database.read() as tx:
        return partner_of(tx, token)


def test_a_token_names_its_partner_and_only_its_hash_is_kept(database: Database) -> None:
    made, token = _add(database, "해치 플랫폼", "match", "distance")
    assert _holder(database, token) == made
    assert made.scopes == {"match", "distance"}
    assert token.startswith("hp_")
    with database.read() as tx:
        row = tx.execute(select(partner)).one()
    assert token not in repr(row)
    assert token.encode() not in row.token_sha256
    assert token not in repr(made)


def test_another_token_names_nobody(database: Database) -> None:
    _, token = _add(database, "one")
    for wrong in ("", "hp_", token[:-1], token + "=", token.upper(), " " + token, "\0", "한글"):
        assert _holder(database, wrong) is None


def test_every_partner_has_a_token_of_its_own(database: Database) -> None:
    tokens = {_add(database, f"partner {number}")[1] for number in range(20)}
    assert len(tokens) == 20


def test_a_revoked_token_names_nobody_at_once(database: Database) -> None:
    made, token = _add(database, "one")
    other, other_token = _add(database, "other")
    with database.write() as tx:
        assert revoke_partner(tx, "one") == made.id
    assert _holder(database, token) is None
    assert _holder(database, other_token) == other
    with database.read() as tx:
        listed = all_partners(tx)
    assert [one.name for one in listed] == ["one", "other"]
    assert listed[0].revoked_at is not None
    assert listed[1].revoked_at is None


def test_a_partner_is_revoked_once(database: Database) -> None:
    _add(database, "one")
    with database.write() as tx:
        revoke_partner(tx, "one")
    for name in ("one", "nobody", "", "ONE", "%"):
        with pytest.raises(NotFound), database.write() as tx:
            revoke_partner(tx, name)


@pytest.mark.parametrize(
    "name", ["", " ", "x" * 81, "a\nb", "a/b", "<b>", "a;b", "a\0b", "\u202ename", "a\tb"]
)
def test_a_name_that_is_none_is_refused(database: Database, name: str) -> None:
    with pytest.raises(MalformedField) as caught:
        _add(database, name)
    assert caught.value.field == "name"


def test_a_name_is_taken_once_also_by_a_revoked_partner(database: Database) -> None:
    _add(database, "one")
    for _ in range(2):
        with pytest.raises(MalformedField, match="already"):
            _add(database, " one ")
        with database.write() as tx:
            if all_partners(tx)[0].revoked_at is None:
                revoke_partner(tx, "one")
    assert len(_all(database)) == 1


def _all(database: Database) -> list[Partner]:
    with database.read() as tx:
        return all_partners(tx)


@pytest.mark.parametrize("scopes", [(), ("root",), ("match", "Match"), ("",), "match", ("match ",)])
def test_a_scope_that_is_none_is_refused(database: Database, scopes: object) -> None:
    with (
        pytest.raises(MalformedField, match="distance, match, metrics") as caught,
        database.write() as tx,
    ):
        add_partner(
            tx, name="one", scopes=scopes, kind=PartnerKind.PLATFORM, serves_adults_only=False
        )
    assert caught.value.field == "scope"
    assert _all(database) == []


def test_the_scopes_of_a_token_are_those_that_routes_ask_for() -> None:
    assert set(SCOPES) == {scope.value for scope in Scope}


@pytest.mark.parametrize("kind", PartnerKind)
@pytest.mark.parametrize("said", [False, True])
def test_a_partner_is_read_as_what_it_is(database: Database, kind: PartnerKind, said: bool) -> None:
    """An adult site serves adults only, whatever is said of it."""
    with database.write() as tx:
        made, token = add_partner(
            tx, name="one", scopes=["match"], kind=kind, serves_adults_only=said
        )
    expected = Reader(kind, serves_adults_only=said or kind is PartnerKind.ADULT_SITE)
    assert made.reader == expected
    assert _holder(database, token) == made
    assert [one.reader for one in _all(database)] == [expected]


def test_an_adult_site_serves_adults_only_though_its_row_was_changed(database: Database) -> None:
    _, token = _add(database, "one")
    with database.write() as tx:
        tx.execute(partner.update().values(kind="adult_site", serves_adults_only=False))
    assert _holder(database, token).reader == Reader(
        PartnerKind.ADULT_SITE, serves_adults_only=True
    )
