# SPDX-License-Identifier: Apache-2.0
"""Opinions back: what partners say of a match, and what follows when several of them agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from haechi import audit, bank, exchange, review
from haechi.errors import MalformedField, NotFound
from haechi.review import GivenOpinion, TaskKind
from haechi.values import Actor, ActorKind, ContentStatus, Opinion, utc_now
from haechi.workflows._context import Context
from haechi.workflows._note_matches import FLOOD_PRIORITY
from haechi.workflows._permissions import Scope, require_partner

MOST_OPINIONS: Final = 1_000

_DISPUTES: Final = 2
"""So many partners, each for itself, hold a content back until somebody has looked."""

_UPKEEP: Final = Actor(ActorKind.OPERATOR, "upkeep")
_NOT_THIS: Final = 3
_WITHIN: Final = timedelta(hours=24)
_DISPUTE_PRIORITY: Final = 40


@dataclass(frozen=True, slots=True)
class Said:
    """An opinion on one match, or on a content as a whole: one of the two ids is empty."""

    opinion: Opinion
    match_id: str = ""
    content_id: str = ""


def give_opinions(ctx: Context, actor: Actor, said: Sequence[Said]) -> int:
    """Note what this partner says, all of it or nothing; how many there were.

    The latest of a partner counts, until it is dismissed, or reviewers have decided. When two partners,
    each for itself, dispute a content, and no more than that confirm it, it is held back and comes before a
    reviewer; when three say within a day that their uploads were something else, what it matches is only
    for review until somebody has looked.

    Raises:
        NeedsAccess, NotYours: no partner with the scope `opinions`. NotFound: a match that is not this
            partner's, or a content that it is not told of. MalformedField: too many, or no id.
    """
    require_partner(actor, Scope.OPINIONS)
    if not 1 <= len(said) <= MOST_OPINIONS:
        raise MalformedField(field="opinions", reason=f"Send 1 to {MOST_OPINIONS} opinions.")
    with ctx.database.write() as tx:
        # In one order, whatever was sent: two requests of a partner never wait for each other in a circle.
        ordered = sorted(said, key=lambda one: (one.match_id, one.content_id))
        noted = [(_note(tx, actor, one), one.opinion) for one in ordered]
        is_changed = weigh_opinions(tx, noted)
        audit.record(tx, actor, "give_opinions", "", detail=f"opinions={len(said)}")
    if is_changed:
        ctx.changed()
    return len(said)


def _note(tx: Connection, actor: Actor, said: Said) -> str:
    content_id = _content_of(tx, actor, said)
    review.give_opinion(
        tx,
        content_id=content_id,
        match_id=said.match_id,
        giver_id=actor.id,
        giver_kind=actor.kind,
        value=said.opinion,
    )
    return content_id


def _content_of(tx: Connection, actor: Actor, said: Said) -> str:
    if bool(said.match_id) == bool(said.content_id):
        raise MalformedField(
            field="opinions", reason="An opinion names a match or a content, one of the two."
        )
    if said.match_id:
        return review.match_by_id(tx, said.match_id, partner_id=actor.id).match.content_id
    content = bank.content_by_id(tx, said.content_id)
    told = bank.active_contents(tx, [content.entry_id], reader=actor.reader, at=utc_now())
    if actor.reader is None or content.entry_id not in told:
        raise NotFound
    return content.id


def weigh_opinions(tx: Connection, noted: Sequence[tuple[str, Opinion]]) -> bool:
    """Whether these opinions on contents changed anything: one is held, or quarantined.

    They are noted already; to whoever is sent opinions they go on. Nothing but the audit may come after it.
    """
    # Of two partners who dispute at once the second sees the first; and the feed comes before what follows.
    bank.lock_feed(tx)
    for content_id, opinion in noted:
        exchange.queue_opinion(tx, content_id, opinion)
    touched = sorted({content_id for content_id, _ in noted})
    changes = [(content_id, verb) for content_id in touched if (verb := _weigh(tx, content_id))]
    for content_id, verb in changes:
        audit.record(tx, _UPKEEP, verb, content_id, detail="reason=opinions")
    return bool(changes)


def _weigh(tx: Connection, content_id: str) -> str:
    """What is done to a content by what partners say of it, as the audit log calls it; empty for nothing."""
    try:
        content = bank.content_by_id(tx, content_id)
    except NotFound:
        return ""
    if content.status is ContentStatus.WITHDRAWN:
        return ""
    partners = {one.id for one in exchange.all_partners(tx) if one.revoked_at is None}
    latest = [
        given
        for given in review.latest_opinions(tx, content_id).values()
        if given.giver_kind is ActorKind.PARTNER and given.giver_id in partners
    ]
    decided_at = review.last_decided(tx, TaskKind.DISPUTE, content_id)
    disputes = sum(given.value is Opinion.DISPUTED for given in _since(latest, decided_at))
    confirms = sum(given.value is Opinion.CONFIRMED for given in latest)
    if disputes >= _DISPUTES and disputes >= confirms and content.status is ContentStatus.ACTIVE:
        bank.hold(tx, content_id)
        _ask(tx, TaskKind.DISPUTE, content_id, _DISPUTE_PRIORITY)
        return "hold_content"
    lately = utc_now() - _WITHIN
    decided_at = review.last_decided(tx, TaskKind.FLOOD, content_id)
    others = sum(
        given.value is Opinion.NOT_THIS and given.given_at > lately
        for given in _since(latest, decided_at)
    )
    if others >= _NOT_THIS and content.quarantined_at is None:
        bank.quarantine(tx, content_id)
        _ask(tx, TaskKind.FLOOD, content_id, FLOOD_PRIORITY)
        return "quarantine_content"
    return ""


def _since(given: list[GivenOpinion], decided_at: datetime | None) -> list[GivenOpinion]:
    """What was said after somebody looked: what was said before was looked at."""
    return [one for one in given if decided_at is None or one.given_at > decided_at]


def _ask(tx: Connection, kind: TaskKind, content_id: str, priority: int) -> None:
    review.open_task(tx, kind=kind, subject_id=content_id, content_id=content_id, priority=priority)
