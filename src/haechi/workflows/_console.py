# SPDX-License-Identifier: Apache-2.0
"""What the first page of the console says, by what its reader is there for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from haechi import audit, bank, exchange, review, staff
from haechi.values import Actor, utc_now
from haechi.workflows._context import Context
from haechi.workflows._permissions import Duty, may, require_user

_SOON: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class ConsoleHome:
    """Who looks, and counts; None where they are not for this role.

    `tokens_ending` are partners that are left without a token within 14 days; `sources_wrong` those
    that are on and whose last pull went wrong.
    """

    login: str
    users: int | None
    invited: int | None
    audit_lines: int | None
    waiting: int | None = None
    held: int | None = None
    quarantined: int | None = None
    tokens_ending: int | None = None
    sources_wrong: int | None = None


def console_home(ctx: Context, actor: Actor) -> ConsoleHome:
    """The counts that matter to this user.

    Raises:
        NeedsSignIn: not a user with a whole session.
    """
    require_user(actor)
    with ctx.database.read() as tx:
        users = invited = lines = waiting = held = quarantined = ending = wrong = None
        if may(actor, Duty.REVIEW):
            waiting = sum(review.task_counts(tx).values())
        if may(actor, Duty.READ_BANKS):
            counts = bank.contents_by_bank(tx).values()
            held = sum(of.held for of in counts)
            quarantined = sum(of.quarantined for of in counts)
        if may(actor, Duty.PARTNERS):
            ending = _tokens_ending(tx)
        if may(actor, Duty.SOURCES):
            sources = exchange.all_sources(tx)
            wrong = sum(one.is_enabled and bool(one.last_error) for one in sources)
        if may(actor, Duty.USERS):
            users = sum(user.disabled_at is None for user in staff.all_users(tx))
            invited = len(staff.open_invitations(tx))
        if may(actor, Duty.READ_AUDIT):
            lines = audit.head_of(tx).seq
        login = staff.user_by_id(tx, actor.id).login
    return ConsoleHome(login, users, invited, lines, waiting, held, quarantined, ending, wrong)


def _tokens_ending(tx: Connection) -> int:
    now = utc_now()
    ending = 0
    for partner in exchange.all_partners(tx):
        if partner.revoked_at is not None:
            continue
        good = [token for token in exchange.tokens_of(tx, partner.id) if token.is_good(now)]
        ending += bool(good) and not any(token.is_good(now + _SOON) for token in good)
    return ending
