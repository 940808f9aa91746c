# SPDX-License-Identifier: Apache-2.0
"""Contents one by one: adding, holding, releasing, withdrawing, noting, and who did what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from haechi import audit, bank, review
from haechi.audit import Event
from haechi.bank import Content
from haechi.errors import MalformedField, NotFound, NotYours, OnlyTheReporter
from haechi.review import TaskKind
from haechi.values import Actor, ActorKind, ContentStatus, Sharing, Signal, utc_now
from haechi.workflows._bank_writers import bank_to_write, require_writer_of_some
from haechi.workflows._context import Context
from haechi.workflows._permissions import Duty, require_duty

_LONGEST_HOLD: Final = timedelta(days=5 * 366)
_MOST_EVENTS: Final = 200
_UPKEEP: Final = Actor(ActorKind.OPERATOR, "upkeep")


@dataclass(frozen=True, slots=True)
class ContentHistory:
    """A content, what is noted of it, and who did what with it, newest first."""

    content: Content
    note: str
    sharing: Sharing
    events: tuple[Event, ...]


def add_to_bank(
    ctx: Context,
    actor: Actor,
    *,
    bank_name: str,
    signals: Sequence[Signal],
    note: str = "",
    shows_adults_only: bool = False,
) -> str:
    """Put one content into a bank; its opaque id.

    It reaches every sort of partner that is told of the bank; those that serve adults only just if
    whoever adds it says that it surely shows adults only.

    Raises:
        NeedsAccess, NotYours, NotFound: the actor may not write into the bank, or there is none.
        MalformedField: no signals, or a note that is too long.
    """
    require_writer_of_some(actor)
    if not signals:
        raise MalformedField(field="signals", reason="A content needs at least one signal.")
    with ctx.database.write() as tx:
        found = bank_to_write(tx, actor, bank_name)
        kind, origin_id = origin_of(actor)
        content_id = bank.add_content(
            tx,
            ctx.vault,
            bank_id=found.id,
            key_id=bank.bank_key(tx, ctx.vault, found.id),
            signals=signals,
            sharing=Sharing(reaches_adult_services=shows_adults_only),
            origin_kind=kind,
            origin_id=origin_id,
            note=note,
        )
        audit.record(tx, actor, "add_to_bank", content_id, detail=f"bank={found.id}")
    ctx.changed()
    return content_id


def hold_content(
    ctx: Context, actor: Actor, *, bank_name: str, content_id: str, until: datetime | None = None
) -> None:
    """Let a content match nothing until that moment, or until it is released.

    A partner holds only what it put in itself, and nothing that others dispute: a moment of its choice
    would end that.

    Raises:
        NeedsAccess, NotYours, NotFound: the actor may not write into the bank, the content is none of it,
            or it is withdrawn. MalformedField: a moment that has passed, or one years ahead.
    """
    require_writer_of_some(actor)
    if until is not None and not utc_now() < until < utc_now() + _LONGEST_HOLD:
        raise MalformedField(
            field="until", reason="A hold ends at a moment that is ahead, within five years."
        )

    def change(tx: Connection) -> None:
        is_partner = actor.kind is ActorKind.PARTNER
        if is_partner and review.is_waiting(tx, TaskKind.DISPUTE, content_id):
            raise NotYours
        bank.hold(tx, content_id, until)

    detail = "" if until is None else f"until={until.isoformat()}"
    _change(ctx, actor, "hold_content", bank_name, content_id, change, detail=detail)


def release_content(ctx: Context, actor: Actor, *, bank_name: str, content_id: str) -> None:
    """Let a held content be matched again; one that is not held stays as it is.

    No partner releases anything: it may be held because others disputed it.

    Raises:
        NeedsAccess, NotYours, NotFound: as `hold_content`.
    """
    _require_staff(actor)

    def change(tx: Connection) -> None:
        bank.release(tx, content_id)

    _change(ctx, actor, "release_content", bank_name, content_id, change)


def lift_quarantine(ctx: Context, actor: Actor, *, bank_name: str, content_id: str) -> None:
    """Let the bank say again what a match of the content means, after somebody of the staff has looked.

    Raises:
        NeedsAccess, NotYours, NotFound: as `hold_content`.
    """
    _require_staff(actor)

    def change(tx: Connection) -> None:
        bank.lift_quarantine(tx, content_id)

    _change(ctx, actor, "lift_quarantine", bank_name, content_id, change)


def withdraw_content(ctx: Context, actor: Actor, *, bank_name: str, content_id: str) -> None:
    """Withdraw a content for good: its signals and its note are erased, and every follower is told.

    A partner withdraws what it put in itself. What a person reported only she withdraws.

    Raises:
        NeedsAccess, NotYours, NotFound: as `hold_content`. OnlyTheReporter: it is a person's report.
    """
    require_writer_of_some(actor)
    with ctx.database.write() as tx:
        found = bank_to_write(tx, actor, bank_name)
        content = bank.content_by_id(tx, content_id, bank_id=found.id)
        if actor.kind is ActorKind.PARTNER and origin_of(actor) != _origin(content):
            raise NotFound
        if content.origin_kind == "case":
            raise OnlyTheReporter
        bank.set_status(tx, content_id, ContentStatus.WITHDRAWN)
        review.close_tasks_of(tx, content_id, at=utc_now())
        audit.record(tx, actor, "withdraw_content", content_id, detail=f"bank={found.id}")
    ctx.changed()


def note_content(ctx: Context, actor: Actor, *, bank_name: str, content_id: str, note: str) -> None:
    """Note something of a content, in place of what was noted; sealed under the content's key.

    Raises:
        NeedsAccess, NotYours: not one who reviews. NotFound: the content is none of that bank, or
            withdrawn. MalformedField: it is too long.
    """
    require_duty(actor, Duty.REVIEW)
    with ctx.database.write() as tx:
        found = bank.bank_named(tx, bank_name)
        bank.content_by_id(tx, content_id, bank_id=found.id)
        bank.set_note(tx, ctx.vault, content_id, note.strip())
        audit.record(tx, actor, "note_content", content_id)


def content_history(
    ctx: Context, actor: Actor, *, bank_name: str, content_id: str
) -> ContentHistory:
    """A content with its note and who did what with it; never its signals. It is recorded.

    Raises:
        NeedsAccess, NotYours: not one who reads banks. NotFound: the content is none of that bank.
    """
    require_duty(actor, Duty.READ_BANKS)
    with ctx.database.write() as tx:
        found = bank.bank_named(tx, bank_name)
        content = bank.content_by_id(tx, content_id, bank_id=found.id)
        history = ContentHistory(
            content,
            bank.note_of(tx, ctx.vault, content_id),
            bank.sharing_of(tx, [content_id])[content_id],
            tuple(audit.events(tx, subject_id=content_id, limit=_MOST_EVENTS)),
        )
        audit.record(tx, actor, "view_content", content_id)
    return history


def end_holds(ctx: Context) -> int:
    """Release what was held until now; how many contents that were. A verb of upkeep.

    It runs in pieces, each a transaction of its own.
    """
    at = utc_now()
    total = 0
    while True:
        with ctx.database.write() as tx:
            ended = bank.end_holds(tx, at=at)
            for content_id in ended:
                audit.record(tx, _UPKEEP, "release_content", content_id, detail="its time is over")
        total += len(ended)
        if not ended:
            break
    if total:
        ctx.changed()
    return total


def _require_staff(actor: Actor) -> None:
    require_writer_of_some(actor)
    if actor.kind is ActorKind.PARTNER:
        raise NotYours


def origin_of(actor: Actor) -> tuple[str, str]:
    """Who put it in, as a content keeps it."""
    if actor.kind is ActorKind.PARTNER:
        return "partner", actor.id
    return "staff", actor.id


def _origin(content: Content) -> tuple[str, str]:
    return content.origin_kind, content.origin_id


def _change(
    ctx: Context,
    actor: Actor,
    verb: str,
    bank_name: str,
    content_id: str,
    change: Callable[[Connection], None],
    *,
    detail: str = "",
) -> None:
    """Change one content of a bank that this actor writes; of partners it may be no other's content."""
    with ctx.database.write() as tx:
        found = bank_to_write(tx, actor, bank_name)
        content = bank.content_by_id(tx, content_id, bank_id=found.id)
        if actor.kind is ActorKind.PARTNER and origin_of(actor) != _origin(content):
            raise NotFound
        change(tx)
        audit.record(tx, actor, verb, content_id, detail=detail)
    ctx.changed()
