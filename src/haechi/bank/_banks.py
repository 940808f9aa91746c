# SPDX-License-Identifier: Apache-2.0
"""Banks: named sets of contents with a policy and a radius."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from haechi.bank._tables import bank
from haechi.storage import new_id
from haechi.values import PDQ_MATCH_RADIUS_BITS, BankPolicy, utc_now


@dataclass(frozen=True, slots=True)
class Bank:
    """A named set of contents; `radius_bits` is how far a PDQ value may be from one of them."""

    id: str
    name: str
    policy: BankPolicy
    radius_bits: int


def ensure_bank(
    tx: Connection,
    name: str,
    *,
    policy: BankPolicy = BankPolicy.BLOCK,
    radius_bits: int = PDQ_MATCH_RADIUS_BITS,
) -> Bank:
    """The bank of that name; made with this policy and radius if there is none yet."""
    row = tx.execute(select(bank).where(bank.c.name == name)).one_or_none()
    if row is not None:
        return Bank(row.id, row.name, BankPolicy(row.policy), row.radius_bits)
    made = Bank(new_id("bnk"), name, policy, radius_bits)
    tx.execute(
        insert(bank).values(
            id=made.id,
            name=name,
            policy=policy.value,
            radius_bits=radius_bits,
            created_at=utc_now(),
        )
    )
    return made


def all_banks(tx: Connection) -> dict[str, Bank]:
    """Every bank, by its id."""
    return {
        row.id: Bank(row.id, row.name, BankPolicy(row.policy), row.radius_bits)
        for row in tx.execute(select(bank))
    }
