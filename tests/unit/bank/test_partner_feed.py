# SPDX-License-Identifier: Apache-2.0
"""The feed as a partner is told it, and how it is kept short, on both engines."""

from __future__ import annotations

from datetime import timedelta

import pytest
from installations import digest, pdq_value
from sqlalchemy import Connection, func, select

from haechi import bank
from haechi.bank._tables import feed_change
from haechi.storage import Database, Vault
from haechi.values import (
    BankPolicy,
    ContentStatus,
    PartnerKind,
    Reader,
    Sharing,
    Signal,
    SignalType,
    utc_now,
)

PLATFORM = Reader(PartnerKind.PLATFORM, serves_adults_only=False, partner_id="ptn_1")
OTHER = Reader(PartnerKind.PLATFORM, serves_adults_only=False, partner_id="ptn_2")
REGIONS = Signal(SignalType.RPDQ, b"\x01\xff\xff\xff\xff" + b"R" * 38)


@pytest.fixture
def bank_id(database: Database) -> str:
    with database.write() as tx:
        return bank.ensure_bank(tx, "reports").id


def video(frames: int) -> Signal:
    one = b"F" * 32 + b"\x64"
    value = b"".join(one + (second * 1000).to_bytes(4) for second in range(frames))
    return Signal(SignalType.VPDQ, value)


def add(tx: Connection, vault: Vault, bank_id: str, *signals: Signal, **more: object) -> str:
    key_id = vault.new_key(tx)
    return bank.add_content(
        tx, vault, bank_id=bank_id, key_id=key_id, signals=signals or (pdq_value(1),), **more
    )


def told(tx: Connection, vault: Vault, reader: Reader = PLATFORM, seq: int = 0, limit: int = 100):
    return bank.changes_for(tx, vault, reader, seq, at=utc_now(), limit=limit)


def steps_left(tx: Connection) -> int:
    return tx.scalar(select(func.count()).select_from(feed_change))


def test_only_what_partners_are_handed(database: Database, vault: Vault, bank_id: str) -> None:
    wanted = (pdq_value(1), digest(1, SignalType.MD5))
    with database.write() as tx:
        add(tx, vault, bank_id, *wanted, digest(2), REGIONS)
        only_ours = add(tx, vault, bank_id, digest(3), REGIONS)
        first, second = told(tx, vault).steps
    assert first.present is not None
    assert first.present.signals == wanted
    assert (first.present.bank, first.present.radius_bits) == ("reports", 31)
    assert (second.content_id, second.present) == (only_ours, None)


def test_the_moment_it_ends_is_told(database: Database, vault: Vault, bank_id: str) -> None:
    until = utc_now() + timedelta(hours=1)
    with database.write() as tx:
        add(tx, vault, bank_id, sharing=Sharing(until=until))
        (step,) = told(tx, vault).steps
    assert step.present is not None
    assert step.present.until == until


def test_of_two_steps_the_later_is_told(database: Database, vault: Vault, bank_id: str) -> None:
    with database.write() as tx:
        content_id = add(tx, vault, bank_id)
        bank.set_status(tx, content_id, ContentStatus.WITHDRAWN)
        answer = told(tx, vault)
    assert [(step.seq, step.present) for step in answer.steps] == [(2, None)]
    assert (answer.next_seq, answer.head) == (2, 2)


def test_pages_join_to_the_whole(database: Database, vault: Vault, bank_id: str) -> None:
    with database.write() as tx:
        made = [add(tx, vault, bank_id, pdq_value(number)) for number in range(5)]
        seq, found = 0, []
        while seq < 5:
            answer = told(tx, vault, seq=seq, limit=2)
            found += [step.content_id for step in answer.steps]
            assert answer.next_seq > seq
            seq = answer.next_seq
        assert told(tx, vault, seq=5).steps == ()
    assert found == made


