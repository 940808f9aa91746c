# SPDX-License-Identifier: Apache-2.0
"""Users, as admins invite, change and disable them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from haechi import audit, staff
from haechi.errors import MalformedField
from haechi.staff import User
from haechi.values import Actor, ActorKind, StaffRole
from haechi.workflows._context import Context
from haechi.workflows._permissions import Duty, require_duty


@dataclass(frozen=True, slots=True)
class Invited:
    """A user with the address of an invitation, which is shown this once."""

    user: User
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class UserView:
    """A user, and until when an invitation can be taken up, if there is one."""

    user: User
    invited_until: datetime | None


def add_user(ctx: Context, actor: Actor, *, login: str, role: StaffRole) -> Invited:
    """A new user, and the link by which the user chooses a password and a second factor.

    Raises:
        NeedsAccess, NotYours: not one who manages users. MalformedField: the login cannot be used.
    """
    require_duty(actor, Duty.USERS)
    with ctx.database.write() as tx:
        user = staff.add_user(tx, ctx.vault, login=login, role=role)
        token = staff.invite(tx, user.id)
        audit.record(tx, actor, "add_user", user.id, detail=f"role={role.value}")
    return Invited(user, _address(ctx, token))


def invite_user(ctx: Context, actor: Actor, *, login: str) -> Invited:
    """A fresh link for a user who lost a password or a second factor; earlier links end.

    Until it is taken up, what the user has goes on to open.

    Raises:
        NeedsAccess, NotYours: not one who manages users. NotFound: no such user.
        MalformedField: the user is disabled, or is the one who asks.
    """
    require_duty(actor, Duty.USERS)
    with ctx.database.write() as tx:
        user = staff.user_named(tx, login)
        _refuse_oneself(actor, user)
        if user.disabled_at is not None:
            raise MalformedField(field="login", reason="This user is disabled. Enable it first.")
        token = staff.invite(tx, user.id)
        audit.record(tx, actor, "invite_user", user.id)
    return Invited(user, _address(ctx, token))


def list_users(ctx: Context, actor: Actor) -> list[UserView]:
    """Everybody, disabled ones too, by login.

    Raises:
        NeedsAccess, NotYours: not one who manages users.
    """
    require_duty(actor, Duty.USERS)
    with ctx.database.read() as tx:
        invited = staff.open_invitations(tx)
        return [UserView(user, invited.get(user.id)) for user in staff.all_users(tx)]


def change_user(
    ctx: Context,
    actor: Actor,
    *,
    login: str,
    role: StaffRole | None = None,
    is_disabled: bool | None = None,
    decisions_a_day: int | None = None,
) -> User:
    """The user as it is now; None leaves a fact as it was, 0 decisions mean as the settings say.

    Another role and disabling end every session of the user at once; disabling ends invitations too.

    Raises:
        NeedsAccess, NotYours: not one who manages users. NotFound: no such user.
        MalformedField: the user is the one who asks, or a number cannot be used.
    """
    require_duty(actor, Duty.USERS)
    with ctx.database.write() as tx:
        before = staff.user_named(tx, login)
        _refuse_oneself(actor, before)
        staff.hold_user(tx, before.id)
        user = staff.change_user(
            tx,
            before.id,
            role=role,
            is_disabled=is_disabled,
            decisions_a_day=decisions_a_day,
        )
        if is_disabled or user.role is not before.role:
            staff.end_sessions(tx, user.id)
        if is_disabled:
            staff.withdraw_invitations(tx, user.id)
        state = "disabled" if user.disabled_at else "enabled"
        audit.record(tx, actor, "change_user", user.id, detail=f"role={user.role.value} {state}")
    return user


def _refuse_oneself(actor: Actor, user: User) -> None:
    # Nobody shuts himself out by a slip, and an open page is not made into a new key.
    if actor.kind is ActorKind.STAFF and actor.id == user.id:
        raise MalformedField(
            field="login", reason="This is your own account. Another admin has to do this."
        )


def _address(ctx: Context, token: str) -> str:
    return f"{ctx.settings.public_url.rstrip('/')}/work/invitation/{token}"
