# SPDX-License-Identifier: Apache-2.0
"""Pulling: a source's pages into its bank, each with the checkpoint after it in one transaction.

Broken off anywhere, by a crash or by an error of the source, the next pull goes on after the last page
that was stored. What is read twice changes nothing.

A full round reads everything: the first one, one after the checkpoint has grown too old, and every one of
a file. What a full round did not see has gone, and is withdrawn, unless it is so much that something
else may be wrong: then nothing is withdrawn until somebody has looked and says so.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from haechi import audit, exchange
from haechi.errors import AddressRefused, HaechiError, SourceBusy, SourceFailed
from haechi.exchange import Progress, Source
from haechi.exchange.partners import (
    Page,
    Protocol,
    SourceConfig,
    StaleCheckpoint,
    Wire,
    protocol_named,
)
from haechi.values import Actor, ActorKind, utc_now
from haechi.workflows._context import Context
from haechi.workflows._permissions import Duty, require_duty
from haechi.workflows._pull_page import Taken, note_set_aside, take_page
from haechi.workflows._sources import withdraw_records

_log = structlog.get_logger(__name__)

_UPKEEP: Final = Actor(ActorKind.OPERATOR, "upkeep")
_UPKEEP_S: Final = 20
"""Upkeep has other things to do: a long pull goes on the next minute."""

_FEW: Final = 20
"""So few may go at once, however few are left."""

_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull did: contents that came in and were withdrawn, records that could not be read.

    `is_complete`: the source has nothing more for now. `is_held_back`: records seem to have gone, and so
    many, or with such doubts, that nothing was withdrawn for it.
    """

    new: int
    gone: int
    set_aside: int
    is_complete: bool
    is_held_back: bool


def pull_source(
    ctx: Context,
    actor: Actor,
    *,
    name: str,
    accepts_losses: bool = False,
    budget_s: float | None = None,
) -> Pulled:
    """Bring the bank of a source to what the source says now.

    With `accepts_losses` everything that a full round did not see is withdrawn, however much it is. With
    `budget_s` it stops after the page in which that time ended; the next pull goes on there.

    Raises:
        NeedsAccess, NotYours: not one who manages sources. NotFound: no such source.
        SourceBusy: somebody pulls it now. SourceFailed: it did not answer as it should; what came before
            that is kept. AddressRefused: it may not be called.
    """
    require_duty(actor, Duty.SOURCES)
    since = utc_now()
    with ctx.database.write() as tx:
        source = exchange.source_named(tx, name)
        if not exchange.claim_source(tx, source.id, at=since):
            raise SourceBusy
        config = exchange.source_config(tx, ctx.vault, source)
    pull = _Pull(ctx, actor, source, config, since, accepts_losses=accepts_losses)
    word = "failed"
    try:
        pulled = pull.run(budget_s)
        word = pull.word
    except HaechiError as error:
        word = _word(error)
        raise
    finally:
        with ctx.database.write() as tx:
            exchange.end_claim(
                tx, source.id, since=pull.since, error=word, is_complete=pull.is_complete
            )
    return pulled


def pull_due_sources(ctx: Context) -> None:
    """Pull each source that is on and due; a verb of upkeep. What fails is noted and tried when it is due."""
    if ctx.settings.pull_every_min == 0:
        return
    now = utc_now()
    every = timedelta(minutes=ctx.settings.pull_every_min)
    with ctx.database.read() as tx:
        due = [one for one in exchange.all_sources(tx) if _is_due(one, now, every)]
    for source in due:
        try:
            pull_source(ctx, _UPKEEP, name=source.name, budget_s=_UPKEEP_S)
        except HaechiError as error:
            _log.warning("pull_failed", source=source.id, word=_word(error))
        except Exception as error:  # noqa: BLE001  # one that fails must not stop the others
            _log.warning("pull_failed", source=source.id, error_class=type(error).__name__)


def wire_of(
    ctx: Context, whole_s: float = 300, *, tries: int = _TRIES, waits_s: float = 60
) -> Wire:
    """A wire for a source, over a client that reaches only what may be reached; close its client."""
    client = exchange.guarded_client(
        allow_private=ctx.settings.may_reach_private, timeout_s=30, whole_s=whole_s
    )
    return Wire(client, tries=tries, longest_wait_s=waits_s)


def _is_due(source: Source, now: datetime, every: timedelta) -> bool:
    if not source.is_enabled or source.is_pulled_at(now):
        return False
    if source.ended_at is None:
        return True
    # One that was stopped by its budget goes on at once, and one that failed waits.
    was_stopped = not source.last_error and not source.progress.is_complete
    return was_stopped or now - source.ended_at >= every


def _word(error: HaechiError) -> str:
    if isinstance(error, SourceFailed):
        return str(error.params["word"])
    return "address_refused" if isinstance(error, AddressRefused) else error.code


