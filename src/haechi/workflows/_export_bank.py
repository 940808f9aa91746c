# SPDX-License-Identifier: Apache-2.0
"""Exporting a bank as a hash list: for another house that runs Haechi, HMA or `tx`, or for a partner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from haechi import audit, bank, exchange
from haechi.bank import REPORTS_BANK
from haechi.values import Actor, ContentStatus, ListForm, Reader, Signal, SignalType, utc_now
from haechi.workflows._context import Context
from haechi.workflows._permissions import Duty, require_duty

_AT_ONCE: Final = 1000
_ALL_TYPES: Final = (SignalType.PDQ, SignalType.VPDQ, SignalType.MD5, SignalType.SHA256)


def export_bank(
    ctx: Context, actor: Actor, *, name: str, form: ListForm, partner: str | None = None
) -> Iterator[str]:
    """What is active in a bank, as text in pieces; the list says of itself that it is intimate data.

    Regional signals never leave, and notes neither. With `partner` it holds what that partner may be
    handed by consent at that moment and no more, and the values that were made up for it: a list that leaks names it.
    The audit log says at the beginning that a list was asked for, and at its end how many contents left.

    Raises:
        NeedsAccess, NotYours: not one who writes banks. NotFound: no such bank or partner, or the partner
            may not be told of the bank.
    """
    require_duty(actor, Duty.WRITE_BANKS)
    form = ListForm.JSONL if form is ListForm.AUTO else form
    with ctx.database.write() as tx:
        found = bank.bank_named(tx, name)
        wanted, reader, detail = [found.id], None, f"form={form}"
        if partner is not None:
            to = exchange.partner_named(tx, partner)
            reader, detail = to.reader, f"form={form} partner={to.id}"
            if found.name == REPORTS_BANK:
                wanted += bank.canary_banks(tx, to.id)
        audit.record(tx, actor, "export_bank", found.id, detail=detail)
    return exchange.write_list(
        _listed(ctx, actor, found.id, wanted, reader=reader), form, name=found.name
    )


def _listed(
    ctx: Context, actor: Actor, bank_id: str, wanted: list[str], *, reader: Reader | None
) -> Iterator[tuple[str, tuple[Signal, ...]]]:
    """The contents with their signals: each page as the tables are when it is read."""
    after, count = 0, 0
    types = _ALL_TYPES if reader is None else bank.HANDED_TYPES
    while True:
        with ctx.database.read() as tx:
            contents = bank.contents_of(
                tx,
                wanted,
                after=after,
                limit=_AT_ONCE,
                statuses=(ContentStatus.ACTIVE,),
                reader=reader,
                at=utc_now(),
            )
            signals = bank.signals_of(
                tx, ctx.vault, [content.entry_id for content in contents], types=types
            )
        if not contents:
            break
        after = contents[-1].entry_id
        for content in contents:
            if content.entry_id in signals:
                count += 1
                yield content.id, signals[content.entry_id]
    with ctx.database.write() as tx:
        audit.record(tx, actor, "end_export", bank_id, detail=f"contents={count}")
