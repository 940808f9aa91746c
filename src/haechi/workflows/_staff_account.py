# SPDX-License-Identifier: Apache-2.0
"""What users do with their own account: password, second factor, sessions.

Whoever finds a page open cannot make himself a key: the present password is asked for. Only a session
that an invitation began, in which there is no second factor yet, sets the first one up without it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from haechi import audit, staff
from haechi.errors import MalformedField, NeedsSignIn, NotFound, WrongSignIn
from haechi.staff import Passkey, Site, User
from haechi.values import Actor, utc_now
from haechi.workflows._context import Context
from haechi.workflows._permissions import require_user
from haechi.workflows._staff_entry import require_session, site_of, staff_idle

_ISSUER: Final = "Haechi"


@dataclass(frozen=True, slots=True)
class OwnSession:
    """One session of a user; `is_this` is the one that looks."""

    begun_at: datetime
    used_at: datetime
    is_this: bool


@dataclass(frozen=True, slots=True)
class Account:
    """What users see of their own account."""

    user: User
    passkeys: tuple[Passkey, ...]
    sessions: tuple[OwnSession, ...]
    may_have_passkeys: bool


@dataclass(frozen=True, slots=True)
class TotpProposal:
    """A secret that the user may take into an authenticator app, and the address that a QR code says."""

    login: str
    secret: str = field(repr=False)
    uri: str = field(repr=False)


def read_account(ctx: Context, actor: Actor, *, session_token: str) -> Account:
    """The account of this user.

    Raises:
        NeedsSignIn: not a user with a living session.
    """
    require_user(actor, may_be_half=True)
    with ctx.database.read() as tx:
        this = require_session(ctx, tx, session_token, user_id=actor.id).digest
        found = staff.sessions_of(tx, actor.id, idle=staff_idle(ctx))
        return Account(
            staff.user_by_id(tx, actor.id),
            tuple(staff.passkeys_of(tx, actor.id)),
            tuple(OwnSession(begun, used, digest == this) for digest, begun, used in found),
            Site.of(ctx.settings.public_url).has_passkeys,
        )


def propose_totp(ctx: Context, actor: Actor, *, session_token: str) -> TotpProposal:
    """A secret for this session, the same each time; nothing is kept before `set_totp`.

    Raises:
        NeedsSignIn: not a user with a living session, or a half one with a second factor to show.
    """
    with ctx.database.read() as tx:
        _require_may_set_up(ctx, tx, actor, session_token)
        secret = staff.proposed_secret(tx, ctx.keys, actor.id, session_token)
        login = staff.user_by_id(tx, actor.id).login
    issuer = f"{_ISSUER} {ctx.settings.centre_name}".strip()
    return TotpProposal(login, secret, staff.provisioning_uri(secret, login=login, issuer=issuer))


def set_totp(
    ctx: Context, actor: Actor, *, session_token: str, code: str, present: str = ""
) -> str:
    """Codes of the proposed secret count from now on; the token of a fresh session, the only one.

    Raises:
        NeedsSignIn: as `propose_totp`. WrongSignIn: the present password is another.
        MalformedField: the code is not one of the secret, now.
    """
    _check_present(ctx, actor, session_token, present)
    with ctx.database.write() as tx:
        staff.hold_user(tx, actor.id)
        _require_may_set_up(ctx, tx, actor, session_token)
        secret = staff.proposed_secret(tx, ctx.keys, actor.id, session_token)
        step = staff.step_of(secret, code, utc_now())
        if step is None:
            raise MalformedField(
                field="code", reason="This is not the code of the moment. Wait for the next one."
            )
        staff.set_totp(tx, ctx.vault, actor.id, secret, step=step)
        return _renew(tx, actor, "set_totp")


def remove_totp(ctx: Context, actor: Actor, *, session_token: str, present: str) -> str:
    """No code counts any more; the token of a fresh session, the only one.

    Raises:
        NeedsSignIn: not a user with a whole session. WrongSignIn: the present password is another.
        MalformedField: there is no passkey, so it is the only second factor.
    """
    require_user(actor)
    _check_present(ctx, actor, session_token, present)
    with ctx.database.write() as tx:
        staff.hold_user(tx, actor.id)
        require_session(ctx, tx, session_token, user_id=actor.id)
        staff.forget_totp(tx, actor.id)
        _require_factor(tx, actor)
        return _renew(tx, actor, "remove_totp")


def ask_passkey(ctx: Context, actor: Actor, *, session_token: str) -> str:
    """What the browser is asked for to make a passkey of this user, as JSON.

    Raises:
        NeedsSignIn: as `propose_totp`. NotFound: the address of this site takes no passkeys.
    """
    require_user(actor, may_be_half=True)
    site = site_of(ctx)
    with ctx.database.write() as tx:
        _require_may_set_up(ctx, tx, actor, session_token)
        login = staff.user_by_id(tx, actor.id).login
        challenge = staff.set_challenge(tx, session_token)
        return staff.registration_options(
            tx, site, user_id=actor.id, login=login, challenge=challenge
        )


def add_passkey(
    ctx: Context, actor: Actor, *, session_token: str, answer: str, name: str, present: str = ""
) -> str:
    """The passkey that the browser made opens from now on; the token of a fresh session, the only one.

    Raises:
        NeedsSignIn: as `propose_totp`. WrongSignIn: the present password is another.
        MalformedField: the passkey is not as it was asked for. NotFound: as `ask_passkey`.
    """
    require_user(actor, may_be_half=True)
    site = site_of(ctx)
    _check_present(ctx, actor, session_token, present)
    with ctx.database.write() as tx:
        staff.hold_user(tx, actor.id)
        _require_may_set_up(ctx, tx, actor, session_token)
        challenge = staff.take_challenge(tx, session_token)
        made = challenge and staff.add_passkey(
            tx, site, user_id=actor.id, answer=answer, challenge=challenge, name=name
        )
        if made:
            return _renew(tx, actor, "add_passkey", detail=f"passkey={made}")
    raise MalformedField(
        field="passkey", reason="This passkey could not be added. Please try it once more."
    )


def remove_passkey(
    ctx: Context, actor: Actor, *, session_token: str, passkey_id: str, present: str
) -> str:
    """This passkey opens nothing any more; the token of a fresh session, the only one.

    Raises:
        NeedsSignIn: not a user with a whole session. WrongSignIn: the present password is another.
        NotFound: the user has no such passkey. MalformedField: it is the only second factor.
    """
    require_user(actor)
    _check_present(ctx, actor, session_token, present)
    with ctx.database.write() as tx:
        staff.hold_user(tx, actor.id)
        require_session(ctx, tx, session_token, user_id=actor.id)
        if not staff.remove_passkeys(tx, actor.id, passkey_id=passkey_id):
            raise NotFound
        _require_factor(tx, actor)
        return _renew(tx, actor, "remove_passkey", detail=f"passkey={passkey_id}")


def change_password(
    ctx: Context, actor: Actor, *, session_token: str, present: str, fresh: str
) -> str:
    """This password from now on; the token of a fresh session, the only one.

    Raises:
        NeedsSignIn: not a user with a whole session. WrongSignIn: the present password is another.
        MalformedField: the fresh one is too weak.
    """
    require_user(actor)
    login = _check_present(ctx, actor, session_token, present)
    fresh_hash = staff.hash_password(fresh, login=login)
    with ctx.database.write() as tx:
        staff.hold_user(tx, actor.id)
        require_session(ctx, tx, session_token, user_id=actor.id)
        staff.set_password(tx, actor.id, fresh_hash)
        return _renew(tx, actor, "change_password")


def end_other_sessions(ctx: Context, actor: Actor, *, session_token: str) -> None:
    """Sign out everywhere else.

    Raises:
        NeedsSignIn: not a user with a whole session.
    """
    require_user(actor)
    with ctx.database.write() as tx:
        require_session(ctx, tx, session_token, user_id=actor.id)
        staff.end_sessions(tx, actor.id, but=session_token)
        audit.record(tx, actor, "end_other_sessions", actor.id)


def _require_may_set_up(ctx: Context, tx: Connection, actor: Actor, token: str) -> None:
    require_user(actor, may_be_half=True)
    session = require_session(ctx, tx, token, user_id=actor.id)
    if not session.is_whole and staff.user_by_id(tx, actor.id).has_factor:
        raise NeedsSignIn


def _require_factor(tx: Connection, actor: Actor) -> None:
    if not staff.user_by_id(tx, actor.id).has_factor:
        raise MalformedField(
            field="present", reason="This is your only second factor. Set up another one first."
        )


def _check_present(ctx: Context, actor: Actor, token: str, present: str) -> str:
    """The login, if the present password was typed; a half session has shown it, or sets it up now."""
    require_user(actor, may_be_half=True)
    with ctx.database.read() as tx:
        session = require_session(ctx, tx, token, user_id=actor.id)
        stored = staff.password_of(tx, actor.id)
        login = staff.user_by_id(tx, actor.id).login
    if session.is_whole and not staff.check_password(stored, present):
        error = WrongSignIn()
        error.hold_back_s = ctx.tries.count_wrong("staff " + login)
        raise error
    return login


def _renew(tx: Connection, actor: Actor, verb: str, *, detail: str = "") -> str:
    """End every session of the user, begin a fresh whole one, and record what led to it."""
    staff.use_invitations(tx, actor.id)
    staff.end_sessions(tx, actor.id)
    token = staff.begin_session(tx, actor.id, is_whole=True)
    audit.record(tx, actor, verb, actor.id, detail=detail)
    return token
