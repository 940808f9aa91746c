# SPDX-License-Identifier: Apache-2.0
"""What a partner that keeps a list sends back: values of its own, and what it thinks of ours.

Records that cannot be used are set aside and counted, never fatal; what they held is kept nowhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from haechi import audit, bank, exchange, review
from haechi.bank import Bank, NewContent
from haechi.errors import NotFound, TooMuchAtOnce
from haechi.values import Actor, ActorKind, ContentStatus, Opinion, Sharing, Signal
from haechi.workflows._context import Context
from haechi.workflows._handed import same_value
from haechi.workflows._opinions import weigh_opinions
from haechi.workflows._permissions import Scope, require_partner

MOST_SUBMITTED: Final = 10_000
_MOST_KEPT_ASIDE: Final = 1000
"""Of one partner so many are noted, however often it sends what cannot be used."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """One record: its value, or why it cannot be used; `is_taken_back` ends what was sent before."""

    signal: Signal | None
    reason: str = ""
    is_taken_back: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """What a partner says of a value; `opinion` is None where it says nothing that counts."""

    signal: Signal | None
    opinion: Opinion | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """How many records of how many were taken, and why the others were not, counted by reason."""

    received: int
    taken: int
    set_aside: dict[str, int]


def submit_values(ctx: Context, actor: Actor, records: Sequence[Submitted]) -> Taken:
    """Put values into the bank that this partner may write into: by name the first, where there are several.

    A value that it has put there already is not put there again. One that it takes back is withdrawn.

    Raises:
        NeedsAccess, NotYours: no partner with the scope `contribute`. NotFound: it may write into no bank.
        TooMuchAtOnce: more than 10,000. NotReady: still catching up.
    """
    require_partner(actor, Scope.CONTRIBUTE)
    if len(records) > MOST_SUBMITTED:
        raise TooMuchAtOnce
    known = ctx.index.known()
    usable = {one.signal: one for one in records if one.signal is not None}
    near = {signal: list(same_value(known, signal).values()) for signal in usable}
    with ctx.database.write() as tx:
        into = _bank_of(tx, actor)
        own = {signal: _own(tx, actor, into, ids) for signal, ids in near.items()}
        fresh = [s for s, one in usable.items() if not one.is_taken_back and not own[s]]
        _add(ctx, tx, actor, into, fresh)
        for signal, one in usable.items():
            for content_id in own[signal] if one.is_taken_back else ():
                bank.set_status(tx, content_id, ContentStatus.WITHDRAWN)
        aside = _set_aside(tx, actor, [one.reason for one in records if one.signal is None])
        detail = f"records={len(records)} new={len(fresh)} aside={sum(aside.values())}"
        audit.record(tx, actor, "submit_values", into.id, detail=detail)
    ctx.changed()
    return Taken(len(records), len(records) - sum(aside.values()), aside)


def judge_values(ctx: Context, actor: Actor, judged: Sequence[Judged]) -> Taken:
    """Note what this partner says of values that it was handed, for every content that has one.

    Of others nothing is noted and nothing is told, so nobody learns by this what is known.

    Raises:
        NeedsAccess, NotYours: no partner with the scope `opinions`. TooMuchAtOnce: more than 10,000.
        NotReady: still catching up.
    """
    require_partner(actor, Scope.OPINIONS)
    if len(judged) > MOST_SUBMITTED:
        raise TooMuchAtOnce
    reader = actor.reader
    assert reader is not None  # noqa: S101  # a partner that came in with a token has one
    known = ctx.index.known_to(reader)
    found = {one.signal: same_value(known, one.signal) for one in judged if one.signal is not None}
    reasons = []
    said: dict[str, Opinion] = {}
    with ctx.database.write() as tx:
        handed = _handed(ctx, tx, actor, [number for of in found.values() for number in of])
        for one in judged:
            contents = {} if one.signal is None else found[one.signal]
            told = [content_id for number, content_id in contents.items() if number in handed]
            if one.signal is None:
                reasons.append(one.reason)
            elif not told:
                reasons.append("no such value was handed to you")
            elif one.opinion is not None:
                said |= dict.fromkeys(told, one.opinion)
        for content_id, value in sorted(said.items()):
            review.give_opinion(
                tx,
                content_id=content_id,
                giver_id=actor.id,
                giver_kind=ActorKind.PARTNER,
                value=value,
            )
        aside = _set_aside(tx, actor, reasons)
        is_changed = weigh_opinions(tx, list(said.items()))
        detail = f"records={len(judged)} contents={len(said)} aside={sum(aside.values())}"
        audit.record(tx, actor, "judge_values", "", detail=detail)
    if is_changed:
        ctx.changed()
    return Taken(len(judged), len(judged) - sum(aside.values()), aside)


def _bank_of(tx: Connection, actor: Actor) -> Bank:
    banks = sorted(bank.all_banks(tx).values(), key=lambda one: one.name)
    for one in banks:
        if bank.may_write(tx, one.id, actor.id):
            return one
    raise NotFound


def _handed(ctx: Context, tx: Connection, actor: Actor, entry_ids: Sequence[int]) -> frozenset[int]:
    """Which of these entries this partner was handed a value of."""
    if not entry_ids:
        return frozenset()
    key_id = exchange.partner_key(tx, ctx.vault, actor.id)
    return frozenset(exchange.handed_of(tx, ctx.vault, key_id, actor.id, entry_ids))


def _own(tx: Connection, actor: Actor, into: Bank, content_ids: Sequence[str]) -> list[str]:
    """Which of these contents this partner put into that bank, and are still there."""
    found = [bank.content_by_id(tx, content_id) for content_id in content_ids]
    return [
        one.id
        for one in found
        if one.bank_id == into.id
        and (one.origin_kind, one.origin_id) == ("partner", actor.id)
        and one.status is not ContentStatus.WITHDRAWN
    ]


def _add(ctx: Context, tx: Connection, actor: Actor, into: Bank, signals: Sequence[Signal]) -> None:
    if signals:
        bank.add_contents(
            tx,
            ctx.vault,
            [NewContent((signal,)) for signal in signals],
            bank_id=into.id,
            key_id=bank.bank_key(tx, ctx.vault, into.id),
            origin_kind="partner",
            origin_id=actor.id,
            sharing=Sharing(),
        )


def _set_aside(tx: Connection, actor: Actor, reasons: Sequence[str]) -> dict[str, int]:
    room = _MOST_KEPT_ASIDE - sum(exchange.count_set_aside(tx, actor.id).values()) if reasons else 0
    kept = reasons[: max(room, 0)]
    exchange.set_aside_many(tx, actor.id, [("submitted record", reason) for reason in kept])
    return dict(Counter(reasons))
