# SPDX-License-Identifier: Apache-2.0
"""Sources: whom we pull from. None is there until somebody adds one."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from haechi import audit, bank, exchange
from haechi.errors import MalformedField, NotFound, SourceBusy
from haechi.exchange import Source
from haechi.exchange.partners import PROTOCOLS, SourceConfig, protocol_named
from haechi.values import Actor, BankPolicy, ContentStatus, utc_now
from haechi.workflows._context import Context
from haechi.workflows._permissions import Duty, require_duty

_MOST_CREDENTIAL_CHARACTERS: Final = 4000

SOURCE_PROTOCOLS: Final = tuple(sorted(PROTOCOLS))
"""The protocols that a source may speak."""


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source with how it stands.

    `records` are those that are in its bank, `set_aside` what could not be read, by reason.
    `opinions_waiting` are to be sent to it, `opinions_given_up` were tried too often. `last_error` is one
    word; `shrunk` and `doubtful` mean that records seem to have gone, and nothing was withdrawn for it.
    """

    name: str
    protocol: str
    bank: str
    is_enabled: bool
    sends_opinions: bool
    is_pulled_now: bool
    records: int
    set_aside: Mapping[str, int]
    opinions_waiting: int
    opinions_given_up: int
    begun_at: datetime | None
    complete_at: datetime | None
    last_error: str


def add_source(
    ctx: Context,
    actor: Actor,
    *,
    name: str,
    protocol: str,
    address: str = "",
    credentials: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
    policy: BankPolicy = BankPolicy.REVIEW,
    sends_opinions: bool = False,
) -> SourceView:
    """A new source with a bank of its own name for what comes from it. Nothing is pulled by this.

    Its bank is told to no partner until somebody gives one access: what others share with us is not
    ours to share. Its policy is `review` unless said otherwise: a source's hashes may be seeds that
    nobody has looked at.

    Raises:
        NeedsAccess, NotYours: not one who manages sources. MalformedField: a value cannot be used, or the
            name is taken.
    """
    require_duty(actor, Duty.SOURCES)
    spoken = protocol_named(protocol)
    config = SourceConfig(
        address or spoken.usual_address, _checked(credentials or {}), dict(options or {})
    )
    spoken.check(config)
    if sends_opinions and not spoken.takes_opinions:
        raise MalformedField(
            field="sends_opinions", reason="A source of this protocol takes no opinions."
        )
    with ctx.database.write() as tx:
        made = exchange.add_source(
            tx,
            ctx.vault,
            name=name,
            protocol=protocol,
            bank_id=_bank_for(tx, name, policy),
            config=config,
            sends_opinions=sends_opinions,
        )
        audit.record(tx, actor, "add_source", made.id, detail=f"protocol={protocol}")
        view = _view(tx, made)
    ctx.changed()
    return view


