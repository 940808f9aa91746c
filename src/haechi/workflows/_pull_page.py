# SPDX-License-Identifier: Apache-2.0
"""One page of a source into its bank: what is new, what changed, what has gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from haechi import bank, exchange
from haechi.bank import NewContent
from haechi.exchange import KnownRecord, Source, SourceRecords, signals_digest
from haechi.exchange.partners import Page, Record, RecordState
from haechi.values import ContentStatus, Sharing
from haechi.workflows._context import Context
from haechi.workflows._sources import withdraw_content

_ORIGIN: Final = "source"
_MOST_IDS: Final = 500


@dataclass(frozen=True, slots=True)
class Taken:
    """How many contents a page, or a pull, put in and withdrew."""

    new: int = 0
    gone: int = 0

    def __add__(self, other: Taken) -> Taken:
        return Taken(self.new + other.new, self.gone + other.gone)


def take_page(
    ctx: Context,
    tx: Connection,
    source: Source,
    page: Page,
    *,
    round_number: int,
    only_confirmed: bool,
) -> Taken:
    """Bring the source's bank to what a page says; the same page again changes nothing.

    One content for each record, so that what one record takes back stays where another vouches for it.
    What somebody here withdrew stays withdrawn, and what is held stays held, whatever the source says.
    """
    if not page.records:
        return Taken()
    # Of one that comes twice the last word counts.
    records = list({record.key: record for record in page.records}.values())
    book = SourceRecords(tx, ctx.vault, source)
    known = book.known(records)
    fresh: list[Record] = []
    gone: list[Record] = []
    seen: list[Record] = []
    statuses = _statuses(tx, known)
    for record in records:
        before = known.get(record.key)
        if before and statuses.get(before.content_id) is ContentStatus.WITHDRAWN:
            # Somebody here withdrew it: remembered, so that no later word of the source brings it back.
            seen.append(record)
            if record.state is RecordState.GONE:
                book.refresh(record)
        elif _is_gone(record, only_confirmed=only_confirmed):
            gone += [record] if before else []
        elif record.state is RecordState.UNCLEAR:
            seen += [record] if before else []
        elif before is None:
            fresh.append(record)
        elif before.digest != signals_digest(record):
            gone.append(record)
            fresh.append(record)
        else:
            seen.append(record)
            if dict(before.reference) != dict(record.reference):
                book.refresh(record)
    held = _held(tx, known, statuses, fresh)
    _withdraw(tx, book, gone, known)
    book.saw(seen, round_number=round_number)
    _add(ctx, tx, source, book, fresh, held=held, round_number=round_number)
    return Taken(len(fresh), len(gone))


def _statuses(tx: Connection, known: Mapping[str, KnownRecord]) -> dict[str, ContentStatus]:
    """The status of each content that a known record became, by the content's id."""
    ids = [one.content_id for one in known.values()]
    statuses: dict[str, ContentStatus] = {}
    for first in range(0, len(ids), _MOST_IDS):
        statuses |= bank.content_statuses(tx, ids[first : first + _MOST_IDS])
    return statuses


def _held(
    tx: Connection,
    known: Mapping[str, KnownRecord],
    statuses: Mapping[str, ContentStatus],
    fresh: Sequence[Record],
) -> dict[str, datetime | None]:
    """Which of these records are put in anew for a content that is held, by their key, and until when."""
    return {
        record.key: bank.content_by_id(tx, before.content_id).held_until
        for record in fresh
        if (before := known.get(record.key))
        and statuses.get(before.content_id) is ContentStatus.HELD
    }


def _is_gone(record: Record, *, only_confirmed: bool) -> bool:
    if record.state is RecordState.GONE:
        return True
    return only_confirmed and record.state is RecordState.PRESENT and not record.is_confirmed


def _withdraw(
    tx: Connection,
    book: SourceRecords,
    gone: Sequence[Record],
    known: dict[str, KnownRecord],
) -> None:
    for record in gone:
        withdraw_content(tx, known[record.key].content_id)
    book.drop(gone)


def _add(
    ctx: Context,
    tx: Connection,
    source: Source,
    book: SourceRecords,
    fresh: Sequence[Record],
    *,
    held: Mapping[str, datetime | None],
    round_number: int,
) -> None:
    if not fresh:
        return
    key_id = bank.bank_key(tx, ctx.vault, source.bank_id)
    by_end: dict[datetime | None, list[Record]] = {}
    for record in fresh:
        by_end.setdefault(record.until, []).append(record)
    for until, records in by_end.items():
        content_ids = bank.add_contents(
            tx,
            ctx.vault,
            [
                NewContent(
                    record.signals,
                    is_held=record.key in held,
                    held_until=held.get(record.key),
                )
                for record in records
            ],
            bank_id=source.bank_id,
            key_id=key_id,
            origin_kind=_ORIGIN,
            origin_id=source.id,
            # The bank is limited: whom it is told is decided there. Nobody's age is known here.
            sharing=Sharing(until=until),
        )
        book.put(list(zip(records, content_ids, strict=True)), round_number=round_number)


def note_set_aside(tx: Connection, source: Source, page: Page, *, most: int = 1000) -> int:
    """Note what of a page could not be read, as long as the list is not too long; how many there were."""
    room = most - sum(exchange.count_set_aside(tx, source.id).values()) if page.set_aside else 0
    if room > 0:
        exchange.set_aside_many(tx, source.id, page.set_aside[:room])
    return len(page.set_aside)