class _Pull:
    """One pull under way, by who has claimed the source since `since`."""

    def __init__(
        self,
        ctx: Context,
        actor: Actor,
        source: Source,
        config: SourceConfig,
        since: datetime,
        *,
        accepts_losses: bool,
    ) -> None:
        self.since = since
        self.is_complete = False
        self.word = ""
        self._ctx = ctx
        self._actor = actor
        self._source = source
        self._config = config
        self._protocol: Protocol = protocol_named(source.protocol)
        self._accepts_losses = accepts_losses
        # What a new full round cannot read is told anew.
        self._forgets = False
        self._progress = self._begin(source.progress)
        self._taken = Taken()
        self._set_aside = 0

    def run(self, budget_s: float | None) -> Pulled:
        """Pull until it is complete, or the time is over."""
        ends_at = float("inf") if budget_s is None else time.monotonic() + budget_s
        # Where somebody may wait for us to stop: rather come back than wait here.
        wire = wire_of(self._ctx) if budget_s is None else wire_of(self._ctx, 60, waits_s=2)
        with wire.client:
            for page in self._all_pages(wire):
                self._store(page)
                self.is_complete = page.is_complete
                if time.monotonic() >= ends_at:
                    break
        is_held_back = self._sweep() if self.is_complete else False
        return Pulled(
            self._taken.new,
            self._taken.gone,
            self._set_aside,
            self.is_complete,
            is_held_back,
        )

    def _begin(self, before: Progress) -> Progress:
        now = utc_now()
        if self._protocol.is_read_whole:
            at = None if self._accepts_losses else before.at
            return self._full_round(before, at)
        is_stale = before.pulled_at is not None and self._protocol.is_stale(before.pulled_at, now)
        if before.at is None or is_stale:
            return self._full_round(before, None)
        return before

    def _full_round(self, before: Progress, at: Mapping[str, Any] | None) -> Progress:
        self._forgets = True
        return Progress(at, before.round + 1, is_full=True, pulled_at=before.pulled_at)

    def _all_pages(self, wire: Wire) -> Iterator[Page]:
        try:
            yield from self._pages(wire)
        except StaleCheckpoint:
            self._progress = self._full_round(self._progress, None)
            try:
                yield from self._pages(wire)
            except StaleCheckpoint:
                raise SourceFailed(word="endless") from None

    def _pages(self, wire: Wire) -> Iterator[Page]:
        return self._protocol.pull(self._config, self._progress.at, wire, now=utc_now())

    def _store(self, page: Page) -> None:
        now = max(utc_now(), self.since + timedelta(microseconds=1))
        if page.is_same:
            # Nothing was read anew: the last round stands as it was.
            self._progress = replace(self._source.progress, pulled_at=now)
        else:
            self._progress = replace(
                self._progress,
                at=dict(page.checkpoint),
                is_doubtful=self._progress.is_doubtful or page.is_doubtful,
                is_complete=page.is_complete,
                pulled_at=now,
            )
            if page.is_complete and self._progress.is_full:
                # Swept after this is stored: a crash in between leaves it to the next pull.
                self._progress = replace(self._progress, is_full=False, is_unswept=True)
        with self._ctx.database.write() as tx:
            if not exchange.keep_claim(tx, self._source.id, since=self.since, at=now):
                raise SourceBusy
            if self._forgets and not page.is_same:
                exchange.forget_set_aside(tx, self._source.id)
                self._forgets = False
            taken = take_page(
                self._ctx,
                tx,
                self._source,
                page,
                round_number=self._progress.round,
                only_confirmed=bool(self._config.options.get("only_confirmed")),
            )
            set_aside = note_set_aside(tx, self._source, page)
            exchange.note_progress(tx, self._source.id, self._progress)
            if taken != Taken() or page.is_complete:
                detail = f"new={taken.new} gone={taken.gone}"
                audit.record(tx, self._actor, "pull_source", self._source.id, detail=detail)
        self.since = now
        self._taken += taken
        self._set_aside += set_aside
        if taken != Taken():
            self._ctx.changed()

    def _sweep(self) -> bool:
        """Withdraw what the full round did not see; whether that was held back."""
        if not self._progress.is_unswept:
            return False
        with self._ctx.database.read() as tx:
            total = exchange.count_records(tx, self._source.id)
            unseen = exchange.count_records(tx, self._source.id, before_round=self._progress.round)
        self.word = self._why_not(unseen, total)
        if self.word:
            return True
        while withdrawn := withdraw_records(
            self._ctx,
            self._actor,
            self._source,
            "pull_source",
            before_round=self._progress.round,
        ):
            self._taken += Taken(gone=withdrawn)
        self._progress = replace(self._progress, is_unswept=False, is_doubtful=False)
        with self._ctx.database.write() as tx:
            exchange.note_progress(tx, self._source.id, self._progress)
        return False

    def _why_not(self, unseen: int, total: int) -> str:
        """Why what was not seen is not withdrawn, in one word; empty where it is."""
        if self._accepts_losses or not unseen:
            return ""
        if self._progress.is_doubtful:
            return "doubtful"
        if unseen == total or (unseen >= _FEW and unseen > total / 2):
            return "shrunk"
        return ""
