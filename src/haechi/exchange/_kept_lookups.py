# SPDX-License-Identifier: Apache-2.0
"""Lookups of partners that asked us to keep them: to be matched with what is reported later.

Sealed under the partner's own key, for the hours that the partner chose, and not a minute longer.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from haechi.exchange._tables import kept_lookup, partner
from haechi.storage import KeyId, Vault
from haechi.values import Signal


@dataclass(frozen=True, slots=True)
class Lookup:
    """One upload that a partner asked about, by its own word for it."""

    partner_id: str
    reference: str
    signals: tuple[Signal, ...]
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class KeptLookup:
    """A lookup as it is kept; its number never comes twice."""

    id: int
    lookup: Lookup
    forget_at: datetime


def keep_lookups(tx: Connection, vault: Vault, lookups: Sequence[Lookup]) -> int:
    """Keep these lookups as long as each partner has it; of a partner that keeps none, nothing is kept."""
    rows = tx.execute(
        select(partner.c.id, partner.c.key_id, partner.c.keeps_lookups_h).where(
            partner.c.id.in_({lookup.partner_id for lookup in lookups}),
            partner.c.keeps_lookups_h > 0,
            partner.c.key_id.is_not(None),
            partner.c.revoked_at.is_(None),
        )
    )
    keeping = {row.id: (KeyId(row.key_id), timedelta(hours=row.keeps_lookups_h)) for row in rows}
    wanted = [lookup for lookup in lookups if lookup.partner_id in keeping]
    sealed = {
        partner_id: iter(
            vault.seal_many(
                tx,
                key_id,
                [(_written(o.signals), _context(o)) for o in wanted if o.partner_id == partner_id],
            )
        )
        for partner_id, (key_id, _) in keeping.items()
    }
    values = [
        {
            "partner_id": lookup.partner_id,
            "reference": lookup.reference,
            "sealed": next(sealed[lookup.partner_id]),
            "asked_at": lookup.asked_at,
            "forget_at": lookup.asked_at + keeping[lookup.partner_id][1],
        }
        for lookup in wanted
    ]
    if values:
        tx.execute(insert(kept_lookup), values)
    return len(values)


def kept_lookups(
    tx: Connection, vault: Vault, *, after: int = 0, ids: Collection[int] = (), limit: int = 5000
) -> list[KeptLookup]:
    """Kept lookups by rising number: those after one, or those named; one that does not open is left out."""
    query = (
        select(kept_lookup, partner.c.key_id)
        .join(partner, partner.c.id == kept_lookup.c.partner_id)
        .where(partner.c.revoked_at.is_(None), partner.c.key_id.is_not(None))
        .order_by(kept_lookup.c.id)
        .limit(limit)
    )
    query = query.where(kept_lookup.c.id.in_(list(ids)) if ids else kept_lookup.c.id > after)
    rows = tx.execute(query).all()
    opened = vault.open_many(
        tx,
        [
            (KeyId(row.key_id), row.sealed, f"lookup:{row.partner_id}:{row.reference}")
            for row in rows
        ],
    )
    return [
        KeptLookup(
            row.id,
            Lookup(row.partner_id, row.reference, _read(plain), row.asked_at),
            row.forget_at,
        )
        for row, plain in zip(rows, opened, strict=True)
        if plain is not None
    ]


def kept_ids(tx: Connection) -> set[int]:
    """The numbers of all that is kept now."""
    return set(tx.scalars(select(kept_lookup.c.id)))


def has_due_lookups(tx: Connection, *, at: datetime) -> bool:
    """Whether any lookup has been kept long enough by that moment."""
    due = select(kept_lookup.c.id).where(kept_lookup.c.forget_at <= at).limit(1)
    return tx.scalar(due) is not None


def forget_lookups(
    tx: Connection, *, at: datetime | None = None, partner_id: str | None = None
) -> int:
    """Forget what has been kept long enough by that moment, or all of one partner; how many there were."""
    query = delete(kept_lookup)
    if at is not None:
        query = query.where(kept_lookup.c.forget_at <= at)
    if partner_id is not None:
        query = query.where(kept_lookup.c.partner_id == partner_id)
    if at is None and partner_id is None:
        raise ValueError("all lookups are forgotten by nobody")
    return int(tx.execute(query).rowcount)


def _context(lookup: Lookup) -> str:
    return f"lookup:{lookup.partner_id}:{lookup.reference}"


def _written(signals: Sequence[Signal]) -> bytes:
    return json.dumps([[s.type.value, s.hex, s.quality] for s in signals]).encode()


def _read(plain: bytes) -> tuple[Signal, ...]:
    return tuple(Signal.parse(*fields) for fields in json.loads(plain))
