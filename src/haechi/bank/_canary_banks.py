# SPDX-License-Identifier: Apache-2.0
"""A bank of made-up values for each partner that copies ours: told to that partner and to nobody else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, insert, select

from haechi.bank._banks import Bank, all_banks
from haechi.bank._tables import bank, content, content_signal
from haechi.storage import KeyId, Vault, new_id
from haechi.values import PDQ_MATCH_RADIUS_BITS, BankPolicy, utc_now

_MOST_NUMBERS: Final = 500
"""So many go into one statement: engines have a limit."""


def canary_bank(tx: Connection, partner_id: str, *, policy: BankPolicy) -> Bank:
    """The bank of this partner's made-up values; made if there is none yet."""
    found = tx.scalar(select(bank.c.id).where(bank.c.canary_of == partner_id))
    if found is None:
        found = new_id("bnk")
        tx.execute(
            insert(bank).values(
                id=found,
                # Names are given once; this one is shown to nobody.
                name=f"canary {partner_id}",
                policy=policy.value,
                radius_bits=PDQ_MATCH_RADIUS_BITS,
                is_limited=True,
                canary_of=partner_id,
                created_at=utc_now(),
            )
        )
    return all_banks(tx)[found]


def canary_banks(tx: Connection, partner_id: str) -> list[str]:
    """The id of the bank of this partner's made-up values, if there is one."""
    return list(tx.scalars(select(bank.c.id).where(bank.c.canary_of == partner_id)))


def canary_ids(tx: Connection, partner_id: str) -> list[str]:
    """The contents that were made up for this partner."""
    rows = tx.scalars(
        select(content.c.id)
        .join(bank, bank.c.id == content.c.bank_id)
        .where(bank.c.canary_of == partner_id)
        .order_by(content.c.entry_id)
    )
    return list(rows)


def canary_values(tx: Connection, vault: Vault) -> list[tuple[str, bytes]]:
    """For each value that was made up the partner it was made for, and the value of 32 bytes."""
    rows = tx.execute(
        select(bank.c.canary_of, content.c.key_id, content_signal.c.sealed, content.c.entry_id)
        .join(content, content.c.bank_id == bank.c.id)
        .join(content_signal, content_signal.c.entry_id == content.c.entry_id)
        .where(bank.c.canary_of.is_not(None))
        .order_by(content.c.entry_id)
    ).all()
    values = vault.open_many(
        tx, [(KeyId(row.key_id), row.sealed, f"content:{row.entry_id}") for row in rows]
    )
    return [
        (row.canary_of, value) for row, value in zip(rows, values, strict=True) if value is not None
    ]


def canaries_among(tx: Connection, entry_ids: Iterable[int]) -> dict[int, str]:
    """For each of these entries that was made up for a partner, that partner's id."""
    numbers = list(entry_ids)
    found: dict[int, str] = {}
    for first in range(0, len(numbers), _MOST_NUMBERS):
        rows = tx.execute(
            select(content.c.entry_id, bank.c.canary_of)
            .join(bank, bank.c.id == content.c.bank_id)
            .where(
                content.c.entry_id.in_(numbers[first : first + _MOST_NUMBERS]),
                bank.c.canary_of.is_not(None),
            )
        )
        found.update({row.entry_id: row.canary_of for row in rows})
    return found
