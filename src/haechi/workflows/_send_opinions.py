# SPDX-License-Identifier: Apache-2.0
"""Opinions on what came from a source, sent back to it, where somebody wants that."""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog

from haechi import audit, exchange
from haechi.errors import HaechiError, SourceBusy
from haechi.exchange import OpinionOut, Source
from haechi.exchange.partners import protocol_named
from haechi.values import Actor, ActorKind, utc_now
from haechi.workflows._context import Context
from haechi.workflows._permissions import Duty, require_duty
from haechi.workflows._pull import wire_of

_log = structlog.get_logger(__name__)

_UPKEEP = Actor(ActorKind.OPERATOR, "upkeep")


@dataclass(frozen=True, slots=True)
class Sent:
    """How many opinions a source took, and how many it did not take this time."""

    sent: int
    failed: int


def send_opinions(ctx: Context, actor: Actor, *, name: str) -> Sent:
    """Send a source the opinions that wait for it, at most a hundred.

    What the source does not take is tried again at the next call, eight times in all. One that is sent twice
    does no harm there.

    Raises:
        NeedsAccess, NotYours: not one who manages sources. NotFound: no such source.
        SourceBusy: it is being pulled now.
    """
    require_duty(actor, Duty.SOURCES)
    since = utc_now()
    with ctx.database.write() as tx:
        source = exchange.source_named(tx, name)
        waiting = exchange.waiting_opinions(tx, source.id) if source.sends_opinions else []
        if not waiting:
            return Sent(0, 0)
        if not exchange.claim_source(tx, source.id, at=since):
            raise SourceBusy
    try:
        return _send(ctx, actor, source, waiting)
    finally:
        with ctx.database.write() as tx:
            exchange.return_claim(tx, source, since=since)


def send_waiting_opinions(ctx: Context) -> None:
    """Send every source what waits for it; a verb of upkeep."""
    with ctx.database.read() as tx:
        names = [
            one.name
            for one in exchange.all_sources(tx)
            if one.is_enabled and one.sends_opinions and exchange.waiting_opinions(tx, one.id)
        ]
    for name in names:
        try:
            send_opinions(ctx, _UPKEEP, name=name)
        except SourceBusy:
            continue


def _send(ctx: Context, actor: Actor, source: Source, waiting: list[OpinionOut]) -> Sent:
    with ctx.database.read() as tx:
        config = exchange.source_config(tx, ctx.vault, source)
        ids = {one.content_id for one in waiting}
        references = exchange.references_of(tx, ctx.vault, source, ids)
    protocol = protocol_named(source.protocol)
    counted = Sent(0, 0)
    wire = wire_of(ctx, 30, tries=2, waits_s=2)
    took: list[tuple[OpinionOut, bool]] = []
    with wire.client:
        for one in waiting:
            reference = references.get(one.content_id)
            if reference is None:
                continue
            try:
                protocol.send(config, reference, one.opinion, wire)
            except HaechiError as error:
                _log.warning("opinion_not_sent", source=source.id, code=error.code)
                took.append((one, False))
                counted = replace(counted, failed=counted.failed + 1)
            else:
                took.append((one, True))
                counted = replace(counted, sent=counted.sent + 1)
    with ctx.database.write() as tx:
        for one in waiting:
            if one.content_id not in references:
                exchange.drop_opinion(tx, one.id)
        for one, is_taken in took:
            exchange.note_opinion(tx, one.id, sent_at=utc_now() if is_taken else None)
        audit.record(tx, actor, "send_opinions", source.id, detail=f"sent={counted.sent}")
    return counted
