# SPDX-License-Identifier: Apache-2.0
"""The bank tells a reader of exactly those contents that `Sharing.reaches` says, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from installations import KEYS, pdq_value
from sqlalchemy import select

from haechi.bank import (
    active_contents,
    add_content,
    end_expired_sharing,
    ensure_bank,
    set_sharing,
    sharing_of,
)
from haechi.bank._tables import content
from haechi.storage import Database, Vault
from haechi.values import PartnerKind, Reader, Sharing

VAULT = Vault(KEYS.master)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
# Few moments, close together: that an end falls on the very moment of a question is likely.
MOMENTS = st.integers(-3, 3).map(lambda count: NOON + timedelta(microseconds=count))
SHARINGS = st.builds(
    Sharing,
    st.frozensets(st.sampled_from(PartnerKind)),
    st.none() | MOMENTS,
    reaches_adult_services=st.booleans(),
)
READERS = st.builds(Reader, st.sampled_from(PartnerKind), st.booleans())


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def shared_contents(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Database, list[str]]]:
    """A store with four contents, which each example shares anew."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('sharing')}/haechi.sqlite3"
    else:
        cluster = request.getfixturevalue("postgresql")
        name = request.getfixturevalue("migrated_postgresql")
        cluster.empty_tables(name)
        url = cluster.url(name)
    with Database(url) as opened:
        opened.migrate()
        with opened.write() as tx:
            bank_id, key_id = ensure_bank(tx, "reports").id, VAULT.new_key(tx)
            ids = [
                add_content(tx, VAULT, bank_id=bank_id, key_id=key_id, signals=[pdq_value(1)])
                for _ in range(4)
            ]
        yield opened, ids


@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sharings=st.lists(SHARINGS, min_size=4, max_size=4), readers=st.lists(READERS), at=MOMENTS)
def test_the_bank_tells_what_the_rule_says(
    shared_contents: tuple[Database, list[str]],
    sharings: list[Sharing],
    readers: list[Reader],
    at: datetime,
) -> None:
    database, ids = shared_contents
    with database.write() as tx:
        for content_id, sharing in zip(ids, sharings, strict=True):
            set_sharing(tx, content_id, sharing)
        assert sharing_of(tx, ids) == dict(zip(ids, sharings, strict=True))
        numbers = tx.scalars(select(content.c.entry_id)).all()

        def told(reader: Reader | None) -> set[str]:
            found = active_contents(tx, numbers, reader=reader, at=at)
            return {owner.content_id for owner in found.values()}

        before = [told(reader) for reader in readers]
        for reader, found in zip(readers, before, strict=True):
            expected = {
                content_id
                for content_id, sharing in zip(ids, sharings, strict=True)
                if sharing.reaches(reader, at)
            }
            assert found == expected
        assert told(None) == set(ids)
        # To write down what has ended changes no answer at that moment.
        ended = end_expired_sharing(tx, at=at)
        assert ended == sum(one.until is not None and one.until <= at for one in sharings)
        assert [told(reader) for reader in readers] == before
        assert end_expired_sharing(tx, at=at) == 0
