# SPDX-License-Identifier: Apache-2.0
"""The audit log, as auditors read it, and where its chain is noted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from haechi import audit, exchange, staff
from haechi.audit import Broken, Event, Head, HeadFile
from haechi.errors import BrokenStore
from haechi.values import Actor
from haechi.workflows._context import Context
from haechi.workflows._permissions import Duty, require_duty, require_user

_CHECKED_AT_ONCE: Final = 20_000
"""A longer log takes more than half a second: it is checked when somebody asks."""
_MOST_CHARS: Final = 80


@dataclass(frozen=True, slots=True)
class AuditView:
    """Some lines, newest first, and how the chain stands.

    `names` are logins and names of partners by their ids. `checked` is None where it was not looked at,
    the chain's end where every line is as it was written, else the first place where one is not.
    `older_than` is where the next page begins, None on the last one.
    """

    events: tuple[Event, ...]
    names: dict[str, str]
    head: Head
    checked: Head | Broken | None
    older_than: int | None

    @property
    def broken(self) -> Broken | None:
        """The first place where the log is not as it was written, if one was found."""
        return self.checked if isinstance(self.checked, Broken) else None


def read_audit(
    ctx: Context,
    actor: Actor,
    *,
    who: str = "",
    verb: str = "",
    subject: str = "",
    older_than: int | None = None,
    limit: int = 50,
    checks: bool = False,
) -> AuditView:
    """A page of the log, narrowed by who (login, partner's name or id), what, and the id it was done to.

    The chain is checked if it is short, and with `checks` however long it is.

    Raises:
        NeedsAccess, NotYours: not one who reads the log.
    """
    require_duty(actor, Duty.READ_AUDIT)
    known = _noted(ctx)
    with ctx.database.read() as tx:
        names = {user.id: user.login for user in staff.all_users(tx)}
        names |= {partner.id: partner.name for partner in exchange.all_partners(tx)}
        ids = {name: one for one, name in names.items()}
        found = audit.events(
            tx,
            actor_id=ids.get(who, ids.get(staff.as_login(who), who))[:_MOST_CHARS] or None,
            verb=verb[:_MOST_CHARS] or None,
            subject_id=ids.get(subject, subject)[:_MOST_CHARS] or None,
            before_id=older_than,
            limit=limit + 1,
        )
        head = audit.head_of(tx)
        checked: Head | Broken | None = None
        if checks or head.seq <= _CHECKED_AT_ONCE:
            checked = (
                Broken(0, "the noted ends were altered")
                if known is None
                else audit.check_chain(tx, known=known)
            )
    shown = tuple(found[:limit])
    return AuditView(
        shown, names, head, checked, shown[-1].id if len(found) > limit and shown else None
    )


def note_view(ctx: Context, actor: Actor, *, page: str, subject_id: str = "") -> None:
    """Record that a user looks at a page of the console, and at what on it.

    Raises:
        NeedsSignIn: not a user with a whole session.
    """
    require_user(actor)
    with ctx.database.write() as tx:
        audit.record(tx, actor, f"view_{page}", subject_id)


def note_audit_head(ctx: Context) -> bool:
    """Note outside the database where the log's chain stands; False if that is noted already.

    Raises:
        BrokenStore: the file of noted ends was altered, or cannot be written.
    """
    with ctx.database.read() as tx:
        head = audit.head_of(tx)
    return HeadFile.of(ctx.settings.data_folder, ctx.keys).note(head)


def _noted(ctx: Context) -> dict[int, bytes] | None:
    """The noted ends; None if their file was altered. Read first: the log is never behind them then."""
    try:
        return HeadFile.of(ctx.settings.data_folder, ctx.keys).read()
    except BrokenStore:
        return None
