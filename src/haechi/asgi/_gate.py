# SPDX-License-Identifier: Apache-2.0
"""The gate: every route is closed unless it names who may come through.

Who asks is found here and nowhere else: a person by the cookie of her session, a partner by its
bearer token, a user of the console by another cookie. A request that changes something must come from
our own page or from no page at all (Fetch Metadata, W3C; the Origin header, RFC 6454): a form on
another site cannot use her cookie.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from anyio import to_thread
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from haechi.errors import (
    BadInput,
    CrossSiteRefused,
    ImageBytesRefused,
    NeedsAccess,
    NeedsSignIn,
    NotFound,
    NotYours,
)
from haechi.settings import SESSION_COOKIE, STAFF_COOKIE
from haechi.values import Actor, ActorKind
from haechi.workflows import (
    Context,
    Gate,
    actor_of_session,
    actor_of_staff_session,
    actor_of_token,
    may,
    remembered_actor,
)

Connection = ASGIConnection[Any, Any, Any, Any]

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_BODY_TYPES: Final = {"json": "application/json", "form": "application/x-www-form-urlencoded"}
_TOKEN_MAX_CHARS: Final = 200
_NAME_MAX_CHARS: Final = 255


async def come_through(connection: Connection, handler: BaseRouteHandler) -> None:
    """Let a request pass its route's gate and note who asks.

    Raises:
        NotFound: the route names no gate. NeedsAccess, NotYours: not this one.
        CrossSiteRefused: sent by a page of another site. ImageBytesRefused: a survivor endpoint was
            sent something else than it takes.
    """
    gate = handler.opt.get("gate")
    if gate is None or _is_odd(connection.scope["path"]):
        raise NotFound
    context: Context = connection.app.state.context
    actor = Actor(ActorKind.NOBODY)
    if gate is Gate.CASE:
        actor = await _person(context, connection)
    elif gate is Gate.PARTNER:
        actor = await _partner(context, connection, handler)
    elif gate is Gate.STAFF:
        actor = await _user(context, connection, handler)
    if connection.scope.get("method") not in _SAFE_METHODS:
        _refuse_other_sites(connection)
        _refuse_other_bodies(connection, handler.opt.get("body"))
    connection.scope["state"]["actor"] = actor


async def _person(context: Context, connection: Connection) -> Actor:
    token = connection.cookies.get(SESSION_COOKIE, "")
    if not token or len(token) > _TOKEN_MAX_CHARS:
        raise NeedsAccess
    actor = await to_thread.run_sync(actor_of_session, context, token)
    if actor is None:
        raise NeedsAccess
    return actor


async def _user(context: Context, connection: Connection, handler: BaseRouteHandler) -> Actor:
    """A user whose role includes the route's `duty`; with `half` also one without a second factor yet."""
    token = connection.cookies.get(STAFF_COOKIE, "")
    if not token or len(token) > _TOKEN_MAX_CHARS:
        raise NeedsSignIn
    actor = await to_thread.run_sync(actor_of_staff_session, context, token)
    if actor is None or (actor.role is None and not handler.opt.get("half", False)):
        raise NeedsSignIn
    duty = handler.opt["duty"]
    if duty is not None and not may(actor, duty):
        raise NotYours
    return actor


async def _partner(context: Context, connection: Connection, handler: BaseRouteHandler) -> Actor:
    """A partner whose token has the route's `scope`; a compatible face may name another `token_header`."""
    name = handler.opt.get("token_header")
    headers = connection.headers
    token = headers.get(name, "") if name else bearer_token(headers.get("authorization", ""))
    if not token or len(token) > _TOKEN_MAX_CHARS:
        raise NeedsAccess
    actor = remembered_actor(context, token)
    if actor is None:
        actor = await to_thread.run_sync(actor_of_token, context, token)
    if actor is None:
        raise NeedsAccess
    scope = handler.opt["scope"]
    if scope is not None and scope.value not in actor.scopes:
        raise NotYours
    return actor


def bearer_token(authorization: str) -> str:
    """The token that an Authorization header carries (RFC 6750); empty for none, or one that is too long."""
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and len(token) <= _TOKEN_MAX_CHARS else ""


def _is_odd(path: str) -> bool:
    """Whether a path holds what no name of ours has, and what files and databases choke on."""
    return "\0" in path or any(len(part) > _NAME_MAX_CHARS for part in path.split("/"))


def _refuse_other_sites(connection: Connection) -> None:
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise CrossSiteRefused
        return
    origin = connection.headers.get("origin")
    if origin is not None and _host_of(origin) != connection.headers.get("host"):
        raise CrossSiteRefused


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _refuse_other_bodies(connection: Connection, wanted: str | None) -> None:
    """Before the body is read: what a survivor's route does not take is not received."""
    if wanted is None:
        return
    if wanted not in _BODY_TYPES:
        raise BadInput
    sent = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent != _BODY_TYPES[wanted]:
        raise ImageBytesRefused
