# SPDX-License-Identifier: Apache-2.0
"""What is sent twice is done once: the first answer is kept for a while, for its sender alone.

A form brings a random secret along. The answer is sealed under that secret, of which only a digest
is kept: whoever sends the same again (double tap, back button, lost connection) gets the same answer, and
nobody else can open it, not even whoever holds the database and its keys.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from haechi.cases._tables import sent_once
from haechi.errors import MalformedField
from haechi.storage import open_under, seal_under
from haechi.values import utc_now

_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{22,100}")


@dataclass(frozen=True, slots=True)
class SentBefore:
    """What was answered then; `answer` is None when that is forgotten."""

    case_id: str
    answer: dict[str, Any] | None = field(repr=False)


def check_send_key(send_key: str) -> None:
    """Let a secret pass that can be one: at least 22 letters and digits, 131 bits.

    Raises:
        MalformedField: it is none.
    """
    if not _SECRET.fullmatch(send_key):
        raise MalformedField(
            field="send_key",
            reason="A send key is 22 to 100 random letters, digits, dashes and underscores.",
        )


def sent_before(tx: Connection, verb: str, send_key: str) -> SentBefore | None:
    """What was answered when this was sent first; None if it is new."""
    row = tx.execute(
        select(sent_once).where(sent_once.c.secret_sha256 == _digest(verb, send_key))
    ).one_or_none()
    if row is None:
        return None
    if row.sealed_answer is None:
        return SentBefore(row.case_id, None)
    opened = open_under(send_key.encode(), row.sealed_answer, context=f"sent_once:{verb}")
    return SentBefore(row.case_id, json.loads(opened))


def keep_answer(
    tx: Connection, verb: str, send_key: str, case_id: str, answer: dict[str, Any]
) -> None:
    """Keep the answer for whoever sends this again.

    Raises:
        sqlalchemy.exc.IntegrityError: it was sent at the same moment, and that one counts.
    """
    sealed = seal_under(
        send_key.encode(),
        json.dumps(answer, ensure_ascii=False).encode(),
        context=f"sent_once:{verb}",
    )
    tx.execute(
        insert(sent_once).values(
            secret_sha256=_digest(verb, send_key),
            case_id=case_id,
            sealed_answer=sealed,
            sent_at=utc_now(),
        )
    )


def forget_answers(tx: Connection, *, answers_before: datetime, all_before: datetime) -> None:
    """Forget answers from before the one moment, and that anything was sent before the other."""
    tx.execute(delete(sent_once).where(sent_once.c.sent_at < all_before))
    tx.execute(
        update(sent_once)
        .where(sent_once.c.sent_at < answers_before, sent_once.c.sealed_answer.is_not(None))
        .values(sealed_answer=None)
    )


def forget_answers_of(tx: Connection, case_id: str) -> None:
    """Forget every answer of this case; that it was sent is still known."""
    tx.execute(update(sent_once).where(sent_once.c.case_id == case_id).values(sealed_answer=None))


def _digest(verb: str, send_key: str) -> bytes:
    return hashlib.sha256(f"{verb}|{send_key}".encode()).digest()
