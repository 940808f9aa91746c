# SPDX-License-Identifier: Apache-2.0
"""Who may do what: the gates that routes name, the scopes that tokens carry, the checks of the verbs."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from haechi.errors import NeedsAccess, NeedsSignIn, NotYours
from haechi.values import Actor, ActorKind, StaffRole


class Gate(StrEnum):
    """Who may come through a route. A route that names no gate is closed to all."""

    OPEN = "open"
    CASE = "case"
    PARTNER = "partner"
    STAFF = "staff"


class Duty(StrEnum):
    """What users of the console may do, by their role."""

    READ_BANKS = "read_banks"
    WRITE_BANKS = "write_banks"
    REVIEW = "review"
    READ_AUDIT = "read_audit"
    PARTNERS = "partners"
    SOURCES = "sources"
    USERS = "users"


_DUTIES: Final[dict[StaffRole, frozenset[Duty]]] = {
    StaffRole.WORKER: frozenset({Duty.READ_BANKS, Duty.REVIEW}),
    StaffRole.LEAD: frozenset({Duty.READ_BANKS, Duty.WRITE_BANKS, Duty.REVIEW, Duty.SOURCES}),
    StaffRole.AUDITOR: frozenset({Duty.READ_BANKS, Duty.READ_AUDIT}),
    # Who gives access does not decide what is matched, and the other way round.
    StaffRole.ADMIN: frozenset(
        {Duty.READ_BANKS, Duty.PARTNERS, Duty.SOURCES, Duty.USERS, Duty.READ_AUDIT}
    ),
}


class Scope(StrEnum):
    """What a partner's token allows."""

    MATCH = "match"
    DISTANCE = "distance"
    METRICS = "metrics"
    CHANGES = "changes"
    OPINIONS = "opinions"
    CONTRIBUTE = "contribute"
    WEBHOOKS = "webhooks"


def require_person(actor: Actor) -> str:
    """The id of the case that this person is in.

    Raises:
        NeedsAccess: not a person in a case.
    """
    if actor.kind is not ActorKind.PERSON:
        raise NeedsAccess
    return actor.id


def require_scope(actor: Actor, scope: Scope) -> None:
    """Let partners with this scope pass, and the operator at the console.

    Raises:
        NeedsAccess: not a partner. NotYours: a partner without the scope.
    """
    if actor.kind is ActorKind.OPERATOR:
        return
    if actor.kind is not ActorKind.PARTNER:
        raise NeedsAccess
    if scope.value not in actor.scopes:
        raise NotYours


def require_partner(actor: Actor, scope: Scope) -> None:
    """Let only partners with this scope pass: for what belongs to a partner.

    Raises:
        NeedsAccess: not a partner. NotYours: a partner without the scope.
    """
    if actor.kind is not ActorKind.PARTNER:
        raise NeedsAccess
    require_scope(actor, scope)


def require_operator(actor: Actor) -> None:
    """Let only the operator at the console pass.

    Raises:
        NeedsAccess: anybody else.
    """
    if actor.kind is not ActorKind.OPERATOR:
        raise NeedsAccess


def require_user(actor: Actor, *, may_be_half: bool = False) -> None:
    """Let users of the console pass, whatever their role; `may_be_half` also before a second factor.

    Raises:
        NeedsSignIn: anybody else.
    """
    if actor.kind is not ActorKind.STAFF or (actor.role is None and not may_be_half):
        raise NeedsSignIn


def may(actor: Actor, duty: Duty) -> bool:
    """Whether a user's role includes this; the operator at the console may do everything."""
    if actor.kind is ActorKind.OPERATOR:
        return True
    return actor.kind is ActorKind.STAFF and actor.role is not None and duty in _DUTIES[actor.role]


def require_duty(actor: Actor, duty: Duty) -> None:
    """Let users whose role includes this pass, and the operator at the console.

    Raises:
        NeedsAccess: neither. NotYours: a user with another role.
    """
    if may(actor, duty):
        return
    if actor.kind is not ActorKind.STAFF:
        raise NeedsAccess
    raise NotYours
