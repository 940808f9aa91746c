# SPDX-License-Identifier: Apache-2.0
"""Matches that partners were told of: which content, by what, how near; nothing of the upload itself."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, Row, delete, insert, select
from sqlalchemy.exc import IntegrityError

from haechi.errors import NotFound
from haechi.review._tables import appeal, match_record
from haechi.storage import new_id
from haechi.values import utc_now

_ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class NewMatch:
    """A match that is to be noted; `reference` is the partner's own word for the upload, or empty."""

    content_id: str
    bank_id: str
    partner_id: str
    reference: str
    signal: str
    verdict: str
    reason: str
    policy: str
    distance_bits: int
    radius_bits: int
    is_retroactive: bool = False


@dataclass(frozen=True, slots=True)
class NotedMatch:
    """A match as it was noted."""

    id: str
    match: NewMatch
    found_at: datetime


def note_match(tx: Connection, match: NewMatch, *, secret: bytes) -> tuple[NotedMatch, bool]:
    """The match as it is noted, and whether that is new.

    The same content for the same word of the same partner is noted once, also by two processes at the same
    moment: its id follows from the three and from `secret`, so that nobody guesses it. Without a word each
    is new.
    """
    known = find_match(tx, match.partner_id, match.reference, match.content_id)
    if known is not None:
        return known, False
    made = NotedMatch(_id_of(match, secret) if match.reference else new_id("mat"), match, utc_now())
    try:
        with tx.begin_nested():
            tx.execute(
                insert(match_record).values(id=made.id, found_at=made.found_at, **asdict(match))
            )
    except IntegrityError:
        return match_by_id(tx, made.id, partner_id=match.partner_id), False
    return made, True


def _id_of(match: NewMatch, secret: bytes) -> str:
    # As long as any other id: nothing shows which way it was made.
    named = json.dumps([match.partner_id, match.reference, match.content_id]).encode()
    key = HKDF(SHA256(), 32, None, b"haechi match id").derive(secret)
    code = base64.b32encode(hmac.digest(key, named, "sha256")[:_ID_BYTES]).decode()
    return f"mat_{code.rstrip('=').lower()}"


def find_match(
    tx: Connection, partner_id: str, reference: str, content_id: str
) -> NotedMatch | None:
    """The match of this content that was noted for a partner's word; None without a word or a match."""
    if not reference:
        return None
    row = tx.execute(
        select(match_record)
        .where(
            match_record.c.content_id == content_id,
            match_record.c.partner_id == partner_id,
            match_record.c.reference == reference,
        )
        .limit(1)
    ).one_or_none()
    return None if row is None else _noted(row)


def match_by_id(tx: Connection, match_id: str, *, partner_id: str | None = None) -> NotedMatch:
    """The noted match of this id; with `partner_id` only if it is that partner's.

    Raises:
        NotFound: there is none, or it is another partner's: the answer is the same.
    """
    query = select(match_record).where(match_record.c.id == match_id)
    if partner_id is not None:
        query = query.where(match_record.c.partner_id == partner_id)
    row = tx.execute(query).one_or_none()
    if row is None:
        raise NotFound
    return _noted(row)


def matches_of(
    tx: Connection, content_ids: Collection[str], *, limit: int = 1000
) -> list[NotedMatch]:
    """The matches of these contents that were noted, newest first."""
    rows = tx.execute(
        select(match_record)
        .where(match_record.c.content_id.in_(list(content_ids)))
        .order_by(match_record.c.found_at.desc(), match_record.c.id)
        .limit(limit)
    )
    return [_noted(row) for row in rows]


def forget_matches(tx: Connection, *, before: datetime) -> int:
    """Forget what was noted before a moment; how many there were.

    Not what an appeal waits for: who decides it has to see the match, and its platform is told.
    """
    waiting = select(appeal.c.match_id).where(appeal.c.decided_at.is_(None))
    return tx.execute(
        delete(match_record).where(
            match_record.c.found_at < before, match_record.c.id.not_in(waiting)
        )
    ).rowcount


def _noted(row: Row[Any]) -> NotedMatch:
    return NotedMatch(
        row.id,
        NewMatch(
            row.content_id,
            row.bank_id,
            row.partner_id,
            row.reference,
            row.signal,
            row.verdict,
            row.reason,
            row.policy,
            row.distance_bits,
            row.radius_bits,
            row.is_retroactive,
        ),
        row.found_at,
    )
