# SPDX-License-Identifier: Apache-2.0
"""Banks as clients of Meta's HMA know them: a name of capitals, and on or off (docs/connect/hma.md).

A partner sees the banks that it may be told of, and makes banks of its own, which nobody else is told of.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from haechi import audit, bank
from haechi.bank import Bank
from haechi.errors import MalformedField, NotFound, NotYours
from haechi.values import Actor, ActorKind, BankPolicy, ContentStatus
from haechi.workflows._context import Context
from haechi.workflows._permissions import Scope, require_partner, require_scope

_NAME: Final = re.compile(r"[A-Z_][A-Z0-9_]*")
_MOST_NAME_CHARS: Final = 40
_OWN: Final = " of "
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class HmaBank:
    """A bank by the name its clients call it; `is_own` says that this partner made it."""

    name: str
    is_on: bool
    bank: Bank
    is_own: bool


def hma_banks(ctx: Context, actor: Actor) -> list[HmaBank]:
    """The banks that this partner may be told of, and its own that are off, by name.

    Raises:
        NeedsAccess, NotYours: no partner with the scope `match` or `contribute`.
    """
    require_hma_reader(actor)
    with ctx.database.read() as tx:
        return sorted(named_banks(tx, actor).values(), key=lambda one: one.name)


def create_hma_bank(ctx: Context, actor: Actor, *, name: str, is_on: bool) -> HmaBank | None:
    """A new bank that only this partner is told of and writes into; None if it sees one of that name.

    Raises:
        NeedsAccess, NotYours: no partner with the scope `contribute`. MalformedField: no possible name.
    """
    require_partner(actor, Scope.CONTRIBUTE)
    check_hma_name(name)
    with ctx.database.write() as tx:
        # Before the access version is, as whoever changes a bank has it.
        bank.lock_feed(tx)
        if name in named_banks(tx, actor):
            return None
        made = bank.create_bank(tx, _own_name(name, actor), is_on=is_on, is_limited=True)
        bank.set_access(tx, made.id, actor.id, may_read=True, may_write=True)
        audit.record(tx, actor, "create_bank", made.id, detail=f"on={is_on} limited=True")
    ctx.changed()
    return HmaBank(name, is_on, made, is_own=True)


def change_hma_bank(
    ctx: Context, actor: Actor, *, name: str, new_name: str | None, is_on: bool | None
) -> HmaBank:
    """A bank that this partner made, under another name or switched; None leaves it as it was.

    Raises:
        NeedsAccess: no partner. NotYours: without the scope `contribute`, or it did not make the bank.
        NotFound: it sees no such bank. MalformedField: no possible name, or it sees one of that name.
    """
    require_partner(actor, Scope.CONTRIBUTE)
    if new_name is not None:
        check_hma_name(new_name)
    with ctx.database.write() as tx:
        banks = named_banks(tx, actor)
        found = _own(banks, name)
        if new_name is not None and new_name != name and new_name in banks:
            raise MalformedField(field="name", reason="Bank already exists")
        changed = bank.change_bank(
            tx,
            found.bank.id,
            name=None if new_name is None else _own_name(new_name, actor),
            is_on=is_on,
        )
        audit.record(tx, actor, "change_bank", changed.id, detail=f"on={changed.is_on}")
    ctx.changed()
    return HmaBank(new_name or name, changed.is_on, changed, is_own=True)


def drop_hma_bank(ctx: Context, actor: Actor, *, name: str) -> None:
    """Withdraw all that is in a bank this partner made, and let go of the bank; none is no error.

    Raises:
        NeedsAccess: no partner. NotYours: without the scope `contribute`, or it did not make the bank.
    """
    require_partner(actor, Scope.CONTRIBUTE)
    with ctx.database.write() as tx:
        banks = named_banks(tx, actor)
        if name not in banks:
            return
        dropped = _own(banks, name).bank
        # At once for all, whatever the pieces below take.
        bank.change_bank(tx, dropped.id, name=f"dropped {dropped.id}", is_on=False)
        bank.set_access(tx, dropped.id, actor.id, may_read=False, may_write=False)
        audit.record(tx, actor, "drop_bank", dropped.id)
    ctx.changed()
    after = 0
    while True:
        with ctx.database.write() as tx:
            part = bank.contents_of(
                tx, dropped.id, after=after, limit=_AT_ONCE, statuses=_STILL_THERE
            )
            for content in part:
                bank.set_status(tx, content.id, ContentStatus.WITHDRAWN)
            if part:
                detail = f"contents={len(part)}"
                audit.record(tx, actor, "withdraw_contents", dropped.id, detail=detail)
        if not part:
            return
        after = part[-1].entry_id
        ctx.changed()


_STILL_THERE: Final = (ContentStatus.ACTIVE, ContentStatus.HELD)


def named_banks(tx: Connection, actor: Actor) -> dict[str, HmaBank]:
    """The banks that an actor sees, by the names that it knows them by; of the operator all."""
    banks = [one for one in bank.all_banks(tx).values() if one.canary_of is None]
    own: set[str] = set()
    if actor.kind is ActorKind.PARTNER:
        readable = bank.readable_banks(tx, actor.id)
        own = {one.id for one in banks if one.name.endswith(_OWN + actor.id)}
        banks = [one for one in banks if one.id in readable or one.id in own]
    shown = [one for one in banks if one.policy is not BankPolicy.ALLOW]
    names = _names(shown, actor)
    return {names[one.id]: HmaBank(names[one.id], one.is_on, one, one.id in own) for one in shown}


def require_hma_reader(actor: Actor) -> None:
    """Let partners with the scope `match` or `contribute` pass, and the operator.

    Raises:
        NeedsAccess: not a partner. NotYours: a partner with neither.
    """
    if Scope.CONTRIBUTE.value not in actor.scopes:
        require_scope(actor, Scope.MATCH)
    else:
        require_scope(actor, Scope.CONTRIBUTE)


def check_hma_name(name: str) -> str:
    """The name, if it is one that HMA takes.

    Raises:
        MalformedField: it is none.
    """
    if not _NAME.fullmatch(name):
        raise MalformedField(field="name", reason="Bank names must be UPPER_WITH_UNDERSCORE")
    if len(name) > _MOST_NAME_CHARS:
        reason = f"Bank names have at most {_MOST_NAME_CHARS} characters here"
        raise MalformedField(field="name", reason=reason)
    return name


def plain_name(name: str) -> str:
    """A bank's name in capitals, digits and underscores; nothing of what cannot be written so."""
    written = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")
    return f"_{written}" if written[:1].isdigit() else written


def _names(banks: Iterable[Bank], actor: Actor) -> dict[str, str]:
    """What each bank is called, by its id: itself, or in capitals; with a few digits where two would meet."""
    given: dict[str, str] = {}
    taken: set[str] = set()
    wanted = {one.id: one.name.removesuffix(_OWN + actor.id) for one in banks}
    # Who is called so already keeps it; then the oldest names of the alphabet.
    order = sorted(wanted, key=lambda one: (not _NAME.fullmatch(wanted[one]), wanted[one], one))
    for bank_id in order:
        name = wanted[bank_id]
        plain = name if _NAME.fullmatch(name) else plain_name(name)
        if not plain or plain in taken:
            digits = hashlib.sha256(bank_id.encode()).hexdigest()[:6].upper()
            plain = f"{plain or 'BANK'}_{digits}"
        taken.add(plain)
        given[bank_id] = plain
    return given


def _own(banks: dict[str, HmaBank], name: str) -> HmaBank:
    found = banks.get(name)
    if found is None:
        raise NotFound
    if not found.is_own:
        raise NotYours
    return found


def _own_name(name: str, actor: Actor) -> str:
    """A name that no bank of another partner has, so that nobody learns of those by trying names."""
    return f"{name}{_OWN}{actor.id}"
