# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from haechi.errors import BrokenStore
from haechi.evidence import forget_receipts, keep_receipt, receipts_of, sign_erasure
from haechi.evidence._tables import receipt as receipt_table
from haechi.storage import Database, Vault

AT = datetime(2026, 11, 22, 9, 5, tzinfo=UTC)


def _receipt(number: str) -> dict:
    return sign_erasure(b"s" * 32, case_number=number, erased_at=AT, item_count=1, sighting_count=0)


def test_receipts_come_back_as_they_were_signed_oldest_first(
    database: Database, vault: Vault
) -> None:
    with database.write() as tx:
        key_id = vault.new_key(tx)
        later = keep_receipt(tx, vault, key_id, "cas_1", _receipt("B"), AT + timedelta(days=1))
        first = keep_receipt(tx, vault, key_id, "cas_1", _receipt("A"), signed_at=AT)
        keep_receipt(tx, vault, key_id, "cas_2", _receipt("C"), AT)
        kept = receipts_of(tx, vault, key_id, "cas_1")
    assert [one.id for one in kept] == [first, later]
    assert [one.receipt for one in kept] == [_receipt("A"), _receipt("B")]
    assert [one.signed_at for one in kept] == [AT, AT + timedelta(days=1)]
    assert "signature" not in repr(kept)


def test_what_is_forgotten_is_gone_and_nothing_else(database: Database, vault: Vault) -> None:
    with database.write() as tx:
        key_id = vault.new_key(tx)
        for case_id in ("cas_1", "cas_1", "cas_2"):
            keep_receipt(tx, vault, key_id, case_id, _receipt("A"), AT)
        forget_receipts(tx, "cas_1")
        forget_receipts(tx, "cas_1")
        assert receipts_of(tx, vault, key_id, "cas_1") == []
        assert len(receipts_of(tx, vault, key_id, "cas_2")) == 1


def test_a_receipt_is_sealed_under_the_key_of_its_case(database: Database, vault: Vault) -> None:
    with database.write() as tx:
        key_id, other_key = vault.new_key(tx), vault.new_key(tx)
        for _ in range(2):
            keep_receipt(tx, vault, key_id, "cas_1", _receipt("7KQ2-M4XR"), AT)
        (one, two) = tx.execute(select(receipt_table)).all()
        assert b"7KQ2" not in one.sealed + two.sealed
        assert json.dumps(_receipt("7KQ2-M4XR")).encode()[:20] not in one.sealed
        with pytest.raises(BrokenStore):
            receipts_of(tx, vault, other_key, "cas_1")
        assert len(receipts_of(tx, vault, key_id, "cas_1")) == 2
        # A sealed receipt in the place of another does not open.
        tx.execute(
            update(receipt_table).where(receipt_table.c.id == two.id).values(sealed=one.sealed)
        )
        with pytest.raises(BrokenStore):
            receipts_of(tx, vault, key_id, "cas_1")


def test_erasing_the_case_erases_its_receipts(database: Database, vault: Vault) -> None:
    with database.write() as tx:
        key_id = vault.new_key(tx)
        keep_receipt(tx, vault, key_id, "cas_1", _receipt("A"), AT)
        vault.destroy_key(tx, key_id)
        with pytest.raises(BrokenStore):
            receipts_of(tx, vault, key_id, "cas_1")
        with pytest.raises(BrokenStore):
            keep_receipt(tx, vault, key_id, "cas_1", _receipt("A"), AT)