def change_source(
    ctx: Context,
    actor: Actor,
    *,
    name: str,
    is_enabled: bool | None = None,
    sends_opinions: bool | None = None,
    address: str | None = None,
    credentials: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> SourceView:
    """The source as it is now; None leaves a fact as it was. Credentials and options are taken whole.

    With another address it is read whole at the next pull.

    Raises:
        NeedsAccess, NotYours: not one who manages sources. NotFound: no such source.
        MalformedField: a value cannot be used.
    """
    require_duty(actor, Duty.SOURCES)
    with ctx.database.write() as tx:
        found = exchange.source_named(tx, name)
        spoken = protocol_named(found.protocol)
        if sends_opinions and not spoken.takes_opinions:
            raise MalformedField(
                field="sends_opinions", reason="A source of this protocol takes no opinions."
            )
        before = exchange.source_config(tx, ctx.vault, found)
        config = SourceConfig(
            before.address if address is None else address,
            before.credentials if credentials is None else _checked(credentials),
            before.options if options is None else dict(options),
        )
        spoken.check(config)
        changed = exchange.change_source(
            tx,
            ctx.vault,
            found,
            config=None if config == before else config,
            is_enabled=is_enabled,
            sends_opinions=sends_opinions,
        )
        audit.record(tx, actor, "change_source", found.id)
        return _view(tx, changed)


def list_sources(ctx: Context, actor: Actor) -> list[SourceView]:
    """Every source with how it stands, oldest first.

    Raises:
        NeedsAccess, NotYours: not one who manages sources.
    """
    require_duty(actor, Duty.SOURCES)
    with ctx.database.read() as tx:
        return [_view(tx, found) for found in exchange.all_sources(tx)]


def remove_source(ctx: Context, actor: Actor, *, name: str) -> int:
    """Withdraw all that came from a source, and forget it with its credentials; how many were withdrawn.

    Its bank stays, turned off. Broken off, it goes on where it was when it is called again; until then the
    source is off.

    Raises:
        NeedsAccess, NotYours: not one who manages sources. NotFound: no such source.
        SourceBusy: it is being pulled.
    """
    require_duty(actor, Duty.SOURCES)
    since = utc_now()
    with ctx.database.write() as tx:
        found = exchange.source_named(tx, name)
        if not exchange.claim_source(tx, found.id, at=since):
            raise SourceBusy
        exchange.change_source(tx, ctx.vault, found, is_enabled=False)
    total = withdrawn = withdraw_records(ctx, actor, found, "remove_source")
    while withdrawn:
        withdrawn = withdraw_records(ctx, actor, found, "remove_source")
        total += withdrawn
    with ctx.database.write() as tx:
        with suppress(NotFound):
            bank.change_bank(tx, found.bank_id, is_on=False)
        exchange.forget_source(tx, ctx.vault, found)
        audit.record(tx, actor, "remove_source", found.id, detail=f"withdrawn={total}")
    ctx.changed()
    return total


def withdraw_records(
    ctx: Context, actor: Actor, found: Source, verb: str, *, before_round: int | None = None
) -> int:
    """Withdraw some of what came from a source, in one transaction; 0 when none is left.

    With `before_round` only what no round from that one on saw. Permission is the caller's matter.
    """
    with ctx.database.write() as tx:
        content_ids = exchange.take_records(tx, found.id, before_round=before_round)
        for content_id in content_ids:
            withdraw_content(tx, content_id)
        if content_ids:
            audit.record(tx, actor, verb, found.id, detail=f"withdrawn={len(content_ids)}")
    if content_ids:
        ctx.changed()
    return len(content_ids)


def withdraw_content(tx: Connection, content_id: str) -> None:
    """Withdraw a content of a source, also one that is held; one that is not there is no matter."""
    with suppress(NotFound):
        bank.set_status(tx, content_id, ContentStatus.WITHDRAWN)


def _bank_for(tx: Connection, name: str, policy: BankPolicy) -> str:
    """The source's own bank; one of a source of the same name that was removed is taken again."""
    try:
        there = bank.bank_named(tx, name.strip())
    except NotFound:
        return bank.create_bank(tx, name, policy=policy, is_limited=True).id
    counts = bank.contents_by_bank(tx).get(there.id, bank.ContentCounts())
    if there.is_on or counts.active or counts.held:
        raise MalformedField(
            field="name", reason="There is a bank of that name already. Choose another name."
        )
    return bank.change_bank(tx, there.id, policy=policy, is_on=True, is_limited=True).id


def _checked(credentials: Mapping[str, str]) -> dict[str, str]:
    for value in credentials.values():
        # A line end in a header would be another header.
        is_good = value.isascii() and value.isprintable()
        if not is_good or len(value) > _MOST_CREDENTIAL_CHARACTERS:
            raise MalformedField(
                field="credentials", reason="A credential is one line of printable characters."
            )
    return {name: value.strip() for name, value in credentials.items()}


def _view(tx: Connection, found: Source) -> SourceView:
    waiting, given_up = exchange.count_opinions(tx, found.id)
    return SourceView(
        found.name,
        found.protocol,
        bank.bank_by_id(tx, found.bank_id).name,
        found.is_enabled,
        found.sends_opinions,
        found.is_pulled_at(utc_now()),
        exchange.count_records(tx, found.id),
        exchange.count_set_aside(tx, found.id),
        waiting,
        given_up,
        found.begun_at,
        found.complete_at,
        found.last_error,
    )