def test_long_videos_come_a_few_at_once(
    database: Database, vault: Vault, bank_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("haechi.bank._partner_feed._MOST_SEALED_BYTES", 3000)
    with database.write() as tx:
        for _ in range(3):
            add(tx, vault, bank_id, video(40))
        seqs = []
        while not seqs or seqs[-1] < 3:
            seqs.append(told(tx, vault, seq=seqs[-1] if seqs else 0).next_seq)
    assert seqs == [1, 2, 3]


def test_values_made_up_for_another_are_not_even_passed_over(
    database: Database, vault: Vault
) -> None:
    with database.write() as tx:
        own = bank.canary_bank(tx, "ptn_1", policy=BankPolicy.REVIEW)
        add(tx, vault, own.id, sharing=Sharing(frozenset()))
        (step,) = told(tx, vault).steps
        assert step.present is not None
        assert step.present.bank == "reports"
        answer = told(tx, vault, OTHER)
    assert (answer.steps, answer.next_seq) == ((), 1)


def test_a_limited_bank_is_its_readers_alone(
    database: Database, vault: Vault, bank_id: str
) -> None:
    with database.write() as tx:
        content_id = add(tx, vault, bank_id)
        bank.change_bank(tx, bank_id, is_limited=True)
        bank.set_access(tx, bank_id, "ptn_1", may_read=True, may_write=False)
        assert told(tx, vault).steps[-1].present is not None
        last = told(tx, vault, OTHER).steps[-1]
    assert (last.content_id, last.present) == (content_id, None)


def test_a_bank_that_changed_is_told_anew(database: Database, vault: Vault, bank_id: str) -> None:
    with database.write() as tx:
        active = [add(tx, vault, bank_id) for _ in range(3)]
        bank.set_status(tx, add(tx, vault, bank_id), ContentStatus.WITHDRAWN)
        before = bank.feed_position(tx)
        assert bank.touch_bank(tx, bank_id) == 3
        assert bank.feed_position(tx) == before + 3
        answer = told(tx, vault, seq=before)
    assert [step.content_id for step in answer.steps] == active
    assert [step.seq for step in answer.steps] == [before + 1, before + 2, before + 3]


def test_the_name_of_the_feed(database: Database, vault: Vault) -> None:
    with database.write() as tx:
        assert bank.feed_id(tx, PLATFORM) is None
        bank.begin_feed(tx)
        name = bank.feed_id(tx, PLATFORM)
        bank.begin_feed(tx)
        assert bank.feed_id(tx, PLATFORM) == name
        narrower = Reader(PartnerKind.PLATFORM, serves_adults_only=True, partner_id="ptn_1")
        assert len({name, bank.feed_id(tx, OTHER), bank.feed_id(tx, narrower)}) == 3


def test_superseded_steps_go_and_nothing_is_missed(
    database: Database, vault: Vault, bank_id: str
) -> None:
    with database.write() as tx:
        first, second = add(tx, vault, bank_id), add(tx, vault, bank_id)
        bank.set_status(tx, first, ContentStatus.HELD)
        bank.set_status(tx, first, ContentStatus.ACTIVE)
        assert bank.is_compaction_due(tx, before=utc_now() - timedelta(days=1))
        while bank.drop_superseded(tx, limit=1):
            pass
        assert not bank.is_compaction_due(tx, before=utc_now() - timedelta(days=1))
        assert steps_left(tx) == 2
        assert [step.content_id for step in told(tx, vault).steps] == [second, first]
        assert bank.compacted_to(tx) == 0


def test_withdrawals_of_long_ago_go(database: Database, vault: Vault, bank_id: str) -> None:
    with database.write() as tx:
        kept = add(tx, vault, bank_id)
        bank.set_status(tx, add(tx, vault, bank_id), ContentStatus.WITHDRAWN)
        long_ago, soon = utc_now() - timedelta(days=1), utc_now() + timedelta(days=1)
        assert bank.drop_tombstones(tx, before=long_ago, limit=10) == 0
        assert bank.drop_tombstones(tx, before=soon, limit=10) == 3
        assert bank.drop_tombstones(tx, before=soon, limit=10) == 0
        assert bank.compacted_to(tx) == 3
        answer = told(tx, vault)
    assert [step.content_id for step in answer.steps] == [kept]
    assert (answer.next_seq, answer.compacted) == (3, 3)
