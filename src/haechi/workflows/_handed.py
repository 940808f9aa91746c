# SPDX-License-Identifier: Apache-2.0
"""Handing values to a partner that keeps a list of its own and asks by time (docs/connect/stopncii.md).

    a moment ─► the first step of the feed since ─► pages of steps ─► values that are told, or told again
                                                                      to be dropped

A moment is whole seconds. It is exact because the walk begins at the *lowest* step of that second or a
later one, so steps of the same second come again and none is left out; and because the moment that a page
names is never later than the latest step on it. What the partner was given is kept sealed under its own
key until its moment has passed the step that took it back.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection

from haechi import audit, bank, exchange, review
from haechi.bank import Change
from haechi.errors import MalformedField
from haechi.values import (
    Actor,
    ActorKind,
    BankPolicy,
    ContentStatus,
    Opinion,
    Reader,
    Signal,
    SignalType,
    utc_now,
)
from haechi.workflows._context import Context
from haechi.workflows._find import Known
from haechi.workflows._permissions import Scope, require_partner

MOST_STEPS: Final = 2000
STALE_AFTER: Final = timedelta(days=30)
"""A list that was not fetched for so long is begun anew by its clients (the same limit as theirs)."""

_SLACK_S: Final = 2
"""Steps of so long before the moment come again: a step may be made a little before the one that has the
number before it, and that one may be gone because a later one says it again."""

_MOST_SECONDS: Final = 1 << 35
_MOST_STEP: Final = 1 << 62
_CENTRE: Final = "centre"


class ListStatus(StrEnum):
    """What a record of the list is: to be matched, taken back by its person, or not told any more."""

    ACTIVE = "active"
    WITHDRAWN = "withdrawn"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class ListOpinion:
    """What somebody said of a content: `source` is this partner's own name, or a word for another one."""

    source: str
    value: Opinion


@dataclass(frozen=True, slots=True)
class ListRecord:
    """One value of the list as it is now; `cases` are the reports behind it, by words for this partner only."""

    signal: Signal
    status: ListStatus
    changed_at: datetime
    cases: Mapping[str, ListStatus]
    opinions: tuple[ListOpinion, ...] = ()
    is_for_review: bool = False


@dataclass(frozen=True, slots=True)
class ListPage:
    """Some records; the next page begins after `position`, and the next fetch at `since_s`."""

    records: tuple[ListRecord, ...]
    position: int
    since_s: int
    has_more: bool


def hand_out(
    ctx: Context, actor: Actor, *, since_s: int, position: int | None, reached_s: int, limit: int
) -> ListPage:
    """The page of this partner's list that begins at a moment, or after a step of the feed.

    `reached_s` is the moment that the page before named; of a later page it is never earlier. Only what
    may be told to the partner now is told, and only what it was given before is taken back. A value that
    stands behind two contents is taken back with the last.

    Raises:
        NeedsAccess, NotYours: no partner with the scope `changes`. NotReady: still catching up.
        MalformedField: a moment or a step that cannot be.
    """
    require_partner(actor, Scope.CHANGES)
    if not 0 <= since_s <= _MOST_SECONDS or not 0 <= reached_s <= _MOST_SECONDS:
        raise MalformedField(field="startTimestamp", reason="This is no moment in seconds.")
    live = ctx.index
    upto = live.position
    if position is not None and not 0 <= position < _MOST_STEP:
        raise MalformedField(field="nextPageToken", reason="This is no step of the feed.")
    reader = actor.reader
    assert reader is not None  # noqa: S101  # a partner that came in with a token has one
    known = live.known_to(reader)
    with ctx.database.write() as tx:
        begins = _begins_after(tx, since_s)
        sight = _sight(tx, reader)
        if position is None:
            # What a partner may see at all changed, by no step of the feed: it is told everything anew.
            position = begins if ctx.lists.begin(actor.id, sight) else 0
        exchange.forget_ended(tx, actor.id, upto=begins)
        steps = bank.changes_after(tx, ctx.vault, position, limit=min(limit, MOST_STEPS))
        steps = [step for step in steps if step.seq <= upto]
        page = _Page(ctx, tx, actor, known, steps)
        records = page.records()
        has_more = bool(steps) and steps[-1].seq < upto
        audit.record(tx, actor, "fetch_list", "", detail=f"records={len(records)}")
    if not has_more:
        ctx.lists.end(actor.id, sight)
    return ListPage(
        tuple(records),
        steps[-1].seq if steps else position,
        max([since_s, reached_s, *map(_seconds, page.times.values())]),
        has_more,
    )


