# SPDX-License-Identifier: Apache-2.0
"""Adding to a case that is open: more photos and videos, more places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection

from haechi import audit, cases
from haechi.cases import Sighting
from haechi.errors import AlreadySent, MalformedField, NotFound
from haechi.values import Actor, utc_now
from haechi.workflows._context import Context
from haechi.workflows._once import Answer, do_once
from haechi.workflows._permissions import require_person
from haechi.workflows._report import ReportedItem, digest_of, sign_and_keep, take_in

_VERB: Final = "add_to_case"


@dataclass(frozen=True, slots=True)
class Added:
    """The ids of the added items in their order, and the receipt for what was added."""

    item_ids: tuple[str, ...]
    receipt: dict[str, Any] = field(repr=False)


def add_to_case(
    ctx: Context,
    actor: Actor,
    *,
    items: Sequence[ReportedItem] = (),
    sightings: Sequence[Sighting] = (),
    send_key: str = "",
) -> Added:
    """Add items and sightings to this person's case; sent again with the same key it adds nothing.

    Raises:
        NeedsAccess: not a person in a case. MalformedField: nothing to add, or more than a case takes.
        AlreadySent: it was sent before, with other content, or so long ago that the answer is forgotten.
    """
    case_id = require_person(actor)
    if not items and not sightings:
        raise MalformedField(
            field="items", reason="A case needs at least one fingerprint or one place it was seen."
        )

    digest = digest_of(items, sightings)

    def act(tx: Connection) -> tuple[str, Answer]:
        key_id = cases.hold_case(tx, case_id)
        before = cases.read_case(tx, ctx.vault, case_id)
        now = utc_now()
        taken_in = take_in(ctx, tx, key_id, items)
        cases.add_items(tx, ctx.vault, key_id, case_id, taken_in, at=now)
        cases.add_sightings(tx, ctx.vault, key_id, case_id, sightings, at=now)
        case = cases.read_case(tx, ctx.vault, case_id)
        receipt = sign_and_keep(ctx, tx, case=case, items=items, sightings=sightings, kind="added")
        audit.record(tx, actor, _VERB, case_id)
        added = [item.id for item in case.items[len(before.items) :]]
        return case_id, {"item_ids": added, "receipt": receipt, "of": digest}

    of_case, answer = do_once(ctx, _VERB, send_key, act)
    if of_case != case_id:
        raise NotFound
    if answer["of"] != digest:
        raise AlreadySent
    ctx.changed()
    return Added(tuple(answer["item_ids"]), answer["receipt"])
