# SPDX-License-Identifier: Apache-2.0
"""Answers to requests with an idempotency key: the same request gets the same answer for a while.

Sealed under the partner's own key, and found by a digest of the key that the partner made up.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from haechi.exchange._partners import partner_key
from haechi.exchange._tables import partner_answer
from haechi.storage import Vault
from haechi.values import utc_now


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What was answered then, and SHA-256 of the request that it answered."""

    body_sha256: bytes
    answer: bytes = field(repr=False)


def kept_answer(tx: Connection, vault: Vault, partner_id: str, send_key: str) -> KeptAnswer | None:
    """What was answered when this partner sent this key first; None if it is new."""
    row = tx.execute(
        select(partner_answer).where(
            partner_answer.c.partner_id == partner_id,
            partner_answer.c.send_key_sha256 == _digest(send_key),
        )
    ).one_or_none()
    if row is None:
        return None
    # Whoever has an answer kept has a key: it was made for the answer at the latest.
    key_id = partner_key(tx, vault, partner_id)
    context = _context(partner_id, row.send_key_sha256)
    return KeptAnswer(row.body_sha256, vault.open(tx, key_id, row.sealed, context=context))


def keep_answer(
    tx: Connection, vault: Vault, partner_id: str, send_key: str, kept: KeptAnswer
) -> None:
    """Keep an answer, to be forgotten by `forget_answers`.

    Raises:
        IntegrityError: this partner's key has an answer already.
    """
    digest = _digest(send_key)
    key_id = partner_key(tx, vault, partner_id)
    sealed = vault.seal(tx, key_id, kept.answer, context=_context(partner_id, digest))
    tx.execute(
        insert(partner_answer).values(
            partner_id=partner_id,
            send_key_sha256=digest,
            body_sha256=kept.body_sha256,
            sealed=sealed,
            answered_at=utc_now(),
        )
    )


def forget_answers(tx: Connection, *, before: datetime) -> int:
    """Forget what was answered before a moment; how many there were."""
    forgotten = tx.execute(delete(partner_answer).where(partner_answer.c.answered_at < before))
    return int(forgotten.rowcount)


def _digest(send_key: str) -> bytes:
    return hashlib.sha256(send_key.encode()).digest()


def _context(partner_id: str, digest: bytes) -> str:
    return f"partner_answer:{partner_id}:{digest.hex()}"
