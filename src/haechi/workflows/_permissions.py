# SPDX-License-Identifier: Apache-2.0
"""Who may do what: the gates that routes name, the scopes that tokens carry, the checks of the verbs."""

from __future__ import annotations

from enum import StrEnum

from haechi.errors import NeedsAccess, NotYours
from haechi.values import Actor, ActorKind


class Gate(StrEnum):
    """Who may come through a route. A route that names no gate is closed to all."""

    OPEN = "open"
    CASE = "case"
    PARTNER = "partner"


class Scope(StrEnum):
    """What a partner's token allows."""

    MATCH = "match"
    DISTANCE = "distance"
    METRICS = "metrics"


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


def require_operator(actor: Actor) -> None:
    """Let only the operator at the console pass.

    Raises:
        NeedsAccess: anybody else.
    """
    if actor.kind is not ActorKind.OPERATOR:
        raise NeedsAccess
