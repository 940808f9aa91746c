# SPDX-License-Identifier: Apache-2.0
"""Banks: named sets of contents with a policy and a radius."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select
from sqlalchemy.exc import IntegrityError

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
        return _bank(row)
    try:
        with tx.begin_nested():
            tx.execute(
                insert(bank).values(
                    id=new_id("bnk"),
                    name=name,
                    policy=policy.value,
                    radius_bits=radius_bits,
                    created_at=utc_now(),
                )
            )
    except IntegrityError:
        pass  # another process made it at the same moment: that one counts
    return _bank(tx.execute(select(bank).where(bank.c.name == name)).one())


def all_banks(tx: Connection) -> dict[str, Bank]:
    """Every bank, by its id."""
    return {row.id: _bank(row) for row in tx.execute(select(bank))}


def _bank(row: Row[Any]) -> Bank:
    return Bank(row.id, row.name, BankPolicy(row.policy), row.radius_bits)
