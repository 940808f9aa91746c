# SPDX-License-Identifier: Apache-2.0
"""What clients of Meta's HMA ask besides banks: the hashes of a file, how far two are, how the index is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from haechi import bank
from haechi.signals import digests, distance_bits, pdq, vpdq
from haechi.values import (
    PDQ_MATCH_RADIUS_BITS,
    Actor,
    Signal,
    SignalType,
    utc_now,
)
from haechi.workflows._context import Context
from haechi.workflows._hma_banks import named_banks, require_hma_reader
from haechi.workflows._metering import count_lookups, take_lookups
from haechi.workflows._permissions import Scope, require_scope


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """How many contents this partner may be told of by bank, and up to when the index has seen the bank.

    `is_ready` is False while the index has not caught up.
    """

    contents: int
    built_to: datetime
    is_ready: bool


def hash_upload(
    ctx: Context, actor: Actor, data: bytes, *, kinds: Collection[SignalType]
) -> list[Signal]:
    """The signals of these sorts that a file has: `md5`, the `pdq` of a picture, the `vpdq` of a video.

    Decoded in a child process, within limits, and never written anywhere. Counts as one lookup.

    Raises:
        NeedsAccess, NotYours: no partner with the scope `match` or `contribute`.
        TooManyRequests: more than the partner may ask for in a minute. MediaError: nothing we can read.
    """
    require_hma_reader(actor)
    take_lookups(ctx, actor, 1)
    signals = []
    if SignalType.MD5 in kinds:
        signals.append(digests([data])[0])
    if SignalType.PDQ in kinds:
        signals.append(pdq(ctx.decoder.picture(data)))
    if SignalType.VPDQ in kinds:
        with ctx.decoder.frames(data) as frames:
            signals.append(vpdq(frames))
    count_lookups(ctx, actor, "hash", asked=1, matched=0)
    return signals


def compare_signals(
    ctx: Context,  # noqa: ARG001  # every verb has one
    actor: Actor,
    first: Signal,
    second: Signal,
) -> tuple[bool, int | None]:
    """Whether two values of one sort are the same picture or file, and of `pdq` how many bits apart.

    Nothing that we know is asked for.

    Raises:
        NeedsAccess, NotYours: no partner with the scope `match`.
    """
    require_scope(actor, Scope.MATCH)
    if first.type is not SignalType.PDQ:
        return first.value == second.value, None
    bits = distance_bits(first, second)
    return bits <= PDQ_MATCH_RADIUS_BITS, bits


def index_facts(ctx: Context, actor: Actor) -> IndexFacts:
    """How the index stands, as far as this partner's banks go.

    Raises:
        NeedsAccess, NotYours: no partner with the scope `match`. Unavailable: the database is away.
    """
    require_scope(actor, Scope.MATCH)
    is_ready = ctx.live is not None and ctx.live.is_ready
    with ctx.database.read() as tx:
        seen = {one.bank.id for one in named_banks(tx, actor).values() if one.is_on}
        counts = {number: bank.contents_by_bank(tx, number).get(number) for number in seen}
    contents = sum(0 if count is None else count.active for count in counts.values())
    return IndexFacts(contents, utc_now(), is_ready)
