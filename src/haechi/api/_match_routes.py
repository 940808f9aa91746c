# SPDX-License-Identifier: Apache-2.0
"""The routes by which a platform asks whether uploads are known."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any, Final, TypeVar

import msgspec
from anyio import CapacityLimiter, to_thread
from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import HeaderParameter, QueryParameter
from litestar.status_codes import HTTP_200_OK

from haechi import workflows
from haechi.api._arriving import arriving
from haechi.api._match_shapes import (
    BatchAnswer,
    BatchBody,
    MatchBody,
    MatchesAnswer,
    UsageAnswer,
    UsageLine,
    check_reference,
    read_batch,
    read_question,
)
from haechi.errors import Busy, FileTooLarge, HaechiError, ImageBytesRefused, TooMuchAtOnce
from haechi.values import Actor
from haechi.workflows import Answer, Context, Gate, Scope

_SIGNALS_MAX_BYTES: Final = 4 * 1024 * 1024
"""A film of three hours is 800 KB of digits, a picture's regions 8."""

_BATCH_MAX_BYTES: Final = 16 * 1024 * 1024
_MOST_WAITING: Final = 100
_JSON: Final = "application/json"

_OPT: Final = {"gate": Gate.PARTNER, "scope": Scope.MATCH}
_SIGNALS: Final = [{"type": "pdq", "value": "d8f8f0cce0f4a84f" * 4, "quality": 100}]
_EXAMPLE: Final = {"signals": _SIGNALS, "reference": "upload-20931"}
_BATCH_EXAMPLE: Final = {
    "uploads": [
        {"signals": _SIGNALS, "reference": "upload-20931"},
        {"signals": [{"type": "md5", "value": "9e107d9d372bb6826bd81d3542a419d6"}]},
    ]
}

Req = Request[Any, Any, Any]
Shape = TypeVar("Shape", MatchesAnswer, BatchAnswer)
SendKey = Annotated[
    str,
    HeaderParameter(
        name="Idempotency-Key",
        description="The same request with the same key gets the same answer for 24 hours.",
        required=False,
    ),
]
ReferenceInPath = Annotated[
    str,
    QueryParameter(
        description="Your own word for an upload that is sent as a file.", required=False
    ),
]


@post(
    "/v1/match",
    opt={**_OPT, "body_type": MatchBody, "takes_files": True, "example": _EXAMPLE},
    status_code=HTTP_200_OK,
    # The handler counts for itself: what is allowed depends on what is sent.
    request_max_body_size=None,
    summary="Is this upload known?",
)
async def match_upload(
    request: Req,
    ctx: NamedDependency[Context],
    actor: NamedDependency[Actor],
    idempotency_key: SendKey = "",
    reference: ReferenceInPath = "",
) -> MatchesAnswer:
    """Signals as JSON, or the bytes of one picture or video with any other content type.

    The bytes stay in memory, are decoded in a child process within limits, and are kept nowhere. When
    many uploads are waiting already, the answer is 503 before the body is read.
    """
    async with _a_turn(request):
        look_up: Callable[[bytes], Answer]
        if request.content_type[0] == _JSON:
            body = await _read_body(request, _SIGNALS_MAX_BYTES, TooMuchAtOnce())

            def look_up(body: bytes) -> Answer:
                return workflows.look_up_signals(ctx, actor, read_question(body))
        else:
            reference = check_reference(reference)
            most_mib = ctx.settings.upload_max_mib
            too_large = FileTooLarge(max_mib=most_mib)
            body = await _read_body(request, most_mib * 1024 * 1024, too_large)

            def look_up(body: bytes) -> Answer:
                return workflows.look_up_file(ctx, actor, body, reference=reference)

        def answer() -> MatchesAnswer:
            return MatchesAnswer.of(look_up(body), tells_distance=_tells_distance(actor))

        asked = partial(_asked, request, reference, body)
        return await _once(ctx, actor, idempotency_key, asked, MatchesAnswer, answer)


@post(
    "/v1/match/batch",
    opt={**_OPT, "body_type": BatchBody, "example": _BATCH_EXAMPLE},
    status_code=HTTP_200_OK,
    request_max_body_size=None,
    summary="Which of these uploads are known?",
)
async def match_batch(
    request: Req,
    ctx: NamedDependency[Context],
    actor: NamedDependency[Actor],
    idempotency_key: SendKey = "",
) -> BatchAnswer:
    """Many uploads by their signals, at most 20,000 signals and 16 MiB at once; no regions (`rpdq`).

    Only uploads that are known are answered, each with its place among those sent, from 0 on.
    """
    if request.content_type[0] != _JSON:
        raise ImageBytesRefused
    async with _a_turn(request):
        body = await _read_body(request, _BATCH_MAX_BYTES, TooMuchAtOnce())

        def answer() -> BatchAnswer:
            uploads = read_batch(body)
            found = workflows.look_up_batch(ctx, actor, uploads)
            return BatchAnswer.of(uploads, found, tells_distance=_tells_distance(actor))

        asked = partial(_asked, request, "", body)
        return await _once(ctx, actor, idempotency_key, asked, BatchAnswer, answer)


@get("/v1/usage", opt=_OPT, sync_to_thread=True, summary="What you asked")
def read_usage(ctx: NamedDependency[Context], actor: NamedDependency[Actor]) -> UsageAnswer:
    """Counts of the last day, by the minute; the minute that runs is not there yet."""
    return UsageAnswer(
        [
            UsageLine(one.minute_at, one.verb, one.asked, one.matched)
            for one in workflows.read_own_usage(ctx, actor)
        ]
    )


@asynccontextmanager
async def _a_turn(request: Req) -> AsyncIterator[None]:
    """Held from the first byte to the answer: it bounds the memory as well as the threads, and pages for
    people use other threads.
    """
    uploads: CapacityLimiter = request.app.state.uploads
    if uploads.statistics().tasks_waiting >= _MOST_WAITING:
        raise Busy
    async with uploads:
        yield


async def _read_body(request: Req, max_bytes: int, too_much: HaechiError) -> bytes:
    parts = []
    size = 0
    async for part in arriving(request):
        size += len(part)
        if size > max_bytes:
            raise too_much
        parts.append(part)
    return b"".join(parts)


def _asked(request: Req, reference: str, body: bytes) -> bytes:
    """All that the answer depends on."""
    head = f"{request.scope['path']}\n{request.content_type[0]}\n{reference}\n"
    return head.encode() + body


async def _once(
    ctx: Context,
    actor: Actor,
    send_key: str,
    asked: Callable[[], bytes],
    shape: type[Shape],
    answer: Callable[[], Shape],
) -> Shape:
    """What `answer` says, in a thread; with a key, what it said when this was sent first."""
    if not send_key:
        return await to_thread.run_sync(answer)

    def kept() -> Shape:
        written = workflows.answer_once(
            ctx, actor, send_key, asked(), lambda: msgspec.json.encode(answer())
        )
        return msgspec.json.decode(written, type=shape)

    return await to_thread.run_sync(kept)


def _tells_distance(actor: Actor) -> bool:
    return Scope.DISTANCE.value in actor.scopes


HANDLERS = [match_upload, match_batch, read_usage]
