# SPDX-License-Identifier: Apache-2.0
"""Receipts as they are kept: sealed under the key of their case, so that erasing it erases them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from haechi.evidence._tables import receipt as receipt_table
from haechi.storage import KeyId, Vault, new_id


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """One receipt of a case, kept so that she can have it again."""

    id: str
    signed_at: datetime
    receipt: dict[str, Any] = field(repr=False)


def keep_receipt(
    tx: Connection,
    vault: Vault,
    key_id: KeyId,
    case_id: str,
    receipt: Mapping[str, Any],
    signed_at: datetime,
) -> str:
    """Keep a receipt with its case, and return its id.

    Raises:
        BrokenStore: the key of the case is destroyed or not there.
    """
    receipt_id = new_id("rcp")
    text = json.dumps(receipt, ensure_ascii=False).encode()
    tx.execute(
        insert(receipt_table).values(
            id=receipt_id,
            case_id=case_id,
            sealed=vault.seal(tx, key_id, text, context=f"receipt:{receipt_id}"),
            signed_at=signed_at,
        )
    )
    return receipt_id


def receipts_of(tx: Connection, vault: Vault, key_id: KeyId, case_id: str) -> list[StoredReceipt]:
    """Every receipt of a case, oldest first.

    Raises:
        BrokenStore: the key of the case is destroyed or not there, or a receipt was altered.
    """
    rows = tx.execute(
        select(receipt_table)
        .where(receipt_table.c.case_id == case_id)
        .order_by(receipt_table.c.signed_at, receipt_table.c.id)
    ).all()
    return [
        StoredReceipt(
            row.id,
            row.signed_at,
            json.loads(vault.open(tx, key_id, row.sealed, context=f"receipt:{row.id}")),
        )
        for row in rows
    ]


def forget_receipts(tx: Connection, case_id: str) -> None:
    """Drop every receipt of a case; those that she saved go on holding."""
    tx.execute(delete(receipt_table).where(receipt_table.c.case_id == case_id))
