# SPDX-License-Identifier: Apache-2.0
"""Users of the console for tests of the verbs, and a clock that the staff room believes in."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyotp
from installations import OPERATOR
from sqlalchemy import func, select

from haechi import workflows
from haechi.audit._tables import audit_event
from haechi.staff._tables import staff_session
from haechi.values import Actor, StaffRole, utc_now
from haechi.workflows import Context

PASSWORD = "correct horse battery"
OTHER = "another long password"


class Clock:
    """The moment that the rooms believe in."""

    def __init__(self) -> None:
        self.now = utc_now()

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


def add(ctx: Context, login: str = "min", role: StaffRole = StaffRole.ADMIN) -> str:
    """The token of an invitation."""
    invited = workflows.add_user(ctx, OPERATOR, login=login, role=role)
    return invited.url.rpartition("/")[2]


def actor(ctx: Context, token: str) -> Actor:
    found = workflows.actor_of_staff_session(ctx, token)
    assert found is not None
    return found


def set_up(
    ctx: Context, clock: Clock, login: str = "min", role: StaffRole = StaffRole.ADMIN
) -> tuple[str, str]:
    """(session, secret) of a user who took up an invitation."""
    half = workflows.accept_invitation(ctx, token=add(ctx, login, role), password=PASSWORD)
    secret = workflows.propose_totp(ctx, actor(ctx, half), session_token=half).secret
    whole = workflows.set_totp(ctx, actor(ctx, half), session_token=half, code=code(secret, clock))
    clock.pass_by(seconds=60)  # the code of the moment has counted
    return whole, secret


def code(secret: str, clock: Clock, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(clock.now + timedelta(seconds=30 * steps))


def verbs(ctx: Context) -> list[str]:
    with ctx.database.read() as tx:
        return list(tx.scalars(select(audit_event.c.verb).order_by(audit_event.c.id)))


def sessions(ctx: Context) -> int:
    with ctx.database.read() as tx:
        return int(tx.scalar(select(func.count()).select_from(staff_session)) or 0)
