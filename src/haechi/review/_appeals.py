# SPDX-License-Identifier: Apache-2.0
"""Appeals of uploaders: a text, sealed under a key of its own, and a reference to ask by.

The reference tells nothing but how far it is. It is eight signs of Crockford's base 32, the last one a
check, so that a slip of the pen is noticed.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from haechi.errors import AlreadyAppealed, NotFound
from haechi.review._tables import appeal, review_task
from haechi.storage import KeyId, Vault, new_id
from haechi.values import utc_now

_SIGNS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALIKE: Final = str.maketrans("OIL", "011")
_LENGTH: Final = 8
_CHECK_PRIME: Final = 31


@dataclass(frozen=True, slots=True)
class Appeal:
    """One appeal, without its text; `outcome` is empty until it is decided."""

    id: str
    reference: str
    match_id: str
    content_id: str
    opened_at: datetime
    decided_at: datetime | None
    outcome: str


def open_appeal(
    tx: Connection, vault: Vault, *, match_id: str, content_id: str, text: str
) -> Appeal:
    """A new appeal against a match.

    Raises:
        AlreadyAppealed: there is one against this match.
    """
    if appeal_of_match(tx, match_id) is not None:
        raise AlreadyAppealed
    key_id = vault.new_key(tx)
    appeal_id = new_id("apl")
    reference = _new_reference()
    while _find(tx, reference) is not None:
        reference = _new_reference()
    sealed = vault.seal(tx, key_id, text.encode(), context=f"appeal:{appeal_id}")
    try:
        with tx.begin_nested():
            tx.execute(
                insert(appeal).values(
                    id=appeal_id,
                    reference=reference,
                    match_id=match_id,
                    content_id=content_id,
                    key_id=key_id,
                    sealed_text=sealed,
                    opened_at=utc_now(),
                )
            )
    except IntegrityError as error:
        # Sent twice at the same moment.
        raise AlreadyAppealed from error
    return appeal_by_id(tx, appeal_id)


def appeal_by_id(tx: Connection, appeal_id: str) -> Appeal:
    """The appeal of this id, or of this reference, however it is typed.

    Raises:
        NotFound: there is none.
    """
    row = tx.execute(select(appeal).where(appeal.c.id == appeal_id)).one_or_none()
    row = row or _find(tx, _as_reference(appeal_id))
    if row is None:
        raise NotFound
    return _appeal(row)


def appeal_of_match(tx: Connection, match_id: str) -> Appeal | None:
    """The appeal against this match; None if there is none."""
    row = tx.execute(select(appeal).where(appeal.c.match_id == match_id)).one_or_none()
    return None if row is None else _appeal(row)


def appeal_text(tx: Connection, vault: Vault, appeal_id: str) -> str:
    """What the uploader wrote; empty once it is forgotten.

    Raises:
        NotFound: there is no such appeal.
    """
    row = tx.execute(
        select(appeal.c.key_id, appeal.c.sealed_text).where(appeal.c.id == appeal_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    if row.sealed_text is None:
        return ""
    plain = vault.open(tx, KeyId(row.key_id), row.sealed_text, context=f"appeal:{appeal_id}")
    return plain.decode()


def close_appeal(tx: Connection, appeal_id: str, outcome: str, *, at: datetime) -> Appeal:
    """The appeal with its outcome, from now on."""
    tx.execute(
        update(appeal).where(appeal.c.id == appeal_id).values(outcome=outcome, decided_at=at)
    )
    return appeal_by_id(tx, appeal_id)


def forget_appeal_texts(tx: Connection, vault: Vault, *, decided_before: datetime) -> int:
    """Destroy the keys of texts whose appeals were decided before a moment; how many there were.

    Also of those with nothing left to decide, as the content was withdrawn.
    """
    closed = select(review_task.c.subject_id).where(
        review_task.c.kind == "appeal", review_task.c.decided_at < decided_before
    )
    rows = tx.execute(
        select(appeal.c.id, appeal.c.key_id).where(
            or_(appeal.c.decided_at < decided_before, appeal.c.id.in_(closed)),
            appeal.c.sealed_text.is_not(None),
        )
    ).all()
    for row in rows:
        vault.destroy_key(tx, KeyId(row.key_id))
        tx.execute(update(appeal).where(appeal.c.id == row.id).values(sealed_text=None))
    return len(rows)


def _new_reference() -> str:
    drawn = "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH - 1))
    return _written(drawn + _check(drawn))


def _written(signs: str) -> str:
    return f"A-{signs[:4]}-{signs[4:]}"


def _as_reference(typed: str) -> str:
    """The reference that was meant: in either case, with or without dashes; empty for none."""
    signs = "".join(typed.upper().split()).replace("-", "")
    signs = signs[-_LENGTH:].translate(_ALIKE) if len(signs) in (_LENGTH, _LENGTH + 1) else ""
    is_good = signs and set(signs) <= set(_SIGNS) and _check(signs[:-1]) == signs[-1]
    return _written(signs) if is_good else ""


def _check(signs: str) -> str:
    """The sum of the signs, each times its place, by a prime: one wrong sign, or two changed over, show."""
    total = sum(place * _SIGNS.index(sign) for place, sign in enumerate(signs, 2))
    return _SIGNS[total % _CHECK_PRIME]


def _find(tx: Connection, reference: str) -> Row[Any] | None:
    return tx.execute(select(appeal).where(appeal.c.reference == reference)).one_or_none()


def _appeal(row: Row[Any]) -> Appeal:
    return Appeal(
        row.id,
        row.reference,
        row.match_id,
        row.content_id,
        row.opened_at,
        row.decided_at,
        row.outcome,
    )
