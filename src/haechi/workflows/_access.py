# SPDX-License-Identifier: Apache-2.0
"""Coming in and leaving: case number and passphrase, sessions, partner tokens."""

from __future__ import annotations

from datetime import timedelta

from haechi import cases, exchange
from haechi.errors import WrongPassphrase
from haechi.values import Actor, ActorKind
from haechi.workflows import _audit
from haechi.workflows._context import Context


def enter_case(ctx: Context, *, case_number: str, passphrase: str) -> str:
    """A session token for the case, if number and passphrase belong together.

    A wrong number and a wrong passphrase give the same answer after the same work. The faces slow
    down whoever tries often; nobody can lock a case for its holder.

    Raises:
        WrongPassphrase: they do not belong together, or there is no such case.
    """
    with ctx.database.read() as tx:
        found = cases.find_case(tx, case_number)
    case_id, stored_hash = found or ("", None)
    if not cases.check_passphrase(stored_hash, passphrase):
        raise WrongPassphrase
    with ctx.database.write() as tx:
        token = cases.begin_session(tx, case_id)
        _audit.record(tx, Actor(ActorKind.PERSON, case_id), "enter_case", case_id)
    return token


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
    """The partner who holds this token; None if nobody does."""
    with ctx.database.read() as tx:
        partner = exchange.partner_of(tx, token)
    return None if partner is None else Actor(ActorKind.PARTNER, partner.id, partner.scopes)


def _idle(ctx: Context) -> timedelta:
    return timedelta(minutes=ctx.settings.session_idle_min)
