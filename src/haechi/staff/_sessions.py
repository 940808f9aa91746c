# SPDX-License-Identifier: Apache-2.0
"""Sessions of users: a random token, kept as its SHA-256.

One is begun by a password and opens nothing until a second factor is shown; then it is changed for
another. A passkey alone begins a whole one. A row without a user waits for a passkey's answer.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, or_, select, update

from haechi.staff._tables import staff_session, staff_user
from haechi.values import StaffRole, utc_now

HALF_SESSION: Final = timedelta(minutes=10)
WHOLE_SESSION: Final = timedelta(hours=12)
CHALLENGE: Final = timedelta(minutes=5)
_CHALLENGE_BYTES: Final = 32
_MARK_USED_AFTER: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Session:
    """A living session; `is_whole` once the second factor was shown."""

    user_id: str
    role: StaffRole
    begun_at: datetime
    used_at: datetime
    is_whole: bool
    wants_mark: bool
    digest: bytes = field(repr=False)


def begin_session(tx: Connection, user_id: str, *, is_whole: bool) -> str:
    """A fresh token for this user."""
    now = utc_now()
    return _add(
        tx, user_id=user_id, begun_at=now, used_at=now, confirmed_at=now if is_whole else None
    )


def session_of(tx: Connection, token: str, *, idle: timedelta) -> Session | None:
    """The living session of this token; None if it has ended or its user may not come in."""
    row = tx.execute(
        select(staff_session, staff_user.c.role)
        .join(staff_user, staff_user.c.id == staff_session.c.user_id)
        .where(
            staff_session.c.token_sha256 == _digest(token),
            staff_user.c.disabled_at.is_(None),
        )
    ).one_or_none()
    now = utc_now()
    if row is None or not _lives(row.begun_at, row.used_at, row.confirmed_at, now, idle):
        return None
    return Session(
        row.user_id,
        StaffRole(row.role),
        row.begun_at,
        row.used_at,
        is_whole=row.confirmed_at is not None,
        wants_mark=row.used_at + min(_MARK_USED_AFTER, idle / 4) < now,
        digest=row.token_sha256,
    )


def sessions_of(
    tx: Connection, user_id: str, *, idle: timedelta
) -> list[tuple[bytes, datetime, datetime]]:
    """(digest, begun, last used) of every whole session of this user that lives, newest first."""
    now = utc_now()
    rows = tx.execute(
        select(staff_session)
        .where(staff_session.c.user_id == user_id, staff_session.c.confirmed_at.is_not(None))
        .order_by(staff_session.c.begun_at.desc())
    )
    return [
        (row.token_sha256, row.begun_at, row.used_at)
        for row in rows
        if _lives(row.begun_at, row.used_at, row.confirmed_at, now, idle)
    ]


def mark_used(tx: Connection, token: str) -> None:
    """Let the idle time of a session begin anew."""
    tx.execute(
        update(staff_session)
        .where(staff_session.c.token_sha256 == _digest(token))
        .values(used_at=utc_now())
    )


def end_session(tx: Connection, token: str) -> str | None:
    """The id of the user whose session this was; it opens nothing any more. None if it was none."""
    user_id: str | None = tx.scalar(
        delete(staff_session)
        .where(staff_session.c.token_sha256 == _digest(token))
        .returning(staff_session.c.user_id)
    )
    return user_id


def end_sessions(tx: Connection, user_id: str, *, but: str = "") -> None:
    """End every session of this user, but the one of that token."""
    tx.execute(
        delete(staff_session).where(
            staff_session.c.user_id == user_id, staff_session.c.token_sha256 != _digest(but)
        )
    )


def forget_sessions(tx: Connection, *, idle: timedelta) -> None:
    """Forget the rows of sessions and challenges that have ended by themselves."""
    now = utc_now()
    table = staff_session.c
    tx.execute(
        delete(staff_session).where(
            or_(
                table.begun_at < now - WHOLE_SESSION,
                table.confirmed_at.is_not(None) & (table.used_at < now - idle),
                table.confirmed_at.is_(None) & (table.begun_at < now - HALF_SESSION),
            )
        )
    )


def wait_for_passkey(tx: Connection) -> tuple[str, bytes]:
    """(token, challenge) for a browser that is asked for a passkey of a user not yet known."""
    challenge = secrets.token_bytes(_CHALLENGE_BYTES)
    now = utc_now()
    token = _add(tx, user_id=None, begun_at=now, used_at=now, challenge=challenge)
    return token, challenge


def take_waiting(tx: Connection, token: str) -> bytes | None:
    """The challenge that waits for this token; it counts once."""
    row = tx.execute(
        delete(staff_session)
        .where(staff_session.c.token_sha256 == _digest(token), staff_session.c.user_id.is_(None))
        .returning(staff_session.c.challenge, staff_session.c.begun_at)
    ).one_or_none()
    if row is None or row.begun_at + CHALLENGE < utc_now():
        return None
    return bytes(row.challenge)


def set_challenge(tx: Connection, token: str) -> bytes:
    """A fresh challenge for a passkey that the user of this session adds."""
    challenge = secrets.token_bytes(_CHALLENGE_BYTES)
    tx.execute(
        update(staff_session)
        .where(staff_session.c.token_sha256 == _digest(token))
        .values(challenge=challenge)
    )
    return challenge


def take_challenge(tx: Connection, token: str) -> bytes | None:
    """The challenge that this session was given; it counts once."""
    mine = staff_session.c.token_sha256 == _digest(token)
    challenge: bytes | None = tx.scalar(
        select(staff_session.c.challenge).where(mine).with_for_update()
    )
    if challenge is None:
        return None
    tx.execute(update(staff_session).where(mine).values(challenge=None))
    return bytes(challenge)


def _lives(
    begun_at: datetime,
    used_at: datetime,
    confirmed_at: datetime | None,
    now: datetime,
    idle: timedelta,
) -> bool:
    if confirmed_at is None:
        return begun_at + HALF_SESSION > now
    return used_at + idle > now and begun_at + WHOLE_SESSION > now


def _add(tx: Connection, **values: object) -> str:
    token = secrets.token_urlsafe(32)
    tx.execute(insert(staff_session).values(token_sha256=_digest(token), **values))
    return token


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
