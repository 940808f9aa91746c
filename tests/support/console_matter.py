# SPDX-License-Identifier: Apache-2.0
"""Something for the console to show: banks, contents, partners, a source, and tasks of every kind."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from installations import NOBODY, OPERATOR, flipped, image, pdq_value, report

from haechi import exchange
from haechi.settings import load_settings
from haechi.values import Actor, ActorKind, BankPolicy, Opinion
from haechi.workflows import (
    Context,
    Said,
    add_source,
    add_to_bank,
    admit_partner,
    create_bank,
    give_opinions,
    open_appeal,
    open_context,
    screen_signals,
)
from haechi.workflows._note_matches import Asked, note_matches

SCOPES = frozenset({"match", "opinions", "distance"})
APPEAL = "It is <b>my garden</b>, with a red chair."


@dataclass(frozen=True)
class Matter:
    """The ids of what was made."""

    bank_id: str
    content_id: str
    partner_id: str
    match_ids: tuple[str, ...]


def make_matter(data_folder: Path) -> Matter:
    """Make it, beside a server that may be running on the same folder."""
    with open_context(load_settings({}, data_folder=data_folder), follows=True) as ctx:
        made = create_bank(
            ctx, OPERATOR, name="school cases", policy=BankPolicy.REVIEW, note="From the city."
        )
        contents = [
            add_to_bank(ctx, OPERATOR, bank_name=made.name, signals=[pdq_value(seed)])
            for seed in range(500, 509)
        ]
        report(ctx, image(pdq_value(510)))
        partners = [_partner(ctx, name) for name in ("photo board", "chat board")]
        assert ctx.live is not None
        ctx.live.catch_up()
        matches = (
            _matched(ctx, partners[0], 500, "upload-1"),
            _matched(ctx, partners[0], 501, "upload-2"),
            _matched(ctx, partners[1], 510, "upload-3"),
        )
        open_appeal(ctx, NOBODY, match_id=matches[2], text=APPEAL)
        for partner in partners:
            _dispute(ctx, partner, 502)
        for seed in range(504, 509):
            _matched(ctx, partners[0], seed, f"more-{seed}")
        _source(ctx)
        return Matter(made.id, contents[3], partners[0].id, matches)


def _partner(ctx: Context, name: str) -> Actor:
    made, _ = admit_partner(ctx, OPERATOR, name=name, scopes=SCOPES, purpose="Uploads")
    return Actor(ActorKind.PARTNER, made.id, SCOPES, made.reader)


def _matched(ctx: Context, partner: Actor, seed: int, reference: str) -> str:
    query = flipped(pdq_value(seed), 4)
    matches = screen_signals(ctx, partner, [query])
    ((match_id,),) = note_matches(ctx, partner, [Asked(reference, matches, [query])])
    return match_id


def _dispute(ctx: Context, partner: Actor, seed: int) -> None:
    match_id = _matched(ctx, partner, seed, "upload-4")
    give_opinions(ctx, partner, [Said(Opinion.DISPUTED, match_id)])


def _source(ctx: Context) -> None:
    made = add_source(ctx, OPERATOR, name="city list", protocol="file", address="/nowhere/list.csv")
    with ctx.database.write() as tx:
        source = exchange.source_named(tx, made.name)
        exchange.set_aside_many(
            tx, source.id, [(f"line {n}", "not a PDQ value") for n in range(60)]
        )
