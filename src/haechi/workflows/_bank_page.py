# SPDX-License-Identifier: Apache-2.0
"""A bank by its id, as addresses of the console name it."""

from __future__ import annotations

from haechi import bank
from haechi.bank import Bank
from haechi.errors import NotFound
from haechi.values import Actor
from haechi.workflows._context import Context
from haechi.workflows._permissions import Duty, require_duty


def find_bank(ctx: Context, actor: Actor, *, bank_id: str) -> Bank:
    """The bank of this id, without its contents being counted; never one of made-up values.

    Raises:
        NeedsAccess, NotYours: not one who reads banks. NotFound: there is none.
    """
    require_duty(actor, Duty.READ_BANKS)
    with ctx.database.read() as tx:
        found = bank.bank_by_id(tx, bank_id)
    if found.canary_of is not None:
        raise NotFound
    return found
