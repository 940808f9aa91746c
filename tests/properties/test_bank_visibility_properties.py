# SPDX-License-Identifier: Apache-2.0
"""Whom the tables tell of a content is exactly what a plain function says, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from installations import KEYS, pdq_value
from sqlalchemy import update

from haechi import bank
from haechi.bank import Bank
from haechi.bank._tables import bank as bank_table
from haechi.bank._tables import content
from haechi.storage import Database, Vault
from haechi.values import BankPolicy, ContentStatus, PartnerKind, Reader, Sharing

VAULT = Vault(KEYS.master)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOMENTS = st.integers(-2, 2).map(lambda count: NOON + timedelta(microseconds=count))
PARTNERS = ("ptn_1", "ptn_2")


@dataclass(frozen=True)
class Case:
    """One content in one bank, who may read that, and how the content is."""

    policy: BankPolicy
    is_on: bool
    is_limited: bool
    canary_of: str | None
    access: dict[str, tuple[bool, bool]]
    status: ContentStatus
    is_quarantined: bool
    sharing: Sharing


# Most banks are on and hold real contents, most contents are active: else nothing is told whatever the
# rest says, and few examples would look at it.
CASES = st.builds(
    Case,
    st.sampled_from(BankPolicy),
    st.sampled_from([True, True, True, False]),
    st.booleans(),
    st.sampled_from([None, None, None, None, *PARTNERS]),
    st.fixed_dictionaries(
        {partner_id: st.tuples(st.booleans(), st.booleans()) for partner_id in PARTNERS}
    ),
    st.sampled_from([ContentStatus.ACTIVE] * 4 + [ContentStatus.HELD]),
    st.booleans(),
    st.builds(
        Sharing,
        st.sampled_from([frozenset(PartnerKind), frozenset({PartnerKind.COMMUNITY})]),
        st.none() | MOMENTS,
        reaches_adult_services=st.booleans(),
    ),
)
READERS = st.one_of(
    st.builds(Reader, st.sampled_from(PartnerKind), st.booleans(), st.sampled_from(PARTNERS)),
    st.builds(Reader, st.sampled_from(PartnerKind), st.booleans(), st.sampled_from(["", "ptn_1"])),
    st.none(),
)


def is_told(case: Case, reader: Reader | None, at: datetime) -> bool:
    """The rule, without a database."""
    if case.status is not ContentStatus.ACTIVE or not case.is_on:
        return False
    is_allowed = case.policy is BankPolicy.ALLOW
    if is_allowed and case.is_quarantined:
        return False
    if case.canary_of is not None:
        return reader is not None and reader.partner_id == case.canary_of
    if reader is None:
        return True
    if case.is_limited and not case.access.get(reader.partner_id, (False, False))[0]:
        return False
    return is_allowed or case.sharing.reaches(reader, at)


def is_handed(case: Case, reader: Reader, at: datetime) -> bool:
    """As `is_told`, but that consent counts in an `allow` bank too, and quarantine takes nothing back."""
    if case.canary_of is not None:
        return case.is_on and reader.partner_id == case.canary_of
    is_read = not case.is_limited or case.access.get(reader.partner_id, (False, False))[0]
    return case.is_on and is_read and case.sharing.reaches(reader, at)


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def one_content(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Database, Bank, str]]:
    """A store with one content, which each example makes what it wants."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('store') / 'haechi.sqlite3'}"
    else:
        cluster = request.getfixturevalue("postgresql")
        cluster.create("visible")
        url = cluster.url("visible")
    with Database(url) as database:
        database.migrate()
        with database.write() as tx:
            VAULT.check(tx)
            made = bank.create_bank(tx, "known")
            key_id = bank.bank_key(tx, VAULT, made.id)
            content_id = bank.add_content(
                tx, VAULT, bank_id=made.id, key_id=key_id, signals=[pdq_value(1)]
            )
        yield database, made, content_id


@given(CASES, READERS, MOMENTS)
@hypothesis_settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_tables_tell_what_the_rule_says(
    one_content: tuple[Database, Bank, str], case: Case, reader: Reader | None, at: datetime
) -> None:
    database, made, content_id = one_content
    with database.write() as tx:
        _make(tx, made.id, content_id, case)
        entry = bank.content_by_id(tx, content_id)
        owners = bank.active_contents(tx, [entry.entry_id], reader=reader, at=at)
        expected = is_told(case, reader, at)
        assert owners == (
            {entry.entry_id: bank.Owner(content_id, made.id, case.is_quarantined)}
            if expected
            else {}
        )
        if reader is not None:
            handed = bank.contents_of(tx, made.id, reader=reader, at=at)
            assert bool(handed) is is_handed(case, reader, at)


def _make(tx: object, bank_id: str, content_id: str, case: Case) -> None:
    bank.change_bank(tx, bank_id, policy=case.policy, is_on=case.is_on, is_limited=case.is_limited)
    tx.execute(
        update(bank_table).where(bank_table.c.id == bank_id).values(canary_of=case.canary_of)
    )
    for partner_id in PARTNERS:
        may_read, may_write = case.access.get(partner_id, (False, False))
        bank.set_access(tx, bank_id, partner_id, may_read=may_read, may_write=may_write)
    (bank.quarantine if case.is_quarantined else bank.lift_quarantine)(tx, content_id)
    bank.set_sharing(tx, content_id, case.sharing)
    bank.set_status(tx, content_id, case.status)
    assert tx.scalar(content.select().with_only_columns(content.c.status)) == case.status
