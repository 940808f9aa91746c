# SPDX-License-Identifier: Apache-2.0
"""The change feed, as one partner is told it: signed pages that a follower applies in order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from haechi import bank
from haechi.bank import Present, Told
from haechi.errors import FeedCompacted, MalformedField
from haechi.follower import Cursor, FeedChange, FeedPage, FeedSignal, page_bytes, sign_page
from haechi.storage import Database
from haechi.values import Actor, Reader, utc_now
from haechi.workflows._context import Context
from haechi.workflows._permissions import Scope, require_partner
from haechi.workflows._reading import reading

MOST_CHANGES: Final = 5000
"""So many steps are told at once."""

_COMPACT_STEPS: Final = 2000
_MOST_PIECES: Final = 20
"""So many pieces at once: nobody who writes waits behind a million old steps."""


@dataclass(frozen=True, slots=True)
class SignedPage:
    """A page of the feed as it travels, its signature, and how it goes on.

    `is_empty`: it tells of nothing. `seq` is the step up to which it tells, `head` the newest.
    """

    body: bytes
    signature: str
    feed: str
    next: str
    seq: int
    head: int
    is_empty: bool


def read_changes(
    ctx: Context, actor: Actor, *, after: str = "", feed: str = "", limit: int = MOST_CHANGES
) -> SignedPage:
    """What this partner is told of the steps after `after`, at most `limit`; see `FeedPage`.

    Without `after` from the beginning. `feed` is the name that came with `after`.

    Raises:
        NeedsAccess, NotYours: no partner with the scope `changes`. MalformedField: `after` is no cursor.
        FeedCompacted: the feed does not go on from there, or is another one: begin anew.
        Unavailable: the database does not answer.
    """
    require_partner(actor, Scope.CHANGES)
    if actor.reader is None:
        return _nothing(ctx)
    cursor = _cursor(after)
    at = utc_now()
    with reading(ctx.database) as tx:
        name = bank.feed_id(tx, actor.reader) or _begun(ctx.database, actor.reader)
        if not _goes_on(cursor, bank.feed_position(tx), bank.compacted_to(tx)) or (
            feed and feed != name
        ):
            raise FeedCompacted
        told = bank.changes_for(
            tx, ctx.vault, actor.reader, cursor.seq, at=at, limit=min(limit, MOST_CHANGES)
        )
    begun = told.compacted if cursor.seq == 0 else cursor.begun
    following = str(Cursor(told.next_seq, begun))
    changes = [_as_told(step) for step in told.steps]
    page = FeedPage(name, str(cursor), following, told.head, _written(at), changes)
    present = sum(step.present is not None for step in told.steps)
    if changes:
        ctx.usage.count(actor.id, "changes", asked=len(changes), matched=present)
    return _signed(ctx, page, told.next_seq)


def compact_feed(ctx: Context) -> int:
    """Drop the steps that later ones say again, and withdrawals of long ago; how many were looked at.

    In pieces, each a transaction of its own. No audit row: nobody is told anything else than before.
    """
    before = utc_now() - timedelta(days=ctx.settings.tombstone_days)
    with ctx.database.read() as tx:
        if not bank.is_compaction_due(tx, before=before):
            return 0
    total = 0
    for _ in range(_MOST_PIECES):
        with ctx.database.write() as tx:
            count = bank.drop_superseded(tx, limit=_COMPACT_STEPS)
            count += bank.drop_tombstones(tx, before=before, limit=_COMPACT_STEPS)
        if not count:
            break
        total += count
    return total


def _cursor(after: str) -> Cursor:
    try:
        return Cursor.parse(after or "0")
    except ValueError as error:
        raise MalformedField(
            field="after", reason="Send what stood in `next` of the last answer, or nothing."
        ) from error


def _goes_on(cursor: Cursor, head: int, compacted: int) -> bool:
    if cursor.seq > head:
        return False
    return cursor.seq == 0 or max(cursor.seq, cursor.begun) >= compacted


def _begun(database: Database, reader: Reader) -> str:
    """The name of the feed, which is given now."""
    with database.write() as tx:
        bank.begin_feed(tx)
        return bank.feed_id(tx, reader) or ""


def _as_told(step: Told) -> FeedChange:
    told = step.present
    if told is None:
        return FeedChange(step.seq, step.content_id, "gone")
    change = FeedChange(
        step.seq, step.content_id, "present", told.bank, told.policy.value, told.radius_bits
    )
    if told.until is not None:
        change.until = _written(told.until)
    change.signals = _signals(told)
    return change


def _signals(told: Present) -> list[FeedSignal]:
    signals = []
    for signal in told.signals:
        line = FeedSignal(signal.type.value, signal.hex)
        if signal.quality is not None:
            line.quality = signal.quality
        signals.append(line)
    return signals


def _written(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")


def _nothing(ctx: Context) -> SignedPage:
    """For a partner of which nobody knows what it is: it is told of nothing."""
    return _signed(ctx, FeedPage("feed_none", "0", "0", 0, _written(utc_now()), []), 0)


def _signed(ctx: Context, page: FeedPage, seq: int) -> SignedPage:
    body = page_bytes(page)
    signature = sign_page(ctx.keys.signing, body)
    return SignedPage(body, signature, page.feed, page.next, seq, page.head, not page.changes)
