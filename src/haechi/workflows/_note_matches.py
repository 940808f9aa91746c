# SPDX-License-Identifier: Apache-2.0
"""Noting what partners were told: for opinions, appeals, the review queue and the flood guard."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from haechi import audit, bank, review
from haechi.errors import NotFound
from haechi.review import NewMatch, TaskKind
from haechi.values import Actor, ActorKind, BankPolicy, ContentStatus, Signal, utc_now
from haechi.workflows._context import Context
from haechi.workflows._match import Match
from haechi.workflows._verdict import Verdict

FLOOD_PRIORITY: Final = 50
_RETROACTIVE_PRIORITY: Final = 20
_MOST_WAITING: Final = 50
"""So many matches of one content wait for a decision: one that is looked up often does not hide the others."""

_LEFT_ALONE: Final = timedelta(hours=1)
_UPKEEP: Final = Actor(ActorKind.OPERATOR, "upkeep")


@dataclass(frozen=True, slots=True)
class Asked:
    """One upload that was asked about: the partner's word for it, what matched, and what it was asked by."""

    reference: str
    matches: Sequence[Match]
    queries: Sequence[Signal]


@dataclass(frozen=True, slots=True)
class Noted:
    """The id under which a match is noted, and whether that is new."""

    id: str
    is_new: bool


_NOTHING: Final = Noted("", is_new=False)


def note_matches(ctx: Context, actor: Actor, asked: Sequence[Asked]) -> list[list[str]]:
    """The id under which each match is noted, for each upload in the order of its matches.

    Only what a partner was told is noted; nothing of the upload but the partner's own word for it. What
    a person has to look at becomes a task. One transaction; an upload asked about again by the same word
    gives the same ids.

    A content that was withdrawn or held meanwhile has an empty id: there is nothing to say of it.
    """
    ids: list[list[str]] = [[] for _ in asked]
    floods: set[str] = set()
    with ctx.database.write() as tx:
        # In one order, whatever was sent: two that note the same never wait for each other in a circle.
        for place in sorted(range(len(asked)), key=lambda number: asked[number].reference):
            noted = note_upload(ctx, tx, actor, asked[place], floods=floods)
            ids[place] = [one.id for one in noted]
        is_changed = guard(ctx, tx, floods)
    if is_changed:
        ctx.changed()
    return ids


def note_upload(
    ctx: Context,
    tx: Connection,
    actor: Actor,
    asked: Asked,
    *,
    floods: set[str],
    is_retroactive: bool = False,
) -> list[Noted]:
    """How each match of one upload is noted; adds to `floods` for which contents `guard` is to be asked."""
    by_content = {
        match.content_id: _note(ctx, tx, actor, asked, match, is_retroactive, floods)
        for match in sorted(asked.matches, key=lambda match: match.content_id)
    }
    return [by_content[match.content_id] for match in asked.matches]


def _note(
    ctx: Context,
    tx: Connection,
    actor: Actor,
    asked: Asked,
    match: Match,
    is_retroactive: bool,  # noqa: FBT001  # handed on
    floods: set[str],
) -> Noted:
    try:
        content = bank.content_by_id(tx, match.content_id)
    except NotFound:
        return _NOTHING
    if content.status is not ContentStatus.ACTIVE:
        return _NOTHING
    noted, is_new = review.note_match(
        tx,
        NewMatch(
            content.id,
            content.bank_id,
            actor.id,
            asked.reference,
            match.signal_type.value,
            match.verdict.value,
            match.reason.value,
            match.policy.value,
            match.distance_bits,
            match.radius_bits,
            is_retroactive,
        ),
        secret=ctx.keys.master,
    )
    if is_new:
        is_for_people = match.policy is BankPolicy.REVIEW or match.verdict is Verdict.REVIEW
        if is_for_people and review.waiting_of(tx, TaskKind.MATCH, content.id) < _MOST_WAITING:
            review.open_task(
                tx,
                kind=TaskKind.MATCH,
                subject_id=noted.id,
                content_id=content.id,
                priority=_RETROACTIVE_PRIORITY if is_retroactive else 0,
            )
        ctx.flood.count(content.id, asked.queries, partner_id=actor.id)
        if content.quarantined_at is None and ctx.flood.is_much(content.id, _least(ctx)):
            floods.add(content.id)
    return Noted(noted.id, is_new)


def guard(ctx: Context, tx: Connection, floods: Collection[str]) -> bool:
    """Whether any of these contents came under quarantine: not one that a partner alone asked for so much.

    That one a person looks at first. What somebody has just looked at is left alone for as long as looks
    count. To be called last in a transaction.
    """
    if any(ctx.flood.is_flood(content_id, _least(ctx)) for content_id in floods):
        bank.lock_feed(tx)
    quarantined = [content_id for content_id in sorted(floods) if _guard(ctx, tx, content_id)]
    for content_id in quarantined:
        audit.record(tx, _UPKEEP, "quarantine_content", content_id, detail="reason=unlike_looks")
    return bool(quarantined)


def _guard(ctx: Context, tx: Connection, content_id: str) -> bool:
    decided_at = review.last_decided(tx, TaskKind.FLOOD, content_id)
    if decided_at is not None and decided_at > utc_now() - _LEFT_ALONE:
        return False
    is_flood = ctx.flood.is_flood(content_id, _least(ctx))
    if is_flood:
        try:
            bank.quarantine(tx, content_id)
        except NotFound:
            return False
    review.open_task(
        tx,
        kind=TaskKind.FLOOD,
        subject_id=content_id,
        content_id=content_id,
        priority=FLOOD_PRIORITY,
    )
    return is_flood


def _least(ctx: Context) -> int:
    return ctx.settings.flood_looks_per_hour


def forget_old_matches(ctx: Context) -> None:
    """Forget matches of long ago, and texts of appeals decided long ago; a verb of upkeep."""
    now = utc_now()
    with ctx.database.write() as tx:
        review.forget_matches(tx, before=now - timedelta(days=ctx.settings.match_records_days))
        review.forget_appeal_texts(
            tx, ctx.vault, decided_before=now - timedelta(days=ctx.settings.appeal_text_days)
        )
