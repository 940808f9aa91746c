# SPDX-License-Identifier: Apache-2.0
"""Banks, as those who run the installation make, change and read them."""

from __future__ import annotations

from dataclasses import dataclass

from haechi import audit, bank, exchange
from haechi.bank import Bank, Content, ContentCounts
from haechi.values import (
    PDQ_MATCH_RADIUS_BITS,
    Actor,
    BankPolicy,
    ContentStatus,
    StaffRole,
)
from haechi.workflows._bank_writers import checked_writer
from haechi.workflows._context import Context
from haechi.workflows._permissions import Duty, require_duty

_NO_CONTENTS = ContentCounts()
_EVERY_STATUS = tuple(ContentStatus)


@dataclass(frozen=True, slots=True)
class BankSummary:
    """A bank and how many contents it has."""

    bank: Bank
    counts: ContentCounts


@dataclass(frozen=True, slots=True)
class PartnerAccess:
    """What one partner, by its name, may do with a bank."""

    partner: str
    may_read: bool
    may_write: bool


@dataclass(frozen=True, slots=True)
class BankView:
    """A bank with what was said of partners, and a page of its contents in the order in which they came.

    `after` is where the next page begins; None on the last.
    """

    bank: Bank
    counts: ContentCounts
    access: tuple[PartnerAccess, ...]
    contents: tuple[Content, ...]
    after: int | None


def create_bank(
    ctx: Context,
    actor: Actor,
    *,
    name: str,
    policy: BankPolicy = BankPolicy.BLOCK,
    radius_bits: int = PDQ_MATCH_RADIUS_BITS,
    note: str = "",
    is_on: bool = True,
    is_limited: bool = False,
    writer_role: StaffRole = StaffRole.LEAD,
) -> Bank:
    """A new bank.

    Raises:
        NeedsAccess, NotYours: not one who writes banks. MalformedField: a value cannot be used, or there is
            a bank of that name.
    """
    require_duty(actor, Duty.WRITE_BANKS)
    with ctx.database.write() as tx:
        made = bank.create_bank(
            tx,
            name,
            policy=policy,
            radius_bits=radius_bits,
            note=note,
            is_on=is_on,
            is_limited=is_limited,
            writer_role=checked_writer(writer_role),
        )
        audit.record(tx, actor, "create_bank", made.id, detail=_told(made))
    ctx.changed()
    return made


def change_bank(
    ctx: Context,
    actor: Actor,
    *,
    name: str,
    new_name: str | None = None,
    policy: BankPolicy | None = None,
    radius_bits: int | None = None,
    note: str | None = None,
    is_on: bool | None = None,
    is_limited: bool | None = None,
    writer_role: StaffRole | None = None,
) -> Bank:
    """The bank as it is now; None leaves a fact as it was. It counts from the next question on.

    Raises:
        NeedsAccess, NotYours: not one who writes banks. NotFound: no such bank.
        MalformedField: a value cannot be used, or there is another bank of that name.
    """
    require_duty(actor, Duty.WRITE_BANKS)
    with ctx.database.write() as tx:
        changed = bank.change_bank(
            tx,
            bank.bank_named(tx, name).id,
            name=new_name,
            policy=policy,
            radius_bits=radius_bits,
            note=note,
            is_on=is_on,
            is_limited=is_limited,
            writer_role=None if writer_role is None else checked_writer(writer_role),
        )
        audit.record(tx, actor, "change_bank", changed.id, detail=_told(changed))
    ctx.changed()
    return changed


def list_banks(ctx: Context, actor: Actor) -> list[BankSummary]:
    """Every bank by its name, but those of values made up for partners.

    Raises:
        NeedsAccess, NotYours: not one who reads banks.
    """
    require_duty(actor, Duty.READ_BANKS)
    with ctx.database.read() as tx:
        counts = bank.contents_by_bank(tx)
        banks = [one for one in bank.all_banks(tx).values() if one.canary_of is None]
    banks.sort(key=lambda one: one.name)
    return [BankSummary(one, counts.get(one.id, _NO_CONTENTS)) for one in banks]


def read_bank(
    ctx: Context,
    actor: Actor,
    *,
    name: str,
    after: int = 0,
    limit: int = 50,
    status: ContentStatus | None = None,
    is_quarantined: bool | None = None,
) -> BankView:
    """A bank and a page of its contents, narrowed by what is given; never their signals. It is recorded.

    Raises:
        NeedsAccess, NotYours: not one who reads banks. NotFound: no such bank.
    """
    require_duty(actor, Duty.READ_BANKS)
    with ctx.database.write() as tx:
        found = bank.bank_named(tx, name)
        contents = bank.contents_of(
            tx,
            found.id,
            after=after,
            limit=limit + 1,
            statuses=_EVERY_STATUS if status is None else (status,),
            is_quarantined=is_quarantined,
        )
        names = {partner.id: partner.name for partner in exchange.all_partners(tx)}
        access = tuple(
            PartnerAccess(names.get(one.partner_id, ""), one.may_read, one.may_write)
            for one in bank.access_of(tx, found.id)
        )
        counts = bank.contents_by_bank(tx, found.id).get(found.id, _NO_CONTENTS)
        audit.record(tx, actor, "view_bank", found.id)
    page = tuple(contents[:limit])
    next_after = page[-1].entry_id if len(contents) > limit and page else None
    return BankView(found, counts, access, page, next_after)


def set_bank_access(
    ctx: Context, actor: Actor, *, name: str, partner: str, may_read: bool, may_write: bool
) -> None:
    """Say what a partner may do with a bank from now on: be told of it if it is limited, write into it.

    Raises:
        NeedsAccess, NotYours: not one who manages partners. NotFound: no such bank or partner.
    """
    require_duty(actor, Duty.PARTNERS)
    with ctx.database.write() as tx:
        found = bank.bank_named(tx, name)
        partner_id = exchange.partner_named(tx, partner).id
        bank.set_access(tx, found.id, partner_id, may_read=may_read, may_write=may_write)
        detail = f"partner={partner_id} reads={may_read} writes={may_write}"
        audit.record(tx, actor, "set_bank_access", found.id, detail=detail)
    ctx.changed()


def _told(one: Bank) -> str:
    """The choices in the audit log; the name and the note are in the bank."""
    return (
        f"policy={one.policy} radius={one.radius_bits} on={one.is_on} limited={one.is_limited}"
        f" writers={one.writer_role}"
    )