def forget_stale_lists(ctx: Context) -> int:
    """Delete what partners were given and has been withdrawn for 30 days; a verb of upkeep.

    Looks once an hour.
    """
    if not ctx.lists.takes_sweep():
        return 0
    before = utc_now() - STALE_AFTER
    after = 0
    forgotten = 0
    while True:
        with ctx.database.read() as tx:
            entries = exchange.handed_entries(tx, after=after)
            gone = bank.withdrawn_before(tx, entries, before)
        if gone:
            with ctx.database.write() as tx:
                forgotten += exchange.forget_entries(tx, gone)
        if not entries:
            return forgotten
        after = entries[-1]


def listed_signals(signals: Sequence[Signal]) -> list[Signal]:
    """Which of a content's signals stand in such a list: its pictures' `pdq`, or its video's `md5`.

    The list knows an md5 only as that of a video. A content with a `pdq` and no frames is a picture.
    """
    kinds = {signal.type for signal in signals}
    is_video = SignalType.VPDQ in kinds or SignalType.PDQ not in kinds
    wanted = SignalType.MD5 if is_video else SignalType.PDQ
    return [signal for signal in signals if signal.type is wanted and signal.is_trusted]


def same_value(known: Known, signal: Signal) -> dict[int, str]:
    """The contents told to this reader that have this very value: entries, and the contents' ids."""
    (hits,) = known.view.search([signal], radius_bits=0)
    owners = known.owners_of({hit.entry_id for hit in hits if hit.distance_bits == 0})
    return {
        entry_id: content_id
        for entry_id, (content_id, owned) in owners.items()
        if owned.policy is not BankPolicy.ALLOW
    }


class _Page:
    """The records that some steps of the feed come to, for one partner."""

    def __init__(
        self, ctx: Context, tx: Connection, actor: Actor, known: Known, steps: Sequence[Change]
    ) -> None:
        self._ctx = ctx
        self._tx = tx
        self._actor = actor
        self._known = known
        latest = {step.entry_id: step for step in steps}
        # In their order: of two records of one value the later counts.
        self._steps = sorted(latest.values(), key=lambda step: step.seq)
        self.times = bank.step_times(tx, steps[0].seq, steps[-1].seq) if steps else {}
        self._owners = _told_owners(tx, actor, [step.entry_id for step in self._steps])
        self._key_id = exchange.partner_key(tx, ctx.vault, actor.id)
        self._opinions: dict[str, tuple[ListOpinion, ...]] = {}

    def records(self) -> list[ListRecord]:
        """The records, and note what was given and what was taken back."""
        told = {
            step.entry_id: listed_signals(step.signals)
            for step in self._steps
            if step.entry_id in self._owners
        }
        told = {entry_id: signals for entry_id, signals in told.items() if signals}
        exchange.hand_over(self._tx, self._ctx.vault, self._key_id, self._actor.id, told)
        untold = [step.entry_id for step in self._steps if step.entry_id not in told]
        handed = exchange.handed_of(self._tx, self._ctx.vault, self._key_id, self._actor.id, untold)
        contents = [step.content_id for step in self._steps if step.entry_id in told]
        self._opinions = _opinions(self._tx, self._ctx, self._actor, contents)
        records: list[ListRecord] = []
        for step in self._steps:
            records += [self._active(step, signal) for signal in told.get(step.entry_id, ())]
            records += [self._taken_back(step, one.signal) for one in handed.get(step.entry_id, ())]
        seqs = {step.entry_id: step.seq for step in self._steps}
        exchange.note_ended(self._tx, self._actor.id, {number: seqs[number] for number in handed})
        return records

    def _active(self, step: Change, signal: Signal) -> ListRecord:
        return ListRecord(
            signal,
            ListStatus.ACTIVE,
            self.times[step.seq],
            {self._word(step.content_id): ListStatus.ACTIVE},
            self._opinions.get(step.content_id, ()),
            self._owners[step.entry_id],
        )

    def _taken_back(self, step: Change, signal: Signal) -> ListRecord:
        is_withdrawn = step.status is ContentStatus.WITHDRAWN
        status = ListStatus.WITHDRAWN if is_withdrawn else ListStatus.DELETED
        cases = {self._word(step.content_id): status}
        others = same_value(self._known, signal)
        others.pop(step.entry_id, None)
        for number in _told_owners(self._tx, self._actor, others):
            cases[self._word(others[number])] = ListStatus.ACTIVE
        still = ListStatus.ACTIVE if ListStatus.ACTIVE in cases.values() else status
        return ListRecord(signal, still, self.times[step.seq], cases)

    def _word(self, content_id: str) -> str:
        return _pseudonym(self._ctx, self._actor.id, content_id)


