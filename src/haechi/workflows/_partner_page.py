# SPDX-License-Identifier: Apache-2.0
"""One partner as the console shows it: its tokens, what it asked lately, whether its list leaked."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from haechi import audit, exchange
from haechi.values import Actor, utc_now
from haechi.workflows._context import Context
from haechi.workflows._partners import PartnerView
from haechi.workflows._permissions import Duty, require_duty

_DAYS: Final = 7
_MOST_MINUTES: Final = 100_000
_MOST_HITS: Final = 50


@dataclass(frozen=True, slots=True)
class DayUsage:
    """What a partner asked by one verb on one day (UTC): signals, and uploads among them that are known."""

    day: date
    verb: str
    asked: int
    matched: int


@dataclass(frozen=True, slots=True)
class CanaryHit:
    """Somebody asked for a value that was made up for another partner; `asker` is empty if not a partner."""

    asked_at: datetime
    asker: str


@dataclass(frozen=True, slots=True)
class PartnerFacts:
    """A partner with its tokens, the last seven days newest first, and the signs of a leak, newest first."""

    view: PartnerView
    usage: tuple[DayUsage, ...]
    canary_hits: tuple[CanaryHit, ...]


def read_partner(ctx: Context, actor: Actor, *, partner_id: str) -> PartnerFacts:
    """Everything that is known of a partner by its id, a dismissed one too. It is recorded.

    Raises:
        NeedsAccess, NotYours: not one who manages partners. NotFound: no such partner.
    """
    require_duty(actor, Duty.PARTNERS)
    with ctx.database.write() as tx:
        partner = exchange.partner_by_id(tx, partner_id)
        facts = PartnerFacts(
            PartnerView(partner, tuple(exchange.tokens_of(tx, partner_id))),
            _usage(tx, partner_id),
            _hits(tx, partner_id),
        )
        audit.record(tx, actor, "view_partner", partner_id)
    return facts


def _usage(tx: Connection, partner_id: str) -> tuple[DayUsage, ...]:
    sums: dict[tuple[date, str], list[int]] = defaultdict(lambda: [0, 0])
    since = utc_now() - timedelta(days=_DAYS)
    for one in exchange.usage_of(tx, partner_id, since=since, limit=_MOST_MINUTES):
        counted = sums[one.minute_at.date(), one.verb]
        counted[0] += one.asked
        counted[1] += one.matched
    newest = sorted(sums.items(), key=lambda item: (-item[0][0].toordinal(), item[0][1]))
    return tuple(DayUsage(day, verb, *counted) for (day, verb), counted in newest)


def _hits(tx: Connection, partner_id: str) -> tuple[CanaryHit, ...]:
    events = audit.events(tx, subject_id=partner_id, verb="canary_asked", limit=_MOST_HITS)
    if not events:
        return ()
    names = {one.id: one.name for one in exchange.all_partners(tx)}
    return tuple(CanaryHit(event.at, names.get(event.actor_id or "", "")) for event in events)
