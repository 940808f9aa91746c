# SPDX-License-Identifier: Apache-2.0
"""Items and sightings of a case: added, read, withdrawn; what is known of ages is sealed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, exists, func, insert, select, update

from haechi.cases._sighting import Sighting
from haechi.cases._tables import case, item, sighting
from haechi.errors import MalformedField, NotFound
from haechi.storage import KeyId, Vault, new_id
from haechi.values import AgeFacts, MediaKind, utc_now

MAX_ITEMS: Final = 50
MAX_SIGHTINGS: Final = 50


@dataclass(frozen=True, slots=True)
class NewItem:
    """A picture or video to be added: what the bank knows it by, and how old its person was."""

    kind: MediaKind
    content_id: str
    ages: AgeFacts = AgeFacts()


@dataclass(frozen=True, slots=True)
class Item:
    """One picture or video of a case; what it looks like is known to nobody here."""

    id: str
    kind: MediaKind
    content_id: str
    ages: AgeFacts
    reported_at: datetime
    withdrawn_at: datetime | None


def add_items(
    tx: Connection,
    vault: Vault,
    key_id: KeyId,
    case_id: str,
    items: Sequence[NewItem],
    *,
    at: datetime,
) -> None:
    """Add items behind those that are there.

    Raises:
        MalformedField: more than a case takes.
    """
    first = _next_position(tx, item.c.position, item.c.case_id == case_id)
    if items and first + len(items) > MAX_ITEMS:
        raise _too_much()
    for position, new in enumerate(items, first):
        item_id = new_id("itm")
        tx.execute(
            insert(item).values(
                id=item_id,
                case_id=case_id,
                position=position,
                kind=new.kind.value,
                content_id=new.content_id,
                reported_at=at,
                sealed_facts=_sealed_ages(tx, vault, key_id, item_id, new.ages),
            )
        )


def add_sightings(
    tx: Connection,
    vault: Vault,
    key_id: KeyId,
    case_id: str,
    sightings: Sequence[Sighting],
    *,
    at: datetime,
) -> None:
    """Add sightings behind those that are there.

    Raises:
        MalformedField: more than a case takes.
    """
    first = _next_position(tx, sighting.c.position, sighting.c.case_id == case_id)
    if sightings and first + len(sightings) > MAX_SIGHTINGS:
        raise _too_much()
    for position, seen in enumerate(sightings, first):
        sighting_id = new_id("sgt")
        plain = json.dumps(seen.to_json(), ensure_ascii=False).encode()
        tx.execute(
            insert(sighting).values(
                id=sighting_id,
                case_id=case_id,
                position=position,
                sealed=vault.seal(tx, key_id, plain, context=f"sighting:{sighting_id}"),
                recorded_at=at,
            )
        )


def items_of(tx: Connection, vault: Vault, key_id: KeyId, case_id: str) -> tuple[Item, ...]:
    """The items of a case in the order they were reported; unsaid ages where they do not open."""
    rows = tx.execute(select(item).where(item.c.case_id == case_id).order_by(item.c.position)).all()
    sealed = [(key_id, row.sealed_facts or b"", f"item_facts:{row.id}") for row in rows]
    return tuple(
        Item(
            row.id,
            MediaKind(row.kind),
            row.content_id,
            AgeFacts(**json.loads(plain)) if plain else AgeFacts(),
            row.reported_at,
            row.withdrawn_at,
        )
        for row, plain in zip(rows, vault.open_many(tx, sealed), strict=True)
    )


def sightings_of(tx: Connection, vault: Vault, key_id: KeyId, case_id: str) -> tuple[Sighting, ...]:
    """The sightings of a case in the order they were reported."""
    rows = tx.execute(
        select(sighting).where(sighting.c.case_id == case_id).order_by(sighting.c.position)
    ).all()
    stored = [vault.open(tx, key_id, row.sealed, context=f"sighting:{row.id}") for row in rows]
    return tuple(
        Sighting.from_json(json.loads(plain), id=row.id, recorded_at=row.recorded_at)
        for row, plain in zip(rows, stored, strict=True)
    )


def item_content(tx: Connection, case_id: str, item_id: str) -> str:
    """The content id of an item of *this* case that is not withdrawn.

    Raises:
        NotFound: there is no such item.
    """
    content_id = tx.scalar(
        select(item.c.content_id).where(
            item.c.id == item_id, item.c.case_id == case_id, item.c.withdrawn_at.is_(None)
        )
    )
    if content_id is None:
        raise NotFound
    return str(content_id)


def set_ages(
    tx: Connection, vault: Vault, key_id: KeyId, *, case_id: str, item_id: str, ages: AgeFacts
) -> None:
    """What she now says of the age of the person in an item of *this* case.

    Raises:
        NotFound: there is no such item.
    """
    item_content(tx, case_id, item_id)
    sealed = _sealed_ages(tx, vault, key_id, item_id, ages)
    tx.execute(update(item).where(item.c.id == item_id).values(sealed_facts=sealed))


def withdraw_item(tx: Connection, case_id: str, item_id: str) -> str:
    """Mark an item of this case withdrawn and return its content id; again is no change.

    When it was the last one, and no sighting is left to act on, the case is withdrawn too.

    Raises:
        NotFound: no such item in *this* case.
    """
    # The case stays locked until the commit: of two last items withdrawn at once one is the last.
    tx.execute(select(case.c.id).where(case.c.id == case_id).with_for_update())
    row = tx.execute(
        select(item.c.content_id, item.c.withdrawn_at).where(
            item.c.id == item_id, item.c.case_id == case_id
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    now = utc_now()
    if row.withdrawn_at is None:
        tx.execute(update(item).where(item.c.id == item_id).values(withdrawn_at=now))
        is_still_asked = tx.scalar(
            select(
                exists().where(item.c.case_id == case_id, item.c.withdrawn_at.is_(None))
                | exists().where(sighting.c.case_id == case_id)
            )
        )
        status = "open" if is_still_asked else "withdrawn"
        tx.execute(update(case).where(case.c.id == case_id).values(status=status, changed_at=now))
    return str(row.content_id)


def _next_position(tx: Connection, column: object, of_case: object) -> int:
    newest = tx.scalar(select(func.max(column)).where(of_case))  # type: ignore[arg-type]
    return 0 if newest is None else int(newest) + 1


def _too_much() -> MalformedField:
    return MalformedField(
        field="items",
        reason=f"A case takes up to {MAX_ITEMS} files and {MAX_SIGHTINGS} places. "
        "Open another case for the rest.",
    )


def _sealed_ages(
    tx: Connection, vault: Vault, key_id: KeyId, item_id: str, ages: AgeFacts
) -> bytes:
    plain = json.dumps(asdict(ages)).encode()
    return vault.seal(tx, key_id, plain, context=f"item_facts:{item_id}")
