# SPDX-License-Identifier: Apache-2.0
"""Who may write into a bank: those of the staff whom the bank names, and partners that were let in."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from haechi import bank
from haechi.bank import Bank
from haechi.errors import MalformedField, NotFound, NotYours
from haechi.values import Actor, ActorKind, StaffRole
from haechi.workflows._permissions import Duty, Scope, may, require_duty, require_scope

WRITER_ROLES: Final = (StaffRole.WORKER, StaffRole.LEAD)
"""The roles that a bank can name, the least first: who gives access does not decide what is matched."""


def checked_writer(role: StaffRole) -> StaffRole:
    """The role, if a bank can name it.

    Raises:
        MalformedField: it cannot.
    """
    if role not in WRITER_ROLES:
        raise MalformedField(
            field="writer_role", reason="A bank is written by workers and leads, or by leads alone."
        )
    return role


def require_writer_of_some(actor: Actor) -> None:
    """Let pass whoever may write into a bank that lets them; before anything is looked up.

    Raises:
        NeedsAccess: nobody that we know. NotYours: somebody who writes into no bank.
    """
    if actor.kind is ActorKind.PARTNER:
        require_scope(actor, Scope.CONTRIBUTE)
    elif actor.role is not StaffRole.WORKER or not may(actor, Duty.READ_BANKS):
        require_duty(actor, Duty.WRITE_BANKS)


def bank_to_write(tx: Connection, actor: Actor, name: str) -> Bank:
    """The bank of that name, into which this actor may write.

    Raises:
        NeedsAccess, NotYours: the actor may not write into it. NotFound: there is none, or not for it.
    """
    require_writer_of_some(actor)
    found = bank.bank_named(tx, name)
    if actor.kind is ActorKind.PARTNER:
        if bank.may_write(tx, found.id, actor.id):
            return found
        # Whether there is a bank that it may not know of is not said.
        raise NotYours if found.id in bank.readable_banks(tx, actor.id) else NotFound
    if found.writer_role is not StaffRole.WORKER:
        require_duty(actor, Duty.WRITE_BANKS)
    return found
