# SPDX-License-Identifier: Apache-2.0
"""Cases: opened, read, found, erased."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from haechi.cases._items import (
    Item,
    NewItem,
    add_items,
    add_sightings,
    items_of,
    sightings_of,
)
from haechi.cases._number import as_case_number
from haechi.cases._sent_once import forget_answers_of
from haechi.cases._sighting import Sighting
from haechi.cases._tables import case, case_session, item, recovery, sighting
from haechi.cases._wishes import Agency, NewsEvery, Wishes, wishes_of
from haechi.errors import MalformedField, NotFound
from haechi.storage import KeyId, Vault, new_id
from haechi.values import AgeFacts, utc_now

_UNSAID: Final = AgeFacts()


class CaseStatus(StrEnum):
    """Whether anything of the case is still asked for."""

    OPEN = "open"
    WITHDRAWN = "withdrawn"


class Standing(StrEnum):
    """Who opened the case: the person herself, a parent or guardian, somebody she asked, a witness.

    What was said, and proven by nothing: what proof the centre needs for each is its own work.
    """

    SELF = "self"
    PARENT = "parent"
    AGENT = "agent"
    WITNESS = "witness"


@dataclass(frozen=True, slots=True)
class Case:
    """A person's request, as its holder may see it."""

    id: str
    number: str
    language: str
    status: CaseStatus
    opened_at: datetime
    ages: AgeFacts
    standing: Standing
    wishes: Wishes
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
    items: Sequence[NewItem],
    sightings: Sequence[Sighting],
    ages: AgeFacts = _UNSAID,
    standing: Standing = Standing.SELF,
    agency: Agency = Agency.UNSET,
) -> Case:
    """Store a new case with its items and sightings.

    Raises:
        MalformedField: neither an item nor a sighting, or too many of them.
    """
    if not items and not sightings:
        raise MalformedField(
            field="items", reason="A case needs at least one fingerprint or one place it was seen."
        )
    now = utc_now()
    case_id = new_id("cas")
    facts = json.dumps({**asdict(ages), "standing": standing.value}).encode()
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
            agency=agency.value,
            sealed_facts=vault.seal(tx, key_id, facts, context=f"case_facts:{case_id}"),
        )
    )
    add_items(tx, vault, key_id, case_id, items, at=now)
    add_sightings(tx, vault, key_id, case_id, sightings, at=now)
    return read_case(tx, vault, case_id)


def read_case(tx: Connection, vault: Vault, case_id: str) -> Case:
    """The case with its items and sightings, in the order they were reported.

    Does not check who asks; the workflows do.

    Raises:
        NotFound: no such case, or it is erased.
    """
    row = tx.execute(
        select(case).where(case.c.id == case_id, case.c.erased_at.is_(None))
    ).one_or_none()
    if row is None:
        raise NotFound
    ages, standing = AgeFacts(), Standing.SELF
    if row.sealed_facts is not None:
        plain = vault.open(tx, row.key_id, row.sealed_facts, context=f"case_facts:{case_id}")
        facts = json.loads(plain)
        standing = Standing(facts.pop("standing", Standing.SELF))
        ages = AgeFacts(**facts)
    return Case(
        id=row.id,
        number=row.number,
        language=row.language,
        status=CaseStatus(row.status),
        opened_at=row.opened_at,
        ages=ages,
        standing=standing,
        wishes=wishes_of(tx, case_id),
        items=items_of(tx, vault, row.key_id, case_id),
        sightings=sightings_of(tx, vault, row.key_id, case_id),
    )


def find_case(tx: Connection, typed_number: str) -> tuple[str, str] | None:
    """(case id, passphrase hash) of the case with that number, however it was typed.

    An erased case keeps its number, so that it is never given again, and has no hash: "".
    """
    row = tx.execute(
        select(case.c.id, case.c.passphrase_hash).where(
            case.c.number == as_case_number(typed_number)
        )
    ).one_or_none()
    return None if row is None else (row.id, row.passphrase_hash)


def set_passphrase(tx: Connection, case_id: str, passphrase_hash: str) -> None:
    """From now on another passphrase opens the case, and no answer kept for a repeat shows the old one.

    Sessions that are open stay open, and so do recovery codes and a split.
    """
    forget_answers_of(tx, case_id)
    tx.execute(
        update(case)
        .where(case.c.id == case_id, case.c.erased_at.is_(None))
        .values(passphrase_hash=passphrase_hash, changed_at=utc_now())
    )


def list_cases(tx: Connection, *, limit: int) -> list[tuple[str, CaseStatus, datetime]]:
    """(number, status, opened at) of the newest cases, newest first; none that is erased."""
    rows = tx.execute(
        select(case.c.number, case.c.status, case.c.opened_at)
        .where(case.c.erased_at.is_(None))
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


def hold_case(tx: Connection, case_id: str) -> KeyId:
    """The data key of the case, which stays as it is until the commit: nobody erases it meanwhile.

    Raises:
        NotFound: no such case, or it is erased.
    """
    key_id = tx.scalar(
        select(case.c.key_id)
        .where(case.c.id == case_id, case.c.erased_at.is_(None))
        .with_for_update()
    )
    if key_id is None:
        raise NotFound
    return KeyId(key_id)


def case_lock(tx: Connection, case_id: str) -> tuple[str, str]:
    """(number, passphrase hash) of a case; an erased one has no hash: "".

    Raises:
        NotFound: no such case.
    """
    row = tx.execute(
        select(case.c.number, case.c.passphrase_hash).where(case.c.id == case_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    return row.number, row.passphrase_hash


def erase_case(tx: Connection, vault: Vault, case_id: str) -> list[str]:
    """Erase the case: its key, what she wrote, its items, its ways in; returns their content ids.

    What stays is its number, so that it is never given to anybody else, and when it was opened and
    erased. The caller withdraws the contents and forgets what other rooms hold. Every session ends.

    Raises:
        NotFound: no such case, or it is erased already.
    """
    # Locked until the commit: of two erasures at once one does it.
    row = tx.execute(
        select(case.c.key_id)
        .where(case.c.id == case_id, case.c.erased_at.is_(None))
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound
    content_ids = list(tx.scalars(select(item.c.content_id).where(item.c.case_id == case_id)))
    for table in (item, sighting, recovery, case_session):
        tx.execute(delete(table).where(table.c.case_id == case_id))
    forget_answers_of(tx, case_id)
    now = utc_now()
    tx.execute(
        update(case)
        .where(case.c.id == case_id)
        .values(
            passphrase_hash="",
            language="",
            status=CaseStatus.WITHDRAWN.value,
            agency=Agency.UNSET.value,
            news_every=NewsEvery.ALWAYS.value,
            is_watched=True,
            news_set_at=None,
            sealed_facts=None,
            changed_at=now,
            erased_at=now,
        )
    )
    vault.destroy_key(tx, KeyId(row.key_id))
    return content_ids
