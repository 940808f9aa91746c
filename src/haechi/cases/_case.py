# SPDX-License-Identifier: Apache-2.0
"""Cases and their items: open, read, withdraw."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, exists, insert, select, update

from haechi.cases._passphrase import as_case_number
from haechi.cases._sighting import Sighting
from haechi.cases._tables import case, item, sighting
from haechi.errors import MalformedField, NotFound
from haechi.storage import KeyId, Vault, new_id
from haechi.values import MediaKind, utc_now

MAX_ITEMS: Final = 50
MAX_SIGHTINGS: Final = 50


class CaseStatus(StrEnum):
    """Whether anything of the case is still asked for."""

    OPEN = "open"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Item:
    """One picture or video of a case; what it looks like is known to nobody here."""

    id: str
    kind: MediaKind
    content_id: str
    reported_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class Case:
    """A person's request, as its holder may see it."""

    id: str
    number: str
    language: str
    status: CaseStatus
    opened_at: datetime
    items: tuple[Item, ...]
    sightings: tuple[Sighting, ...]


def open_case(
    tx: Connection,
    vault: Vault,
    *,
    number: str,
    passphrase_hash: str,
    key_id: KeyId,
    language: str,
    items: Sequence[tuple[MediaKind, str]],
    sightings: Sequence[Sighting],
) -> Case:
    """Store a new case with its items, (kind, content id) each, and its sightings.

    Raises:
        MalformedField: neither an item nor a sighting, or too many of them.
    """
    if not items and not sightings:
        raise MalformedField(
            field="items", reason="A case needs at least one fingerprint or one place it was seen."
        )
    if len(items) > MAX_ITEMS or len(sightings) > MAX_SIGHTINGS:
        raise MalformedField(
            field="items",
            reason=f"A case takes up to {MAX_ITEMS} files and {MAX_SIGHTINGS} places. "
            "Open another case for the rest.",
        )
    now = utc_now()
    case_id = new_id("cas")
    tx.execute(
        insert(case).values(
            id=case_id,
            number=number,
            passphrase_hash=passphrase_hash,
            key_id=key_id,
            language=language,
            status=CaseStatus.OPEN.value,
            opened_at=now,
            changed_at=now,
        )
    )
    for position, (kind, content_id) in enumerate(items):
        tx.execute(
            insert(item).values(
                id=new_id("itm"),
                case_id=case_id,
                position=position,
                kind=kind.value,
                content_id=content_id,
                reported_at=now,
            )
        )
    _add_sightings(tx, vault, case_id, key_id, sightings, now)
    return read_case(tx, vault, case_id)


def read_case(tx: Connection, vault: Vault, case_id: str) -> Case:
    """The case with its items and sightings, in the order they were reported.

    Does not check who asks; the workflows do.

    Raises:
        NotFound: no such case.
    """
    row = tx.execute(select(case).where(case.c.id == case_id)).one_or_none()
    if row is None:
        raise NotFound
    items = tx.execute(select(item).where(item.c.case_id == case_id).order_by(item.c.position))
    seen = tx.execute(
        select(sighting).where(sighting.c.case_id == case_id).order_by(sighting.c.position)
    ).all()
    stored = [vault.open(tx, row.key_id, one.sealed, context=f"sighting:{one.id}") for one in seen]
    return Case(
        id=row.id,
        number=row.number,
        language=row.language,
        status=CaseStatus(row.status),
        opened_at=row.opened_at,
        items=tuple(
            Item(one.id, MediaKind(one.kind), one.content_id, one.reported_at, one.withdrawn_at)
            for one in items
        ),
        sightings=tuple(
            Sighting.from_json(json.loads(plain), id=one.id, recorded_at=one.recorded_at)
            for one, plain in zip(seen, stored, strict=True)
        ),
    )


def find_case(tx: Connection, typed_number: str) -> tuple[str, str] | None:
    """(case id, passphrase hash) of the case with that number, however it was typed."""
    row = tx.execute(
        select(case.c.id, case.c.passphrase_hash).where(
            case.c.number == as_case_number(typed_number)
        )
    ).one_or_none()
    return None if row is None else (row.id, row.passphrase_hash)


def list_cases(tx: Connection, *, limit: int) -> list[tuple[str, CaseStatus, datetime]]:
    """(number, status, opened at) of the newest cases, newest first."""
    rows = tx.execute(
        select(case.c.number, case.c.status, case.c.opened_at)
        .order_by(case.c.opened_at.desc())
        .limit(limit)
    )
    return [(row.number, CaseStatus(row.status), row.opened_at) for row in rows]


def case_key(tx: Connection, case_id: str) -> KeyId:
    """The data key under which everything of the case is sealed.

    Raises:
        NotFound: no such case.
    """
    key_id = tx.scalar(select(case.c.key_id).where(case.c.id == case_id))
    if key_id is None:
        raise NotFound
    return KeyId(key_id)


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
        status = CaseStatus.OPEN if is_still_asked else CaseStatus.WITHDRAWN
        tx.execute(
            update(case).where(case.c.id == case_id).values(status=status.value, changed_at=now)
        )
    return str(row.content_id)


def _add_sightings(
    tx: Connection,
    vault: Vault,
    case_id: str,
    key_id: KeyId,
    sightings: Sequence[Sighting],
    now: datetime,
) -> None:
    for position, seen in enumerate(sightings):
        sighting_id = new_id("sgt")
        sealed = vault.seal(
            tx,
            key_id,
            json.dumps(seen.to_json(), ensure_ascii=False).encode(),
            context=f"sighting:{sighting_id}",
        )
        tx.execute(
            insert(sighting).values(
                id=sighting_id,
                case_id=case_id,
                position=position,
                sealed=sealed,
                recorded_at=now,
            )
        )
