# SPDX-License-Identifier: Apache-2.0
"""Invitations: a link that lets a user choose a password and a second factor, within two days."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from haechi.staff._tables import staff_invitation, staff_user
from haechi.values import utc_now

INVITATION_HOURS: Final = 48


def invite(tx: Connection, user_id: str) -> str:
    """A fresh token, to be shown once; earlier invitations of this user open nothing any more."""
    withdraw_invitations(tx, user_id)
    token = secrets.token_urlsafe(32)
    tx.execute(
        insert(staff_invitation).values(
            token_sha256=_digest(token),
            user_id=user_id,
            expires_at=utc_now() + timedelta(hours=INVITATION_HOURS),
        )
    )
    return token


def withdraw_invitations(tx: Connection, user_id: str) -> None:
    """No open invitation of this user opens anything any more."""
    tx.execute(
        delete(staff_invitation).where(
            staff_invitation.c.user_id == user_id, staff_invitation.c.used_at.is_(None)
        )
    )


def invited_user(tx: Connection, token: str) -> str | None:
    """The id of the user whom this token invites; None if it is used, too old, or none of ours."""
    user_id: str | None = tx.scalar(
        select(staff_invitation.c.user_id)
        .join(staff_user, staff_user.c.id == staff_invitation.c.user_id)
        .where(
            staff_invitation.c.token_sha256 == _digest(token),
            staff_invitation.c.used_at.is_(None),
            staff_invitation.c.expires_at > utc_now(),
            staff_user.c.disabled_at.is_(None),
        )
    )
    return user_id


def use_invitations(tx: Connection, user_id: str) -> None:
    """The user is set up: the open invitation is used."""
    tx.execute(
        update(staff_invitation)
        .where(staff_invitation.c.user_id == user_id, staff_invitation.c.used_at.is_(None))
        .values(used_at=utc_now())
    )


def open_invitations(tx: Connection) -> dict[str, datetime]:
    """Until when each user who is invited may take it up, by user id."""
    rows = tx.execute(
        select(staff_invitation.c.user_id, staff_invitation.c.expires_at).where(
            staff_invitation.c.used_at.is_(None), staff_invitation.c.expires_at > utc_now()
        )
    )
    return {row.user_id: row.expires_at for row in rows}


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
