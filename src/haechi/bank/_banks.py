# SPDX-License-Identifier: Apache-2.0
"""Banks: named sets of contents with a policy and a radius, and who may read and write each."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from haechi.bank._feed import lock_feed, touch_access, touch_bank
from haechi.bank._tables import bank
from haechi.errors import MalformedField, NotFound
from haechi.storage import KeyId, Vault, new_id
from haechi.values import PDQ_MATCH_RADIUS_BITS, BankPolicy, StaffRole, utc_now

REPORTS_BANK: Final = "reports"
"""The bank of what people report themselves."""

_MOST_NAME_CHARACTERS: Final = 80
_MOST_NOTE_CHARACTERS: Final = 500
_NO_NAME: Final = frozenset("/\\?#%")
"""Names stand in addresses and in folders."""


@dataclass(frozen=True, slots=True)
class Bank:
    """A named set of contents; `radius_bits` is how far a PDQ value may be from one of them.

    One that is not `is_on` is matched by nobody; of one that `is_limited` only the partners that may
    read it are told. `writer_role` is the least role of those who may write into it. `canary_of` is the
    partner that its values were made up for, where they were.
    """

    id: str
    name: str
    policy: BankPolicy
    radius_bits: int
    note: str = ""
    is_on: bool = True
    is_limited: bool = False
    writer_role: StaffRole = StaffRole.LEAD
    canary_of: str | None = None

    @property
    def told_name(self) -> str:
        """The name under which a partner is told of it: made-up values look like any other report."""
        return self.name if self.canary_of is None else REPORTS_BANK


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


def create_bank(
    tx: Connection,
    name: str,
    *,
    policy: BankPolicy = BankPolicy.BLOCK,
    radius_bits: int = PDQ_MATCH_RADIUS_BITS,
    note: str = "",
    is_on: bool = True,
    is_limited: bool = False,
    writer_role: StaffRole = StaffRole.LEAD,
) -> Bank:
    """A new bank.

    Raises:
        MalformedField: there is one of that name, or a value cannot be used.
    """
    made: dict[str, Any] = {
        "id": new_id("bnk"),
        "name": checked_name(name),
        "policy": policy.value,
        "radius_bits": _checked_radius(radius_bits),
        "note": _checked_note(note),
        "is_on": is_on,
        "is_limited": is_limited,
        "writer_role": writer_role.value,
        "created_at": utc_now(),
    }
    try:
        with tx.begin_nested():
            tx.execute(insert(bank).values(**made))
    except IntegrityError as error:
        raise _name_is_taken() from error
    touch_access(tx)
    return bank_by_id(tx, made["id"])


def change_bank(
    tx: Connection,
    bank_id: str,
    *,
    name: str | None = None,
    policy: BankPolicy | None = None,
    radius_bits: int | None = None,
    note: str | None = None,
    is_on: bool | None = None,
    is_limited: bool | None = None,
    writer_role: StaffRole | None = None,
) -> Bank:
    """The bank as it is now; None leaves a fact as it was.

    Whoever copied from it is told of each of its contents anew, if what they are told is another now.

    Raises:
        NotFound: no such bank. MalformedField: there is another of that name, or a value cannot be used.
    """
    columns: dict[str, Any] = {
        "name": None if name is None else checked_name(name),
        "policy": None if policy is None else policy.value,
        "radius_bits": None if radius_bits is None else _checked_radius(radius_bits),
        "note": None if note is None else _checked_note(note),
        "is_on": is_on,
        "is_limited": is_limited,
        "writer_role": None if writer_role is None else writer_role.value,
    }
    changed = {column: value for column, value in columns.items() if value is not None}
    lock_feed(tx)
    before = bank_by_id(tx, bank_id)
    if changed:
        try:
            with tx.begin_nested():
                tx.execute(update(bank).where(bank.c.id == bank_id).values(**changed))
        except IntegrityError as error:
            raise _name_is_taken() from error
        touch_access(tx)
    after = bank_by_id(tx, bank_id)
    if _as_told(before) != _as_told(after):
        touch_bank(tx, bank_id)
    return after


def all_banks(tx: Connection) -> dict[str, Bank]:
    """Every bank, by its id; those of made-up values too."""
    return {row.id: _bank(row) for row in tx.execute(select(bank))}


def bank_by_id(tx: Connection, bank_id: str) -> Bank:
    """The bank with this id.

    Raises:
        NotFound: there is none.
    """
    return _found(tx.execute(select(bank).where(bank.c.id == bank_id)).one_or_none())


def bank_named(tx: Connection, name: str) -> Bank:
    """The bank of that name; never one of made-up values, which is shown to nobody.

    Raises:
        NotFound: there is none.
    """
    query = select(bank).where(bank.c.name == name, bank.c.canary_of.is_(None))
    return _found(tx.execute(query).one_or_none())


def bank_key(tx: Connection, vault: Vault, bank_id: str) -> KeyId:
    """The key of what came into the bank by no case; made when it is asked for the first time.

    Raises:
        NotFound: no such bank.
    """
    query = select(bank.c.key_id).where(bank.c.id == bank_id)
    found = tx.execute(query).one_or_none()
    if found is not None and found.key_id is None:
        # Of two at once one makes it. The feed comes first, as everywhere: nobody waits in a circle.
        lock_feed(tx)
        found = tx.execute(query.with_for_update(key_share=True)).one_or_none()
    if found is None:
        raise NotFound
    if found.key_id is not None:
        return KeyId(found.key_id)
    key_id = vault.new_key(tx)
    tx.execute(update(bank).where(bank.c.id == bank_id).values(key_id=key_id))
    return key_id


def _as_told(one: Bank) -> tuple[object, ...]:
    """What of a bank decides what its readers are told."""
    return one.name, one.policy, one.radius_bits, one.is_on, one.is_limited


def checked_name(name: str) -> str:
    """The name as it is stored.

    Raises:
        MalformedField: it is none that we can use.
    """
    stored = unicodedata.normalize("NFC", name.strip())
    if not 1 <= len(stored) <= _MOST_NAME_CHARACTERS:
        raise MalformedField(
            field="name", reason=f"A bank's name has 1 to {_MOST_NAME_CHARACTERS} characters."
        )
    if not stored.isprintable() or _NO_NAME & set(stored) or stored in {".", ".."}:
        raise MalformedField(
            field="name", reason="A bank's name has no control characters and none of / \\ ? # %."
        )
    return stored


def _checked_radius(radius_bits: int) -> int:
    if not 0 <= radius_bits <= PDQ_MATCH_RADIUS_BITS:
        raise MalformedField(
            field="radius_bits",
            reason=f"A bank's radius lies between 0 and {PDQ_MATCH_RADIUS_BITS} bits.",
        )
    return radius_bits


def _checked_note(note: str) -> str:
    if len(note) > _MOST_NOTE_CHARACTERS:
        raise MalformedField(
            field="note", reason=f"A bank's note has at most {_MOST_NOTE_CHARACTERS} characters."
        )
    return note


def _name_is_taken() -> MalformedField:
    return MalformedField(field="name", reason="There is a bank of that name already.")


def _found(row: Row[Any] | None) -> Bank:
    if row is None:
        raise NotFound
    return _bank(row)


def _bank(row: Row[Any]) -> Bank:
    return Bank(
        row.id,
        row.name,
        BankPolicy(row.policy),
        row.radius_bits,
        row.note,
        row.is_on,
        row.is_limited,
        StaffRole(row.writer_role),
        row.canary_of,
    )
