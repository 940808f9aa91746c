# SPDX-License-Identifier: Apache-2.0
"""Which partners may read a limited bank, and which may write into one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from haechi.bank._banks import bank_by_id
from haechi.bank._feed import lock_feed, touch_access, touch_bank
from haechi.bank._tables import bank, bank_access


@dataclass(frozen=True, slots=True)
class BankAccess:
    """What one partner may do with one bank: `may_read` says nothing in a bank that is not limited."""

    bank_id: str
    partner_id: str
    may_read: bool
    may_write: bool


def set_access(
    tx: Connection, bank_id: str, partner_id: str, *, may_read: bool, may_write: bool
) -> None:
    """Say what this partner may do with this bank from now on; neither: nothing that others may not.

    If that changes what it is told, each content of the bank is told anew.

    Raises:
        NotFound: no such bank.
    """
    lock_feed(tx)
    is_limited = bank_by_id(tx, bank_id).is_limited
    could_read = bank_id in readable_banks(tx, partner_id)
    tx.execute(
        delete(bank_access).where(
            bank_access.c.bank_id == bank_id, bank_access.c.partner_id == partner_id
        )
    )
    if may_read or may_write:
        row = {"bank_id": bank_id, "partner_id": partner_id}
        tx.execute(insert(bank_access).values(**row, may_read=may_read, may_write=may_write))
    touch_access(tx)
    if is_limited and could_read != (bank_id in readable_banks(tx, partner_id)):
        touch_bank(tx, bank_id)


def access_of(tx: Connection, bank_id: str) -> list[BankAccess]:
    """What was said of each partner for this bank, by the partner's id."""
    rows = tx.execute(
        select(bank_access)
        .where(bank_access.c.bank_id == bank_id)
        .order_by(bank_access.c.partner_id)
    )
    return [BankAccess(row.bank_id, row.partner_id, row.may_read, row.may_write) for row in rows]


def may_write(tx: Connection, bank_id: str, partner_id: str) -> bool:
    """Whether this partner may write into this bank."""
    found = tx.scalar(
        select(bank_access.c.may_write).where(
            bank_access.c.bank_id == bank_id, bank_access.c.partner_id == partner_id
        )
    )
    return bool(found)


def readable_banks(tx: Connection, partner_id: str) -> frozenset[str]:
    """The ids of the banks that this partner may be told of by name: on, and limited to others not.

    The bank of the values that were made up for it is none of them.
    """
    own = select(bank_access.c.bank_id).where(
        bank_access.c.partner_id == partner_id, bank_access.c.may_read
    )
    rows = tx.scalars(
        select(bank.c.id).where(
            bank.c.canary_of.is_(None), bank.c.is_on, ~bank.c.is_limited | bank.c.id.in_(own)
        )
    )
    return frozenset(rows)
