# SPDX-License-Identifier: Apache-2.0
"""Partners and their tokens, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from installations import KEYS
from sqlalchemy import select

from haechi.bank import access_version
from haechi.errors import BrokenStore, MalformedField, NotFound
from haechi.exchange import (
    SCOPES,
    Partner,
    add_partner,
    all_partners,
    change_partner,
    forget_partner,
    issue_token,
    partner_key,
    partner_of,
    revoke_partner,
    revoke_token,
    tokens_of,
)
from haechi.exchange._tables import partner, partner_token
from haechi.storage import Database, Vault
from haechi.values import PartnerKind, Reader, utc_now
from haechi.workflows import Scope

VAULT = Vault(KEYS.master)
START = datetime(2026, 1, 1, tzinfo=UTC)


def _add(
    database: Database,
    name: str,
    *scopes: str,
    kind: PartnerKind = PartnerKind.PLATFORM,
    adults_only: bool = False,
) -> tuple[Partner, str]:
    with database.write() as tx:
        made = add_partner(tx, VAULT, name=name, kind=kind, serves_adults_only=adults_only)
        return made, issue_token(tx, made.id, scopes=scopes or ("match",))[1]


def _holder(database: Database, token: str, at: datetime | None = None) -> Partner | None:
    with database.read() as tx:
        found = partner_of(tx, token, at=at or utc_now())
    return found and found[0]


def test_a_token_names_its_partner_and_only_its_hash_is_kept(database: Database) -> None:
    made, token = _add(database, "해치 플랫폼", "match", "distance")
    assert _holder(database, token) == made
    assert token.startswith("hp_")
    with database.read() as tx:
        row = tx.execute(select(partner_token)).one()
        found = partner_of(tx, token, at=utc_now())
    assert found[1].scopes == {"match", "distance"}
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
    made, _ = _add(database, "one")
    with (
        pytest.raises(MalformedField, match="distance, match, metrics") as caught,
        database.write() as tx,
    ):
        issue_token(tx, made.id, scopes=scopes)
    assert caught.value.field == "scope"
    with database.read() as tx:
        assert len(tokens_of(tx, made.id)) == 1


def test_the_scopes_of_a_token_are_those_that_routes_ask_for() -> None:
    assert set(SCOPES) == {scope.value for scope in Scope}


@pytest.mark.parametrize("kind", PartnerKind)
@pytest.mark.parametrize("said", [False, True])
def test_a_partner_is_read_as_what_it_is(database: Database, kind: PartnerKind, said: bool) -> None:
    """An adult site serves adults only, whatever is said of it."""
    made, token = _add(database, "one", kind=kind, adults_only=said)
    expected = Reader(
        kind, serves_adults_only=said or kind is PartnerKind.ADULT_SITE, partner_id=made.id
    )
    assert made.reader == expected
    assert _holder(database, token) == made
    assert [one.reader for one in _all(database)] == [expected]


def test_an_adult_site_serves_adults_only_though_its_row_was_changed(database: Database) -> None:
    made, token = _add(database, "one")
    with database.write() as tx:
        tx.execute(partner.update().values(kind="adult_site", serves_adults_only=False))
    assert _holder(database, token).reader == Reader(
        PartnerKind.ADULT_SITE, serves_adults_only=True, partner_id=made.id
    )


class TestTokens:
    def test_one_that_is_revoked_ends_and_the_other_goes_on(self, database: Database) -> None:
        made, first = _add(database, "one")
        with database.write() as tx:
            token, second = issue_token(tx, made.id, scopes=["changes"])
            revoke_token(tx, token.id)
        assert _holder(database, first) == made
        assert _holder(database, second) is None
        with pytest.raises(NotFound), database.write() as tx:
            revoke_token(tx, token.id)

    def test_one_ends_at_its_moment(self, database: Database) -> None:
        made, _ = _add(database, "one")
        with database.write() as tx:
            _, secret = issue_token(tx, made.id, scopes=["match"], expires_at=START)
        assert _holder(database, secret, START - timedelta(microseconds=1)) == made
        assert _holder(database, secret, START) is None

    def test_one_that_is_to_end_later_goes_on_until_then(self, database: Database) -> None:
        made, secret = _add(database, "one")
        with database.write() as tx:
            revoke_token(tx, tokens_of(tx, made.id)[0].id, at=START)
        assert _holder(database, secret, START - timedelta(seconds=1)) == made
        assert _holder(database, secret, START) is None

    def test_a_dismissed_partner_gets_none(self, database: Database) -> None:
        made, _ = _add(database, "one")
        with database.write() as tx:
            revoke_partner(tx, "one")
        with pytest.raises(NotFound), database.write() as tx:
            issue_token(tx, made.id, scopes=["match"])

    def test_every_change_ends_what_is_remembered(self, database: Database) -> None:
        seen = set()

        def note() -> None:
            with database.read() as tx:
                seen.add(access_version(tx))

        note()
        made, _ = _add(database, "one")
        note()
        with database.write() as tx:
            token, _ = issue_token(tx, made.id, scopes=["match"])
        note()
        with database.write() as tx:
            revoke_token(tx, token.id)
        note()
        with database.write() as tx:
            change_partner(tx, made.id, lookups_per_min=7)
        note()
        with database.write() as tx:
            revoke_partner(tx, "one")
        note()
        assert len(seen) == 6


class TestChanges:
    def test_what_is_not_named_stays(self, database: Database) -> None:
        made, _ = _add(database, "one")
        with database.write() as tx:
            changed = change_partner(tx, made.id, purpose=" to screen uploads ", keeps_lookups_h=48)
        assert changed.purpose == "to screen uploads"
        assert changed.keeps_lookups_h == 48
        assert changed.reader == made.reader
        assert changed.lookups_per_min == made.lookups_per_min

    def test_a_kind_may_change_and_an_adult_site_serves_adults_only(
        self, database: Database
    ) -> None:
        made, token = _add(database, "one")
        with database.write() as tx:
            change_partner(tx, made.id, kind=PartnerKind.ADULT_SITE)
        assert _holder(database, token).reader == Reader(
            PartnerKind.ADULT_SITE, serves_adults_only=True, partner_id=made.id
        )

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("lookups_per_min", 0),
            ("keeps_lookups_h", -1),
            ("keeps_lookups_h", 721),
            ("purpose", "x" * 201),
            ("contact", "x" * 201),
        ],
    )
    def test_what_cannot_be_is_refused_by_name(
        self, database: Database, field: str, value: object
    ) -> None:
        made, _ = _add(database, "one")
        with pytest.raises(MalformedField) as caught, database.write() as tx:
            change_partner(tx, made.id, **{field: value})
        assert caught.value.field == field


def test_what_belongs_to_a_partner_alone_cannot_be_opened_once_it_is_forgotten(
    database: Database,
) -> None:
    made, _ = _add(database, "one")
    with database.write() as tx:
        key_id = partner_key(tx, VAULT, made.id)
        sealed = VAULT.seal(tx, key_id, b"its own", context="here")
        assert VAULT.open(tx, key_id, sealed, context="here") == b"its own"
        revoke_partner(tx, "one")
        forget_partner(tx, VAULT, made.id)
    with pytest.raises(BrokenStore), database.read() as tx:
        VAULT.open(tx, key_id, sealed, context="here")
    with pytest.raises(NotFound), database.write() as tx:
        partner_key(tx, VAULT, made.id)
