# SPDX-License-Identifier: Apache-2.0
"""Matching back: what a partner asked about before it was reported.

Only lookups of a partner that asked for it are kept, sealed, for the hours it chose, and only those that
have a word by which the partner finds the upload again. What is found is screened anew by the rules of
any other lookup, so nothing is told that the partner could not have been told on asking again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from sqlalchemy import Connection

from haechi import audit, bank, exchange, review
from haechi.bank import Change
from haechi.errors import NotFound
from haechi.exchange import KeptLookup, Lookup
from haechi.values import Actor, ActorKind, ContentStatus, Signal, utc_now
from haechi.workflows._context import Context
from haechi.workflows._find import find_matches
from haechi.workflows._match import Match
from haechi.workflows._note_matches import Asked, guard, note_upload
from haechi.workflows._upload import upload_of_signals

_STEPS_AT_ONCE: Final = 500
_UPKEEP: Final = Actor(ActorKind.OPERATOR, "upkeep")


class _Overtaken(Exception):  # no error: it undoes what another process did
    """Another process went on from the same step."""


def keep_lookup(ctx: Context, actor: Actor, *, reference: str, signals: Sequence[Signal]) -> None:
    """Keep a lookup of a partner that asked for it; without a word for the upload it would be of no use.

    Whether the partner keeps any is looked at when it is written.
    """
    if reference and actor.kind is ActorKind.PARTNER:
        ctx.recent.keep(Lookup(actor.id, reference, tuple(signals), utc_now()))


def write_lookups(ctx: Context) -> None:
    """Write down the lookups that wait, and forget those that were kept long enough."""
    ctx.recent.write(ctx.database, ctx.vault)
    at = utc_now()
    with ctx.database.read() as tx:
        is_due = exchange.has_due_lookups(tx, at=at)
    if is_due:
        with ctx.database.write() as tx:
            exchange.forget_lookups(tx, at=at)


def match_back(ctx: Context) -> int:
    """Match what was added since the last time with the lookups that are kept; how many were found.

    What a content was before does not count: only what it is now. Two processes may do it at once: a match
    is noted, and told, once.
    """
    if ctx.live is None or not ctx.live.is_ready:
        return 0
    found = 0
    with ctx.database.read() as tx:
        ctx.recent.catch_up(tx, ctx.vault)
    if ctx.recent.is_empty:
        _pass_over(ctx, ctx.live.position)
        return 0
    while (position := _position(ctx)) < (upto := ctx.live.position):
        with ctx.database.read() as tx:
            steps = bank.changes_after(tx, ctx.vault, position, limit=_STEPS_AT_ONCE)
            steps = [step for step in steps if step.seq <= upto]
            near = _near(ctx, steps)
            kept = exchange.kept_lookups(tx, ctx.vault, ids=sorted(near)) if near else []
        found += _tell(ctx, [one for one in kept if one.forget_at > utc_now()], near)
        # Last: a process that ends in between does it again, and what is noted already is not told twice.
        _go_on(ctx, position, steps[-1].seq if steps else upto, _ended(steps))
    return found


def _pass_over(ctx: Context, upto: int) -> None:
    """Go on to this step while nobody keeps lookups: no signal of what was added need be opened."""
    with ctx.database.read() as tx:
        position = bank.matched_back_to(tx)
        ended = bank.ended_between(tx, position, upto) if position < upto else {}
    if position < upto:
        _go_on(ctx, position, upto, ended)


def _go_on(ctx: Context, position: int, upto: int, ended: Mapping[str, str]) -> None:
    """Note that it is done up to this step, and tell of what ended, unless another process did meanwhile."""
    with suppress(_Overtaken), ctx.database.write() as tx:
        if ended:
            _tell_ended(ctx, tx, ended)
        bank.lock_feed(tx)
        if bank.matched_back_to(tx) != position:
            raise _Overtaken
        bank.note_matched_back(tx, upto)
        for content_id, status in ended.items():
            # Also what a source, a list or a partner withdrew: there is nothing left to decide.
            if status == ContentStatus.WITHDRAWN.value:
                review.close_tasks_of(tx, content_id, at=utc_now())


def _ended(steps: Sequence[Change]) -> dict[str, str]:
    return {
        step.content_id: step.status.value
        for step in steps
        if step.status is not ContentStatus.ACTIVE
    }


def _tell_ended(ctx: Context, tx: Connection, ended: Mapping[str, str]) -> None:
    """Tell partners who were told of a match that its content was withdrawn, or is held back."""
    names = sorted(ended)
    told = [
        noted
        for first in range(0, len(names), _STEPS_AT_ONCE)
        for noted in review.matches_of(tx, names[first : first + _STEPS_AT_ONCE])
    ]
    for noted in told:
        exchange.enqueue_event(
            tx,
            ctx.vault,
            noted.match.partner_id,
            "match.ended",
            {
                "match": noted.id,
                "reference": noted.match.reference,
                "content": noted.match.content_id,
                "status": ended[noted.match.content_id],
            },
        )


def _position(ctx: Context) -> int:
    with ctx.database.read() as tx:
        return bank.matched_back_to(tx)


def _near(ctx: Context, steps: Sequence[Change]) -> dict[int, set[str]]:
    """For each kept lookup the contents among these that it may match."""
    near: dict[int, set[str]] = {}
    for step in {step.entry_id: step for step in steps}.values():
        if step.status is ContentStatus.ACTIVE and step.signals:
            for number in ctx.recent.near(step.signals):
                near.setdefault(number, set()).add(step.content_id)
    return near


def _tell(ctx: Context, kept: Sequence[KeptLookup], near: dict[int, set[str]]) -> int:
    count = 0
    for one in kept:
        with ctx.database.read() as tx:
            partner = exchange.partner_by_id(tx, one.lookup.partner_id)
        matches = [
            match
            for match in find_matches(
                upload_of_signals(one.lookup.signals), ctx.index.known_to(partner.reader)
            )
            if match.content_id in near[one.id]
        ]
        if matches:
            actor = Actor(ActorKind.PARTNER, partner.id, frozenset(), partner.reader)
            count += _note(ctx, actor, one.lookup, matches)
    return count


def _is_told(tx: Connection, actor: Actor, content_id: str) -> bool:
    try:
        entry_id = bank.content_by_id(tx, content_id).entry_id
    except NotFound:
        return False
    return bool(bank.active_contents(tx, [entry_id], reader=actor.reader, at=utc_now()))


def _note(ctx: Context, actor: Actor, lookup: Lookup, found: Sequence[Match]) -> int:
    """How many of these matches are new to the partner: each is noted and told in one transaction."""
    floods: set[str] = set()
    with ctx.database.write() as tx:
        # Asked at this moment once more: consent may have ended since it was found.
        found = [match for match in found if _is_told(tx, actor, match.content_id)]
        asked = Asked(lookup.reference, found, lookup.signals)
        noted = note_upload(ctx, tx, actor, asked, floods=floods, is_retroactive=True)
        fresh = [(m, one.id) for m, one in zip(found, noted, strict=True) if one.is_new]
        for match, match_id in fresh:
            exchange.enqueue_event(
                tx,
                ctx.vault,
                actor.id,
                "match.found_later",
                {
                    "match": match_id,
                    "reference": lookup.reference,
                    "content": match.content_id,
                    "bank": match.bank,
                    "policy": match.policy.value,
                    "verdict": match.verdict.value,
                    "asked_at": lookup.asked_at.isoformat(),
                },
            )
        is_changed = guard(ctx, tx, floods)
        if fresh:
            audit.record(tx, _UPKEEP, "match_back", actor.id, detail=f"found={len(fresh)}")
    if is_changed:
        ctx.changed()
    return len(fresh)
