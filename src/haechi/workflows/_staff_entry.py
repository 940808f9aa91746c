# SPDX-License-Identifier: Apache-2.0
"""Coming into the console and leaving it: password and code, passkey, invitation."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from haechi import audit, staff
from haechi.errors import NeedsSignIn, NotFound, WrongSignIn
from haechi.staff import Session, Site
from haechi.values import Actor, ActorKind, utc_now
from haechi.workflows._context import Context

_WRONG_CODE: Final = "wrong_code"
_REFUSED_CODE: Final = "refused_code"
_MOST_WRONG_CODES: Final = 10
"""So many in one session end it."""
_MOST_IN_AN_HOUR: Final = 20
"""After so many for one user, whatever the session, no code counts until the hour is over."""


def enter_staff(ctx: Context, *, login: str, password: str) -> str:
    """The token of a session that opens nothing before `confirm_code`.

    A wrong login, a wrong password, a disabled user and one who never set up a second factor give the
    same answer after the same work and the same pause.

    Raises:
        WrongSignIn: they do not belong together.
    """
    with ctx.database.read() as tx:
        user_id, stored = _lock_of(tx, login)
    if not staff.check_password(stored, password):
        raise _held_back(ctx, login)
    with ctx.database.write() as tx:
        staff.hold_user(tx, user_id)
        # Looked at once more: it may have been changed while it was checked.
        if _lock_of(tx, login) != (user_id, stored):
            raise _held_back(ctx, login)
        staff.forget_sessions(tx, idle=staff_idle(ctx))
        token = staff.begin_session(tx, user_id, is_whole=False)
        audit.record(tx, Actor(ActorKind.STAFF, user_id), "show_password", user_id)
    return token


def confirm_code(ctx: Context, session_token: str, *, code: str) -> str:
    """The token of a whole session in the place of the half one, if the code counts now.

    Raises:
        WrongSignIn: it does not. NeedsSignIn: the session has ended, or ends by this wrong code.
    """
    with ctx.database.write() as tx:
        session = require_session(ctx, tx, session_token)
        actor = Actor(ActorKind.STAFF, session.user_id)
        staff.hold_user(tx, session.user_id)
        # Looked at once more: whoever held the user may have ended every session.
        require_session(ctx, tx, session_token)
        is_blocked = _wrong_codes(tx, session, hours=1) >= _MOST_IN_AN_HOUR
        if not is_blocked and staff.use_code(tx, ctx.vault, session.user_id, code):
            return _make_whole(tx, session, session_token, by="code")
        ends = _wrong_codes(tx, session) + 1 >= _MOST_WRONG_CODES
        if ends:
            staff.end_session(tx, session_token)
        verb = _REFUSED_CODE if is_blocked else _WRONG_CODE
        audit.record(tx, actor, verb, session.user_id)
    if ends:
        raise NeedsSignIn
    raise _held_back(ctx, session.user_id)


def begin_passkey(ctx: Context) -> tuple[str, str]:
    """(token, options as JSON) for a browser that shall show a passkey, whoever's it is.

    Raises:
        NotFound: no browser makes passkeys for the address of this site.
    """
    site = site_of(ctx)
    with ctx.database.write() as tx:
        staff.forget_sessions(tx, idle=staff_idle(ctx))
        token, challenge = staff.wait_for_passkey(tx)
    return token, staff.authentication_options(site, challenge=challenge)


def enter_with_passkey(ctx: Context, waiting_token: str, *, answer: str) -> str:
    """The token of a whole session for the user whose passkey answered; each challenge counts once.

    Raises:
        WrongSignIn: it is not as it was asked for, or nobody's.
    """
    site = site_of(ctx)
    with ctx.database.write() as tx:
        challenge = staff.take_waiting(tx, waiting_token)
    if challenge is None:
        raise WrongSignIn
    with ctx.database.write() as tx:
        user_id = staff.use_passkey(tx, site, answer=answer, challenge=challenge)
        if user_id is not None:
            token = staff.begin_session(tx, user_id, is_whole=True)
            audit.record(tx, Actor(ActorKind.STAFF, user_id), "sign_in", user_id, detail="passkey")
            return token
    raise WrongSignIn


def leave_staff(ctx: Context, session_token: str) -> None:
    """End a session; one that has ended already is no error."""
    with ctx.database.write() as tx:
        user_id = staff.end_session(tx, session_token)
        if user_id is not None:
            audit.record(tx, Actor(ActorKind.STAFF, user_id), "sign_out", user_id)


def actor_of_staff_session(ctx: Context, session_token: str) -> Actor | None:
    """The user who holds this session, without a role while the second factor is missing.

    None if it has ended. Its idle time begins anew.
    """
    with ctx.database.read() as tx:
        session = staff.session_of(tx, session_token, idle=staff_idle(ctx))
    if session is None:
        return None
    if session.wants_mark:
        with ctx.database.write() as tx:
            staff.mark_used(tx, session_token)
    return Actor(ActorKind.STAFF, session.user_id, role=session.role if session.is_whole else None)


def read_invitation(ctx: Context, *, token: str) -> str:
    """The login of the user whom this link invites.

    Raises:
        NotFound: it is used, too old, or none of ours.
    """
    with ctx.database.read() as tx:
        user_id = staff.invited_user(tx, token)
        if user_id is None:
            raise NotFound
        return staff.user_by_id(tx, user_id).login


def accept_invitation(ctx: Context, *, token: str, password: str) -> str:
    """The token of a session that lets the user set up a second factor, and nothing else before.

    What the user had before opens nothing any more. The link stays good until the factor is set up.

    Raises:
        NotFound: the link is used, too old, or none of ours. MalformedField: the password is too weak.
    """
    login = read_invitation(ctx, token=token)
    fresh = staff.hash_password(password, login=login)
    with ctx.database.write() as tx:
        user_id = staff.invited_user(tx, token)
        if user_id is None:
            raise NotFound
        staff.hold_user(tx, user_id)
        # Looked at once more: it may have been used, or the user disabled, while this one waited.
        if staff.invited_user(tx, token) is None:
            raise NotFound
        staff.set_password(tx, user_id, fresh)
        staff.forget_totp(tx, user_id)
        staff.remove_passkeys(tx, user_id)
        staff.end_sessions(tx, user_id)
        session = staff.begin_session(tx, user_id, is_whole=False)
        audit.record(tx, Actor(ActorKind.STAFF, user_id), "accept_invitation", user_id)
    return session


def site_of(ctx: Context) -> Site:
    """The site as passkeys know it.

    Raises:
        NotFound: no browser makes passkeys for its address.
    """
    site = Site.of(ctx.settings.public_url)
    if not site.has_passkeys:
        raise NotFound
    return site


def staff_idle(ctx: Context) -> timedelta:
    """A session without a request for so long has ended."""
    return timedelta(minutes=ctx.settings.staff_idle_min)


def require_session(ctx: Context, tx: Connection, token: str, *, user_id: str = "") -> Session:
    """The living session of this token, of this user if one is named.

    Raises:
        NeedsSignIn: there is none.
    """
    session = staff.session_of(tx, token, idle=staff_idle(ctx))
    if session is None or (user_id and session.user_id != user_id):
        raise NeedsSignIn
    return session


def _lock_of(tx: Connection, login: str) -> tuple[str, str]:
    """(id, stored hash) of a user who can sign in by password; empty ones for anybody else."""
    try:
        user = staff.user_named(tx, login)
    except NotFound:
        return "", ""
    # Without a second factor only an invitation leads in.
    return user.id, staff.password_of(tx, user.id) if user.has_factor else ""


def _make_whole(tx: Connection, session: Session, token: str, *, by: str) -> str:
    # Another token: what somebody saw of the first half opens nothing.
    staff.end_session(tx, token)
    fresh = staff.begin_session(tx, session.user_id, is_whole=True)
    actor = Actor(ActorKind.STAFF, session.user_id, role=session.role)
    audit.record(tx, actor, "sign_in", session.user_id, detail=by)
    return fresh


def _wrong_codes(tx: Connection, session: Session, *, hours: int = 0) -> int:
    """How many in this session, or in the last hours in any."""
    verbs = (_WRONG_CODE,) if hours else (_WRONG_CODE, _REFUSED_CODE)
    since = utc_now() - timedelta(hours=hours) if hours else session.begun_at
    found = audit.moments_of(tx, verbs, session.user_id, limit=_MOST_IN_AN_HOUR)
    return sum(at >= since for at in found)


def _held_back(ctx: Context, name: str) -> WrongSignIn:
    """The error for one more wrong try against this name, with the pause before its answer."""
    error = WrongSignIn()
    error.hold_back_s = ctx.tries.count_wrong("staff " + staff.as_login(name))
    return error
