# SPDX-License-Identifier: Apache-2.0
"""Contents as clients of Meta's HMA know them: by a number, in a bank by its name.

The number is the one the index knows a content by. It is looked up in the bank that the path names and
nowhere else: a number of another bank is no content here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection

from haechi import audit, bank
from haechi.bank import REPORTS_BANK, Content
from haechi.errors import MalformedField, NotFound, NotYours
from haechi.signals import FrameList, hma_text
from haechi.values import Actor, ContentStatus, Signal, SignalType, utc_now
from haechi.workflows._contents import (
    add_to_bank,
    hold_content,
    withdraw_content,
)
from haechi.workflows._context import Context
from haechi.workflows._hma_banks import HmaBank, named_banks, require_hma_reader
from haechi.workflows._permissions import Scope, require_partner

HMA_SIGNAL_TYPES: Final = {
    "pdq": SignalType.PDQ,
    "video_md5": SignalType.MD5,
    "vpdq": SignalType.VPDQ,
}
"""What HMA calls the sorts of signals that it knows."""

_MOST_NOTE_CHARS: Final = 255
_MOST_NUMBER: Final = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class HmaContent:
    """A content by its number; `disable_until_s` is 1 while it is matched, 0 while it is held, or until when.

    `signals` by HMA's names of their sorts, only for whoever may hold values.
    """

    number: int
    bank: HmaBank
    disable_until_s: int
    signals: dict[str, str]
    note: str


def add_hma_content(
    ctx: Context, actor: Actor, *, bank_name: str, signals: Sequence[Signal], note: str = ""
) -> int:
    """Put one content into a bank; its number.

    Raises:
        NeedsAccess, NotYours: no partner with the scope `contribute`, or it may not write there.
        NotFound: it sees no such bank. MalformedField: no signals, or a note that is too long.
    """
    require_partner(actor, Scope.CONTRIBUTE)
    if len(note) > _MOST_NOTE_CHARS:
        reason = f"A note has at most {_MOST_NOTE_CHARS} characters."
        raise MalformedField(field="note", reason=reason)
    found = _bank(ctx, actor, bank_name)
    # A bank of its own is told to nobody else: what it serves is its own matter.
    reaches_own = found.is_own and actor.reader is not None and actor.reader.serves_adults_only
    content_id = add_to_bank(
        ctx,
        actor,
        bank_name=found.bank.name,
        signals=signals,
        note=note,
        shows_adults_only=reaches_own,
    )
    return content_numbers(ctx, actor, [content_id])[content_id]


def content_numbers(ctx: Context, actor: Actor, content_ids: Iterable[str]) -> dict[str, int]:
    """The number of each of these contents, of which the actor was told just now.

    Raises:
        NeedsAccess, NotYours: no partner with the scope `match` or `contribute`.
    """
    require_hma_reader(actor)
    with ctx.database.read() as tx:
        return {number: bank.content_by_id(tx, number).entry_id for number in set(content_ids)}


def read_hma_content(ctx: Context, actor: Actor, *, bank_name: str, number: int) -> HmaContent:
    """A content of a bank that this partner sees; one that is not matched only if it put it in.

    Its signals are told to whoever put it in, and to partners with the scope `changes`, which are handed
    them anyway. Its note is told to whoever put it in.

    Raises:
        NeedsAccess, NotYours: no partner with the scope `match` or `contribute`. NotFound: there is none.
    """
    require_hma_reader(actor)
    with ctx.database.read() as tx:
        found = named_banks(tx, actor).get(bank_name)
        content = _content(tx, actor, found, number)
        assert found is not None  # noqa: S101  # else there is no content
        is_own = _is_own(actor, content)
        signals = {}
        if is_own or Scope.CHANGES.value in actor.scopes:
            kinds = tuple(HMA_SIGNAL_TYPES.values())
            stored = bank.signals_of(tx, ctx.vault, [content.entry_id], types=kinds)
            signals = hma_signals(stored.get(content.entry_id, ()))
        note = bank.note_of(tx, ctx.vault, content.id) if is_own else ""
        return HmaContent(content.entry_id, found, _disabled_until(content), signals, note)


def change_hma_content(
    ctx: Context,
    actor: Actor,
    *,
    bank_name: str,
    number: int,
    disable_until_s: int | None,
    note: str | None,
) -> HmaContent:
    """Hold a content that this partner put in (0), until a moment, or let it go (1); and note something.

    Raises:
        NeedsAccess, NotYours: no partner with the scope `contribute`, or another put it in; or it is held
            in a bank that others are told of. NotFound: there is none.
        MalformedField: a moment years ahead, or a note that is too long.
    """
    require_partner(actor, Scope.CONTRIBUTE)
    if note is not None and len(note) > _MOST_NOTE_CHARS:
        reason = f"A note has at most {_MOST_NOTE_CHARS} characters."
        raise MalformedField(field="note", reason=reason)
    with ctx.database.read() as tx:
        found = named_banks(tx, actor).get(bank_name)
        content = _content(tx, actor, found, number)
    assert found is not None  # noqa: S101  # else there is no content
    if not _is_own(actor, content):
        raise NotYours
    if disable_until_s is not None:
        _switch(ctx, actor, found, content, _moment(disable_until_s))
    if note is not None:
        with ctx.database.write() as tx:
            bank.set_note(tx, ctx.vault, content.id, note)
            audit.record(tx, actor, "note_content", content.id)
    return read_hma_content(ctx, actor, bank_name=bank_name, number=number)


def withdraw_hma_content(ctx: Context, actor: Actor, *, bank_name: str, number: int) -> bool:
    """Withdraw for good what this partner put in; False if there is none of that number in the bank.

    Raises:
        NeedsAccess, NotYours: no partner with the scope `contribute`, or another put it in.
    """
    require_partner(actor, Scope.CONTRIBUTE)
    with ctx.database.read() as tx:
        found = named_banks(tx, actor).get(bank_name)
        try:
            content = _content(tx, actor, found, number)
        except NotFound:
            return False
    assert found is not None  # noqa: S101  # else there is no content
    if not _is_own(actor, content):
        raise NotYours
    withdraw_content(ctx, actor, bank_name=found.bank.name, content_id=content.id)
    return True


def hma_signals(signals: Iterable[Signal]) -> dict[str, str]:
    """Signals as HMA writes them, by its names; of those of one sort the first."""
    names = {kind: name for name, kind in HMA_SIGNAL_TYPES.items()}
    written: dict[str, str] = {}
    for signal in signals:
        if signal.type in names:
            is_video = signal.type is SignalType.VPDQ
            written.setdefault(names[signal.type], hma_text(signal) if is_video else signal.hex)
    return written


def frames_of_text(records: Sequence[tuple[bytes, int, int]]) -> Signal:
    """The `vpdq` of frames by their PDQ values, qualities and milliseconds.

    Raises:
        ValueError: they are none.
    """
    return FrameList.of(records).to_signal()


def _bank(ctx: Context, actor: Actor, name: str) -> HmaBank:
    with ctx.database.read() as tx:
        found = named_banks(tx, actor).get(name)
    if found is None:
        raise NotFound
    return found


def _content(tx: Connection, actor: Actor, found: HmaBank | None, number: int) -> Content:
    """The content of that number in that bank, if this actor may know of it.

    Raises:
        NotFound: there is none, or it may not.
    """
    if found is None or not 1 <= number <= _MOST_NUMBER:
        raise NotFound
    banks = [found.bank.id]
    if found.bank.name == REPORTS_BANK:
        # What was made up for this partner is found where what it looks like would be.
        banks += bank.canary_banks(tx, actor.id)
    page = bank.contents_of(tx, banks, after=number - 1, limit=1)
    if not page or page[0].entry_id != number or page[0].status is ContentStatus.WITHDRAWN:
        raise NotFound
    if not _is_own(actor, page[0]):
        told = bank.active_contents(tx, [number], reader=actor.reader, at=utc_now())
        if number not in told:
            raise NotFound
    return page[0]


def _switch(
    ctx: Context, actor: Actor, found: HmaBank, content: Content, until: datetime | None
) -> None:
    """Hold a content, for good or until a moment; let it go for one that has passed.

    In a bank that others are told of it may be held because they dispute it: then only the staff let it go.
    """
    is_held = content.status is ContentStatus.HELD
    if is_held and until is not None and not found.is_own:
        raise NotYours
    if until is None or until > utc_now():
        hold_content(ctx, actor, bank_name=found.bank.name, content_id=content.id, until=until)
    elif is_held:
        with ctx.database.write() as tx:
            bank.release(tx, content.id)
            audit.record(tx, actor, "release_content", content.id, detail=f"bank={found.bank.id}")
        ctx.changed()


def _is_own(actor: Actor, content: Content) -> bool:
    return (content.origin_kind, content.origin_id) == ("partner", actor.id)


def _disabled_until(content: Content) -> int:
    if content.status is ContentStatus.ACTIVE:
        return 1
    return 0 if content.held_until is None else int(content.held_until.timestamp())


def _moment(seconds: int) -> datetime | None:
    """Until when; None for 0, which is for good."""
    if seconds == 0:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise MalformedField(
            field="disable_until_ts", reason="disable_until_ts lies within five years."
        ) from error
