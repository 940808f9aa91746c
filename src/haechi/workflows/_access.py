# SPDX-License-Identifier: Apache-2.0
"""Coming in and leaving: case number and passphrase, sessions, partner tokens."""

from __future__ import annotations

from datetime import timedelta

from haechi import audit, bank, cases, exchange
from haechi.errors import WrongPassphrase
from haechi.values import Actor, ActorKind, utc_now
from haechi.workflows._context import Context
from haechi.workflows._holders import Holder
from haechi.workflows._reading import reading


def enter_case(ctx: Context, *, case_number: str, passphrase: str) -> str:
    """A session token for the case, if number and passphrase belong together.

    A wrong number and a wrong passphrase give the same answer after the same work, and after the same
    pause, which the error names and the faces keep. Nobody can lock a case for its holder: the right
    passphrase is never held back.

    Raises:
        WrongPassphrase: they do not belong together, or there is no such case.
    """
    with ctx.database.read() as tx:
        found = cases.find_case(tx, case_number)
    case_id, stored_hash = found or ("", None)
    if not cases.check_passphrase(stored_hash, passphrase):
        raise hold_back(ctx, case_number)
    with ctx.database.write() as tx:
        # Held, and looked at once more: the passphrase may have been changed while it was checked.
        cases.hold_case(tx, case_id)
        if cases.case_lock(tx, case_id)[1] != stored_hash:
            raise hold_back(ctx, case_number)
        token = cases.begin_session(tx, case_id)
        audit.record(tx, Actor(ActorKind.PERSON, case_id), "enter_case", case_id)
    return token


def hold_back(ctx: Context, case_number: str) -> WrongPassphrase:
    """The error for one more wrong try against this number, with the pause before its answer."""
    error = WrongPassphrase()
    error.hold_back_s = ctx.tries.count_wrong(cases.as_case_number(case_number))
    return error


def leave_case(ctx: Context, session_token: str) -> None:
    """End a session; one that has ended already is no error."""
    with ctx.database.write() as tx:
        cases.end_session(tx, session_token, idle=_idle(ctx))


def actor_of_session(ctx: Context, session_token: str) -> Actor | None:
    """The person who holds this session; None if it has ended. Its idle time begins anew."""
    with ctx.database.read() as tx:
        found = cases.session_case(tx, session_token, idle=_idle(ctx))
    if found is None:
        return None
    case_id, wants_mark = found
    if wants_mark:
        with ctx.database.write() as tx:
            cases.mark_used(tx, session_token)
    return Actor(ActorKind.PERSON, case_id)


def actor_of_token(ctx: Context, token: str) -> Actor | None:
    """The partner who holds this token, with what sort of reader it is; None if nobody does.

    Raises:
        Unavailable: the database does not answer.
    """
    remembered = remembered_actor(ctx, token)
    if remembered is not None:
        return remembered
    with reading(ctx.database) as tx:
        # First: a version that is too old only means that it is looked up once more.
        version = bank.access_version(tx)
        found = exchange.partner_of(tx, token, at=utc_now())
    if found is None:
        return None
    holder = Holder.of(*found)
    ctx.holders.remember(token, version, holder)
    return holder.actor


def remembered_actor(ctx: Context, token: str) -> Actor | None:
    """As `actor_of_token`, without asking the database; None says nothing: ask there."""
    if ctx.live is None:
        return None
    holder = ctx.holders.find(token, ctx.live.seen_access)
    return None if holder is None else holder.actor


def _idle(ctx: Context) -> timedelta:
    return timedelta(minutes=ctx.settings.session_idle_min)
