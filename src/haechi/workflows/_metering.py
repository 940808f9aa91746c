# SPDX-License-Identifier: Apache-2.0
"""What a partner may ask for, and what it asked: limits, counts, and reading them."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Final

from haechi import audit, exchange
from haechi.errors import TooManyRequests
from haechi.exchange import Usage
from haechi.values import Actor, ActorKind, utc_now
from haechi.workflows._context import Context
from haechi.workflows._permissions import Duty, Scope, require_duty, require_partner
from haechi.workflows._reading import reading

_KEPT: Final = timedelta(days=400)
_MOST_HOURS: Final = 24


def try_lookups(ctx: Context, actor: Actor, count: int) -> float:
    """Take so many lookups of what a partner may make; returns 0, or in how many seconds to ask again.

    Whoever did not come in with a token has no limit here.
    """
    holder = ctx.holders.of_partner(actor.id) if actor.kind is ActorKind.PARTNER else None
    if holder is None:
        return 0.0
    return ctx.rates.take(actor.id, count, per_min=holder.lookups_per_min)


def take_lookups(ctx: Context, actor: Actor, count: int) -> None:
    """Take so many lookups of what a partner may make.

    Raises:
        TooManyRequests: it may make them later; its `seconds` say when.
    """
    wait_s = try_lookups(ctx, actor, count)
    if wait_s > 0:
        raise TooManyRequests(seconds=max(1, math.ceil(wait_s)))


def count_lookups(ctx: Context, actor: Actor, verb: str, *, asked: int, matched: int) -> None:
    """Count what a partner asked: signals, and how many uploads were known. Others are not counted."""
    if actor.kind is ActorKind.PARTNER:
        ctx.usage.count(actor.id, verb, asked=asked, matched=matched)


def write_usage(ctx: Context) -> None:
    """Write down what was counted since the last time; a verb of upkeep."""
    ctx.usage.write(ctx.database)


def forget_old_usage(ctx: Context) -> None:
    """Forget counts of more than 400 days ago; a verb of upkeep."""
    with ctx.database.write() as tx:
        exchange.forget_usage(tx, before=utc_now() - _KEPT)


def read_usage(ctx: Context, actor: Actor, *, name: str, hours: int = _MOST_HOURS) -> list[Usage]:
    """What the partner of this name asked in the last hours, by the minute, newest first.

    What was asked within the last minute may not stand there yet.

    Raises:
        NeedsAccess, NotYours: not one who manages partners. NotFound: no such partner.
    """
    require_duty(actor, Duty.PARTNERS)
    with ctx.database.write() as tx:
        partner_id = exchange.partner_named(tx, name).id
        usage = exchange.usage_of(tx, partner_id, since=_since(hours))
        audit.record(tx, actor, "read_usage", partner_id)
    return usage


def read_own_usage(ctx: Context, actor: Actor, *, hours: int = _MOST_HOURS) -> list[Usage]:
    """As `read_usage`, of the partner that asks.

    Raises:
        NeedsAccess, NotYours: no partner with the scope `match`. Unavailable: the database does not answer.
    """
    require_partner(actor, Scope.MATCH)
    with reading(ctx.database) as tx:
        return exchange.usage_of(tx, actor.id, since=_since(hours))


def _since(hours: int) -> datetime:
    return utc_now() - timedelta(hours=min(max(1, hours), _MOST_HOURS))
