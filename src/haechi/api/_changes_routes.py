# SPDX-License-Identifier: Apache-2.0
"""The change feed: a page at a time, waiting for the next change, or as one stream."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from anyio import to_thread
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import Parameter
from litestar.response import Stream

from haechi import workflows
from haechi.errors import FeedCompacted, HaechiError, NeedsAccess
from haechi.values import Actor
from haechi.workflows import MOST_CHANGES, Context, FeedPage, Gate, Scope, SignedPage

_MOST_WAIT_S: Final = 30
_HEARTBEAT_S: Final = 15.0
_STREAM_S: Final = 300.0
"""A stream ends by itself after this long; its reader comes back with `Last-Event-ID`."""

_SIGNATURE_HEADER: Final = "Haechi-Signature"
_CURSOR_PATTERN: Final = r"^[0-9]{1,18}(-[0-9]{1,18})?$"
_GATE: Final = {"gate": Gate.PARTNER, "scope": Scope.CHANGES}

Req = Request[Any, Any, Any]
After = Annotated[
    str | None,
    Parameter(
        description="The `next` of the last answer; left out, from the beginning.",
        pattern=_CURSOR_PATTERN,
        max_length=40,
    ),
]
FeedName = Annotated[
    str | None, Parameter(description="The `feed` of the last answer.", max_length=80)
]


@get(
    "/v1/changes",
    opt=_GATE,
    summary="What changed since",
    responses={
        200: ResponseSpec(FeedPage, description="Changes, oldest first.", generate_examples=False)
    },
)
async def changes(
    request: Req,
    ctx: NamedDependency[Context],
    actor: NamedDependency[Actor],
    after: After = None,
    feed: FeedName = None,
    wait: Annotated[
        int, Parameter(description="Seconds to wait for a change.", ge=0, le=_MOST_WAIT_S)
    ] = 0,
    limit: Annotated[int, Parameter(ge=1, le=MOST_CHANGES)] = MOST_CHANGES,
) -> Response[bytes]:
    """Pages of the change feed, each signed in the header `Haechi-Signature`: see docs/connect/follower.md.

    When there is nothing new, the answer waits up to `wait` seconds for it. 410 means: begin anew.
    """
    reader = _Reader(request, ctx, actor, limit)
    page = await reader.page(after or "", feed or "", wait_s=wait)
    return Response(
        page.body, media_type="application/json", headers={_SIGNATURE_HEADER: page.signature}
    )


@get(
    "/v1/changes/stream", opt=_GATE, summary="What changes, as it happens", include_in_schema=False
)
async def stream(
    request: Req,
    ctx: NamedDependency[Context],
    actor: NamedDependency[Actor],
    after: After = None,
    feed: FeedName = None,
    limit: Annotated[int, Parameter(ge=1, le=MOST_CHANGES)] = MOST_CHANGES,
) -> Stream:
    """The pages of `/v1/changes` as server-sent events, one after the other, for some minutes.

    Each has its cursor as its id, so that a reader that comes back with `Last-Event-ID` goes on there,
    and its signature in a field `signature`.
    """
    reader = _Reader(request, ctx, actor, limit)
    begin = request.headers.get("last-event-id") or after or ""
    # Asked once before the answer begins: what is refused is refused by its status.
    first = await reader.page(begin, feed or "", wait_s=0)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return Stream(_events(reader, first, begin), media_type="text/event-stream", headers=headers)


async def _events(reader: _Reader, first: SignedPage, begin: str) -> AsyncIterator[bytes]:
    page, cursor, ends_at_s = first, begin, time.monotonic() + _STREAM_S
    yield b"retry: 1000\n\n"
    while True:
        # A page that passes over everything moves its reader on all the same.
        yield b": still here\n\n" if page.next == cursor else _event(page)
        cursor = page.next
        if time.monotonic() > ends_at_s or reader.is_over:
            return
        try:
            await reader.look_again()
            page = await reader.page(cursor, page.feed, wait_s=_HEARTBEAT_S)
        except FeedCompacted:
            yield b"event: begin_anew\ndata: {}\n\n"
            return
        except HaechiError:
            return


def _event(page: SignedPage) -> bytes:
    # JSON has no line end in it: one line of data.
    head = f"id: {page.next}\nevent: changes\nsignature: {page.signature}\ndata: "
    return head.encode() + page.body + b"\n\n"


class _Reader:
    """Reads pages for one request, which may wait; who asks is looked at again after each wait."""

    def __init__(self, request: Req, ctx: Context, actor: Actor, limit: int) -> None:
        self._token = request.headers.get("authorization", "").partition(" ")[2].strip()
        self._ctx = ctx
        self._actor = actor
        self._limit = limit

    @property
    def is_over(self) -> bool:
        """Whether the service is about to stop."""
        return self._ctx.live is not None and self._ctx.live.moved.is_over

    async def page(self, after: str, feed: str, *, wait_s: float) -> SignedPage:
        """The next page that tells anything; an empty one when the time is over.

        Raises:
            As `workflows.read_changes`; NeedsAccess: the token was revoked meanwhile. TooManyRequests:
            too many of this partner wait.
        """
        page = await self._read(after, feed)
        live = self._ctx.live
        if not page.is_empty or page.seq < page.head or not wait_s or live is None:
            return page
        loop, moved = asyncio.get_running_loop(), asyncio.Event()
        ends_at_s = time.monotonic() + wait_s
        with live.moved.listen(self._actor.id, lambda: loop.call_soon_threadsafe(moved.set)):
            while page.is_empty and not live.moved.is_over:
                # The feed may have moved between the look and the listening.
                if live.position <= page.seq:
                    left_s = ends_at_s - time.monotonic()
                    if left_s <= 0 or not await _is_set(moved, left_s):
                        break
                moved.clear()
                await self.look_again()
                page = await self._read(page.next, page.feed)
        return page

    async def _read(self, after: str, feed: str) -> SignedPage:
        def read() -> SignedPage:
            return workflows.read_changes(
                self._ctx, self._actor, after=after, feed=feed, limit=self._limit
            )

        return await to_thread.run_sync(read)

    async def look_again(self) -> None:
        """Find out anew who asks.

        Raises:
            NeedsAccess: the token opens nothing any more.
        """
        actor = await to_thread.run_sync(workflows.actor_of_token, self._ctx, self._token)
        if actor is None:
            raise NeedsAccess
        self._actor = actor


async def _is_set(event: asyncio.Event, timeout_s: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), timeout_s)
    except TimeoutError:
        return False
    return True


HANDLERS: Final = (changes, stream)