def _begins_after(tx: Connection, since_s: int) -> int:
    """After which step the walk from a moment begins; after none if the feed has nothing so late."""
    if since_s <= _SLACK_S:
        return 0
    if bank.first_step_since(tx, datetime.fromtimestamp(since_s, UTC)) is None:
        # No moment that we named: only the whole list is surely enough.
        return 0
    first = bank.first_step_since(tx, datetime.fromtimestamp(since_s - _SLACK_S, UTC))
    return 0 if first is None else first - 1


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _told_owners(tx: Connection, actor: Actor, entry_ids: Collection[int]) -> dict[int, bool]:
    """Which of these entries this partner's list has, and whether each is only for review.

    A quarantined one is not among them: a list has no word for that, and its readers would block by it.
    """
    banks = bank.all_banks(tx)
    found = bank.active_contents(tx, entry_ids, reader=actor.reader, at=utc_now())
    return {
        entry_id: banks[owner.bank_id].policy is BankPolicy.REVIEW
        for entry_id, owner in found.items()
        if banks[owner.bank_id].policy is not BankPolicy.ALLOW and not owner.is_quarantined
    }


def _sight(tx: Connection, reader: Reader) -> str:
    """A word for what this partner may see at all: another one when banks or the partner changed."""
    banks = bank.all_banks(tx)
    seen = sorted(
        f"{number} {banks[number].policy}" for number in bank.readable_banks(tx, reader.partner_id)
    )
    told = f"{reader.kind}|{reader.serves_adults_only}|{'|'.join(seen)}"
    return hashlib.sha256(told.encode()).hexdigest()


def _pseudonym(ctx: Context, partner_id: str, content_id: str) -> str:
    """A word for a content that only this partner is told: two partners cannot compare theirs."""
    own = hmac.digest(ctx.keys.master, f"haechi|list|{partner_id}".encode(), "sha256")
    number = hmac.digest(own, content_id.encode(), "sha256")
    return str(uuid.UUID(bytes=number[:16]))


def _opinions(
    tx: Connection, ctx: Context, actor: Actor, content_ids: Sequence[str]
) -> dict[str, tuple[ListOpinion, ...]]:
    """What was said of these contents; of other partners no name is told, only a word for each."""
    given = review.opinions_among(tx, content_ids)
    own = exchange.partner_by_id(tx, actor.id).name if given else ""

    def source(one: review.GivenOpinion) -> str:
        if one.giver_kind is not ActorKind.PARTNER:
            return _CENTRE
        if one.giver_id == actor.id:
            return own
        return f"partner-{_pseudonym(ctx, actor.id, one.giver_id)[:8]}"

    return {
        content_id: tuple(ListOpinion(source(one), one.value) for one in opinions)
        for content_id, opinions in given.items()
    }
