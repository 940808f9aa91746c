# SPDX-License-Identifier: Apache-2.0
"""The quick no: a question of signals that nothing known is near is answered before the framework.

Nearly every question is one of these, and routing, guards and threads would be most of its cost. Only one
answer is ever given here: 200, nothing known. Whatever is in any way else (no token that is remembered, no
scope, a page of another site, another body, too much, a match) goes on to the route untouched, its body
with it, and is let in, refused and answered there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

import msgspec
from litestar.enums import ScopeType
from litestar.types import (
    ASGIApp,
    HTTPResponseBodyEvent,
    HTTPResponseStartEvent,
    Receive,
    ReceiveMessage,
    Scope,
    Send,
)

from haechi import api
from haechi.asgi._gate import bearer_token
from haechi.values import Actor
from haechi.workflows import Context, answers_nothing, remembered_actor

_PATH: Final = "/v1/match"
_JSON: Final = (b"application/json", b"application/json; charset=utf-8")
_MOST_BYTES: Final = 64 * 1024

_ONLY_ELSEWHERE: Final = frozenset(
    {b"origin", b"sec-fetch-site", b"idempotency-key", b"transfer-encoding", b"content-encoding"}
)
"""With any of these a request is for the route: they ask for more than a look."""

_NOTHING: Final = msgspec.json.encode(api.MatchesAnswer("none", []))
_HEADERS: Final = (
    (b"content-type", b"application/json"),
    (b"content-length", str(len(_NOTHING)).encode()),
)
_BODY: Final = HTTPResponseBodyEvent(type="http.response.body", body=_NOTHING, more_body=False)


def quick_no(app: ASGIApp, context: Context) -> ASGIApp:
    """`app`, with what needs no more than a look at the index answered in front of it."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        asked = _asker(context, scope)
        if asked is None:
            await app(scope, receive, send)
            return
        actor, size = asked
        read = [await receive()]
        while _size(read) < size and read[-1].get("more_body", False):
            read.append(await receive())
        if _size(read) == size and _is_nothing(context, actor, read):
            await send(_start())
            await send(_BODY)
            return

        async def receive_again() -> ReceiveMessage:
            return read.pop(0) if read else await receive()

        await app(scope, cast("Receive", receive_again), send)

    return answer


def _start() -> HTTPResponseStartEvent:
    # Made anew: the hooks of the framework add to its headers.
    return HTTPResponseStartEvent(type="http.response.start", status=200, headers=list(_HEADERS))


def _asker(context: Context, scope: Scope) -> tuple[Actor, int] | None:
    """Who asks, if it is remembered, and how many bytes it sends, if they can be a question of signals."""
    if scope["path"] != _PATH or scope["type"] != ScopeType.HTTP:
        return None
    if scope["method"] != "POST" or scope["query_string"]:
        return None
    headers: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in headers or name in _ONLY_ELSEWHERE:
            return None
        headers[name] = value
    length = headers.get(b"content-length", b"")
    if headers.get(b"content-type") not in _JSON or not length.isdigit() or len(length) > 8:
        return None
    if int(length) > _MOST_BYTES:
        return None
    token = bearer_token(headers.get(b"authorization", b"").decode("latin-1"))
    actor = remembered_actor(context, token) if token else None
    return None if actor is None else (actor, int(length))


def _size(messages: Sequence[ReceiveMessage]) -> int:
    return sum(len(m["body"]) for m in messages if m["type"] == "http.request")


def _is_nothing(context: Context, actor: Actor, messages: Sequence[ReceiveMessage]) -> bool:
    """Whether nothing is known of what these ask about; then the question is answered by that."""
    body = b"".join(m["body"] for m in messages if m["type"] == "http.request")
    try:
        return answers_nothing(context, actor, api.read_question(body))
    except Exception:  # noqa: BLE001  # whatever it is: the route meets it too, and says what is wrong
        return False
