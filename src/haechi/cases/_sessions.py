# SPDX-License-Identifier: Apache-2.0
"""Case sessions: a random token, kept as its SHA-256; it ends after a time without a request."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from haechi.cases._tables import case_session
from haechi.values import utc_now

_MARK_USED_AFTER: Final = timedelta(minutes=1)
_FORGET_AFTER: Final = timedelta(days=1)


def begin_session(tx: Connection, case_id: str) -> str:
    """A fresh token for this case, shown to its holder only."""
    token = secrets.token_urlsafe(32)
    now = utc_now()
    tx.execute(
        insert(case_session).values(
            token_sha256=_digest(token), case_id=case_id, begun_at=now, used_at=now
        )
    )
    return token


def session_case(tx: Connection, token: str, *, idle: timedelta) -> tuple[str, bool] | None:
    """(case id, whether its use should be marked) of a living session; None if there is none.

    Its use is marked once a minute, not at every request, and more often if it ends soon anyway.
    """
    row = tx.execute(
        select(case_session).where(case_session.c.token_sha256 == _digest(token))
    ).one_or_none()
    now = utc_now()
    if row is None or row.used_at + idle < now:
        return None
    return row.case_id, row.used_at + min(_MARK_USED_AFTER, idle / 4) < now


def mark_used(tx: Connection, token: str) -> None:
    """Let the idle time of a session begin anew."""
    tx.execute(
        update(case_session)
        .where(case_session.c.token_sha256 == _digest(token))
        .values(used_at=utc_now())
    )


def end_session(tx: Connection, token: str, *, idle: timedelta) -> None:
    """Forget this session, and with it all that have run out."""
    tx.execute(
        delete(case_session).where(
            (case_session.c.token_sha256 == _digest(token))
            | (case_session.c.used_at < utc_now() - idle)
        )
    )


def forget_sessions(tx: Connection) -> None:
    """Forget sessions of long ago, which open nothing any more."""
    tx.execute(delete(case_session).where(case_session.c.used_at < utc_now() - _FORGET_AFTER))


def end_other_sessions(tx: Connection, case_id: str, token: str) -> None:
    """Forget every session of this case but this one."""
    tx.execute(
        delete(case_session).where(
            case_session.c.case_id == case_id, case_session.c.token_sha256 != _digest(token)
        )
    )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
