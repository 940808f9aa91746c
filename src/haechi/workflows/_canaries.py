# SPDX-License-Identifier: Apache-2.0
"""Finding out whose list leaked: by values that were made up for one partner alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from haechi import audit, bank, exchange
from haechi.values import Actor, ActorKind, Signal, SignalType
from haechi.workflows._context import Context
from haechi.workflows._local_bank import load_local_bank
from haechi.workflows._permissions import Duty, require_duty

_UPKEEP = Actor(ActorKind.OPERATOR, "upkeep")


@dataclass(frozen=True, slots=True)
class Leak:
    """A partner whose made-up values stand in a list: how many, of how many."""

    partner: str
    values: int
    of: int


def trace_leak(ctx: Context, actor: Actor, *, path: Path) -> list[Leak]:
    """The partners whose made-up values stand in a list, those with most of them first.

    Values that were changed a little, as by a few bits, count too.

    Raises:
        NeedsAccess, NotYours: not one who manages partners.
        FileNotReadable, UnreadableBank: the list cannot be read.
    """
    require_duty(actor, Duty.PARTNERS)
    listed = load_local_bank(path)
    planted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    with ctx.database.write() as tx:
        names = {partner.id: partner.name for partner in exchange.all_partners(tx)}
        for partner_id, value in bank.canary_values(tx, ctx.vault):
            planted[partner_id] += 1
            if listed.holds(Signal(SignalType.PDQ, value, 100)):
                found[partner_id] += 1
        for partner_id in found:
            audit.record(tx, actor, "trace_leak", partner_id, detail=f"values={found[partner_id]}")
    leaks = [Leak(names.get(i, ""), count, planted[i]) for i, count in found.items()]
    return sorted(leaks, key=lambda leak: (-leak.values, leak.partner))


def note_canaries(ctx: Context) -> int:
    """Write down that somebody asked for a value that was made up for somebody else; a verb of upkeep.

    The line names who asked, and whose list it must have come from.
    """
    if ctx.live is None:
        return 0
    hits = ctx.live.take_canary_hits()
    if hits:
        with ctx.database.write() as tx:
            for asker_id, owner_id in sorted(hits):
                asker = Actor(ActorKind.PARTNER, asker_id) if asker_id else _UPKEEP
                audit.record(tx, asker, "canary_asked", owner_id)
    return len(hits)
