# SPDX-License-Identifier: Apache-2.0
"""Screening an upload: is this one of them?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from haechi.bank import Bank
from haechi.match import Hit
from haechi.media import Picture
from haechi.signals import Rendition, Turn, digests, pdq_views
from haechi.values import Actor, BankPolicy, Signal, SignalType
from haechi.workflows._context import Context
from haechi.workflows._permissions import Scope, require_scope

CERTAIN_RADIUS_BITS: Final = 20
"""Up to here a PDQ match is taken as it is; from here to 31 a person looks (reference/survivors.md §4)."""


class Verdict(StrEnum):
    """`same`: equal, or the same picture re-encoded. `edited`: the same after a turn, a mirror or a
    cut border. `review`: near enough to ask a person, not near enough to act alone.
    """

    SAME = "same"
    EDITED = "edited"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Query:
    """One signal of the upload, and the view of the upload that it was made from."""

    signal: Signal
    rendition: Rendition = Rendition.AS_SENT
    turn: Turn = Turn.NONE


@dataclass(frozen=True, slots=True)
class Match:
    """One known content that the upload matches, by its best signal, and why.

    `distance_bits` is at most `radius_bits`, the radius of the bank; for digests both are 0.
    `rendition` and `turn` name the view of the upload that matched.
    """

    content_id: str
    bank: str
    policy: BankPolicy
    signal_type: SignalType
    distance_bits: int
    radius_bits: int
    rendition: Rendition
    turn: Turn
    verdict: Verdict


Search = Callable[[Sequence[Signal]], list[list[tuple[Hit, str, Bank]]]]


def screen_signals(ctx: Context, actor: Actor, signals: Sequence[Signal]) -> list[Match]:
    """The known contents that an upload with these signals matches, best first; empty for none.

    Exact within each bank's radius. A match in an `allow` bank vetoes every match that is no better
    than itself: an equal file that is known stays known, whatever resembles it a little. Nothing of
    the upload is kept.

    Raises:
        NeedsAccess, NotYours: no partner with the scope `match`. NotReady: still catching up.
    """
    require_scope(actor, Scope.MATCH)
    live = ctx.index
    return find_matches([Query(signal) for signal in signals], live.search)


def screen_file(ctx: Context, actor: Actor, data: bytes) -> list[Match]:
    """As `screen_signals`, for a picture file: also turned, mirrored and with its border cut away.

    A file that equals a known one is answered by that alone and is not decoded. Any other is decoded
    in a child process, within limits, and never written anywhere; one that cannot be decoded is
    still compared by its digests before the error is raised.

    Raises:
        NeedsAccess, NotYours, NotReady: as `screen_signals`. MediaError: no picture that we can read.
    """
    require_scope(actor, Scope.MATCH)
    live = ctx.index
    equal = _best_matches(digest_queries([data]), live.search)
    if equal:
        return _unless_allowed(equal)
    return find_matches(picture_queries(ctx.decoder.picture(data)), live.search)


def digest_queries(chunks: Iterable[bytes]) -> list[Query]:
    """The digests of a file, as queries."""
    return [Query(signal) for signal in digests(chunks)]


def picture_queries(picture: Picture) -> list[Query]:
    """Every view of a picture, as queries."""
    return [Query(view.signal, view.rendition, view.turn) for view in pdq_views(picture)]


def find_matches(queries: Sequence[Query], search: Search) -> list[Match]:
    """What `search` finds for these queries, one match a content, best first; see `Verdict`.

    A match in an `allow` bank vetoes every match that is no better than itself.
    """
    return _unless_allowed(_best_matches(queries, search))


def _best_matches(queries: Sequence[Query], search: Search) -> list[Match]:
    best: dict[str, Match] = {}
    for query, answers in zip(queries, search([query.signal for query in queries]), strict=True):
        for hit, content_id, bank in answers:
            match = _match(query, hit, content_id, bank)
            if content_id not in best or _rank(match) < _rank(best[content_id]):
                best[content_id] = match
    return sorted(best.values(), key=_rank)


def _unless_allowed(matches: list[Match]) -> list[Match]:
    """The matches without those that an allowed content is as near as, or nearer."""
    allowed = [_rank(match)[:2] for match in matches if match.policy is BankPolicy.ALLOW]
    return [match for match in matches if not allowed or _rank(match)[:2] < min(allowed)]


def _match(query: Query, hit: Hit, content_id: str, bank: Bank) -> Match:
    is_digest = query.signal.quality is None
    if hit.distance_bits > CERTAIN_RADIUS_BITS:
        verdict = Verdict.REVIEW
    elif query.rendition is Rendition.AS_SENT and query.turn is Turn.NONE:
        verdict = Verdict.SAME
    else:
        verdict = Verdict.EDITED
    return Match(
        content_id=content_id,
        bank=bank.name,
        policy=bank.policy,
        signal_type=query.signal.type,
        distance_bits=hit.distance_bits,
        radius_bits=0 if is_digest else bank.radius_bits,
        rendition=query.rendition,
        turn=query.turn,
        verdict=verdict,
    )


def _rank(match: Match) -> tuple[int, int, str]:
    return (list(Verdict).index(match.verdict), match.distance_bits, match.content_id)
