# SPDX-License-Identifier: Apache-2.0
"""A platform's question whether an upload is known: within its limits, counted, and what is found is noted.

`screen_signals` and `screen_file` find; these are the verbs that partners call. A question that finds
nothing writes nothing to the database.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from haechi.bank import Bank
from haechi.errors import MalformedField, TooMuchAtOnce
from haechi.signals import digests
from haechi.values import Actor, ActorKind, BankPolicy, Signal, SignalType
from haechi.workflows._context import Context
from haechi.workflows._find import Known, find_matches
from haechi.workflows._match import Match
from haechi.workflows._metering import count_lookups, take_lookups, try_lookups
from haechi.workflows._note_matches import Asked, note_matches
from haechi.workflows._permissions import Scope, require_scope
from haechi.workflows._retroactive import keep_lookup
from haechi.workflows._screen import known_to, screen_looks, screen_signals
from haechi.workflows._sieve import is_single, near
from haechi.workflows._upload import upload_of_signals
from haechi.workflows._verdict import Verdict

MOST_SIGNALS_AT_ONCE: Final = 20_000

_THREADS: Final = 2
_OWNERS_AHEAD: Final = 16
"""Of each value in a batch so many entries are looked up beforehand, all in one question."""


class Action(StrEnum):
    """What follows from all matches of an upload: what `block` and `review` say, by the bank's policy."""

    BLOCK = "block"
    REVIEW = "review"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Question:
    """One upload that is asked about: the partner's own word for it, which may be empty, and its signals."""

    reference: str
    signals: tuple[Signal, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of an upload, best first, and under which id each match is noted.

    For others than partners nothing is noted: the ids are empty.
    """

    matches: tuple[Match, ...] = ()
    match_ids: tuple[str, ...] = ()

    @property
    def action(self) -> Action:
        """`block` if any match is sure enough in a bank that blocks; else `review` if there is any match."""
        if any(_blocks(match) for match in self.matches):
            return Action.BLOCK
        return Action.REVIEW if self.matches else Action.NONE


def _blocks(match: Match) -> bool:
    return match.policy is BankPolicy.BLOCK and match.verdict is not Verdict.REVIEW


def look_up_signals(ctx: Context, actor: Actor, asked: Question) -> Answer:
    """What is known of an upload by its signals; see `screen_signals`.

    Raises:
        NeedsAccess, NotYours, NotReady, Unavailable: as `screen_signals`.
        TooManyRequests: more than the partner may ask for in a minute.
    """
    require_scope(actor, Scope.MATCH)
    take_lookups(ctx, actor, len(asked.signals))
    found = screen_signals(ctx, actor, asked.signals)
    (answer,) = _noted(ctx, actor, [(asked, found)])
    keep_lookup(ctx, actor, reference=asked.reference, signals=asked.signals)
    matched = bool(answer.matches)
    count_lookups(ctx, actor, "match", asked=len(asked.signals), matched=matched)
    return answer


def look_up_file(ctx: Context, actor: Actor, data: bytes, *, reference: str = "") -> Answer:
    """What is known of a picture or video; see `screen_file`. Counts as one signal.

    Raises:
        NeedsAccess, NotYours, NotReady, Unavailable, MediaError: as `screen_file`.
        TooManyRequests: more than the partner may ask for in a minute.
    """
    require_scope(actor, Scope.MATCH)
    take_lookups(ctx, actor, 1)
    found, plain = screen_looks(ctx, actor, data)
    asked = Question(reference, tuple(plain or digests([data])))
    (answer,) = _noted(ctx, actor, [(asked, found)])
    keep_lookup(ctx, actor, reference=reference, signals=asked.signals)
    count_lookups(ctx, actor, "match_file", asked=1, matched=bool(answer.matches))
    return answer


def look_up_batch(ctx: Context, actor: Actor, uploads: Sequence[Question]) -> dict[int, Answer]:
    """What is known of each of these uploads, by its place among them; of the others nothing is.

    The answers are those of `look_up_signals`, all by what was known at one moment.

    Raises:
        NeedsAccess, NotYours, NotReady, Unavailable, TooManyRequests: as `look_up_signals`.
        TooMuchAtOnce: more than 20,000 signals. MalformedField: regions are not taken here.
    """
    require_scope(actor, Scope.MATCH)
    count = sum(len(upload.signals) for upload in uploads)
    if count > MOST_SIGNALS_AT_ONCE:
        raise TooMuchAtOnce
    if any(signal.type is SignalType.RPDQ for upload in uploads for signal in upload.signals):
        raise MalformedField(
            field="signals",
            reason="Regions are looked for one upload at a time: send rpdq to /v1/match.",
        )
    take_lookups(ctx, actor, count)
    known, places = _sieved(known_to(ctx, actor), uploads)
    found = {
        place: matches
        for place in places
        if (matches := find_matches(upload_of_signals(uploads[place].signals), known))
    }
    noted = _noted(ctx, actor, [(uploads[place], matches) for place, matches in found.items()])
    answers = {place: one for place, one in zip(found, noted, strict=True) if one.matches}
    if _keeps(ctx, actor):
        for upload in uploads:
            keep_lookup(ctx, actor, reference=upload.reference, signals=upload.signals)
    count_lookups(ctx, actor, "match_batch", asked=count, matched=len(answers))
    return answers


def answers_nothing(ctx: Context, actor: Actor, asked: Question) -> bool:
    """Whether this question was answered, by: nothing is known of the upload.

    Quick enough for an event loop, as it asks no database. False says nothing: whatever is near
    something known, and what is more than the partner may ask for, is for `look_up_signals`.

    Raises:
        NeedsAccess, NotYours: no partner with the scope `match`.
    """
    require_scope(actor, Scope.MATCH)
    live = ctx.live
    if live is None or not live.is_ready or actor.reader is None:
        return False
    if not all(map(is_single, asked.signals)):
        return False
    known = live.known_to(actor.reader)
    if len(near(known.view, asked.signals, radius_bits=known.widest_bits)[0]):
        return False
    if try_lookups(ctx, actor, len(asked.signals)) > 0:
        return False
    if asked.reference and _keeps(ctx, actor):
        keep_lookup(ctx, actor, reference=asked.reference, signals=asked.signals)
    count_lookups(ctx, actor, "match", asked=len(asked.signals), matched=0)
    return True


def _sieved(known: Known, uploads: Sequence[Question]) -> tuple[Known, list[int]]:
    """The places of the uploads that anything known is near, and what is known with whose it is at hand."""
    single, place_of, closely = [], [], set()
    for place, upload in enumerate(uploads):
        for signal in upload.signals:
            if is_single(signal):
                single.append(signal)
                place_of.append(place)
            else:
                closely.add(place)
    where, entries = near(
        known.view,
        single,
        radius_bits=known.widest_bits,
        most_entries=_OWNERS_AHEAD,
        threads=_THREADS,
    )
    owners = _Owners(known)
    owners(set(entries.tolist()))
    places = closely | {place_of[number] for number in set(where.tolist())}
    return replace(known, owners_of=owners), sorted(places)


class _Owners:
    """Whose entries are, each asked for once: a batch is answered by one moment, and by few questions."""

    def __init__(self, known: Known) -> None:
        self._owners_of = known.owners_of
        self._asked: set[int] = set()
        self._owners: dict[int, tuple[str, Bank]] = {}

    def __call__(self, entry_ids: Collection[int]) -> dict[int, tuple[str, Bank]]:
        fresh = set(entry_ids) - self._asked
        if fresh:
            self._asked |= fresh
            self._owners |= self._owners_of(fresh)
        return {number: self._owners[number] for number in entry_ids if number in self._owners}


def _noted(
    ctx: Context, actor: Actor, found: Sequence[tuple[Question, Sequence[Match]]]
) -> list[Answer]:
    """The answers, with every match noted, in one transaction; only what a partner is told is noted.

    What was withdrawn meanwhile has no id, and is not told any more.
    """
    if actor.kind is not ActorKind.PARTNER or not any(matches for _, matches in found):
        return [Answer(tuple(matches), ("",) * len(matches)) for _, matches in found]
    asked = [Asked(one.reference, matches, one.signals) for one, matches in found]
    answers = []
    for (_, matches), ids in zip(found, note_matches(ctx, actor, asked), strict=True):
        told = [pair for pair in zip(matches, ids, strict=True) if pair[1]]
        answers.append(Answer(tuple(m for m, _ in told), tuple(number for _, number in told)))
    return answers


def _keeps(ctx: Context, actor: Actor) -> bool:
    """Whether lookups of this partner are kept; not known counts as yes: the database decides."""
    holder = ctx.holders.of_partner(actor.id)
    return holder is None or holder.keeps_lookups
