# SPDX-License-Identifier: Apache-2.0
"""The routes under `/v1`, and the three that watch over the service."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from anyio import CapacityLimiter, to_thread
from litestar import MediaType, Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.status_codes import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from haechi import workflows
from haechi.api import _case_routes
from haechi.api._shapes import MatchAnswer, MatchBody, MatchesAnswer
from haechi.errors import (
    BadInput,
    Busy,
    FileTooLarge,
    HaechiError,
    MalformedField,
    TooMuchAtOnce,
)
from haechi.values import Actor, Signal
from haechi.workflows import Context, Gate, Scope

_SIGNALS_MAX_BYTES: Final = 4 * 1024 * 1024
"""A film of three hours is 800 KB of digits, a picture's regions 8."""

_MOST_WAITING: Final = 100

Req = Request[Any, Any, Any]


@get(
    "/v1/receipt-key",
    opt={"gate": Gate.OPEN},
    media_type=MediaType.TEXT,
    sync_to_thread=False,
    summary="The key that checks receipts",
)
def receipt_key(ctx: NamedDependency[Context]) -> str:
    """The Ed25519 public key of this service's receipts, as PEM."""
    return workflows.receipt_key_pem(ctx)


@post(
    "/v1/match",
    opt={"gate": Gate.PARTNER, "scope": Scope.MATCH},
    status_code=HTTP_200_OK,
    # The handler counts for itself: what is allowed depends on what is sent.
    request_max_body_size=None,
    summary="Is this upload known?",
)
async def match_upload(
    request: Req, ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> MatchesAnswer:
    """Signals as JSON, or the bytes of one picture or video with any other content type.

    The bytes stay in memory, are decoded in a child process within limits, and are kept nowhere. When
    many uploads are waiting already, the answer is 503 before the body is read.
    """
    uploads: CapacityLimiter = request.app.state.uploads
    if uploads.statistics().tasks_waiting >= _MOST_WAITING:
        raise Busy
    # Held from the first byte to the answer: it bounds the memory as well as the threads, and pages
    # for people use other threads.
    async with uploads:
        if request.content_type[0] == "application/json":
            signals = _signals(await _read_body(request, _SIGNALS_MAX_BYTES, TooMuchAtOnce()))
            found = await to_thread.run_sync(workflows.screen_signals, ctx, actor, signals)
        else:
            most_mib = ctx.settings.upload_max_mib
            too_large = FileTooLarge(max_mib=most_mib)
            data = await _read_body(request, most_mib * 1024 * 1024, too_large)
            found = await to_thread.run_sync(workflows.screen_file, ctx, actor, data)
    tells = Scope.DISTANCE.value in actor.scopes
    return MatchesAnswer([MatchAnswer.of(match, tells_distance=tells) for match in found])


def _signals(body: bytes) -> list[Signal]:
    try:
        wanted = msgspec.json.decode(body, type=MatchBody)
    except msgspec.ValidationError as error:
        raise MalformedField(field="signals", reason=f"{error}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput from error
    return [signal.to_signal() for signal in wanted.signals]


async def _read_body(request: Req, max_bytes: int, too_much: HaechiError) -> bytes:
    parts = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > max_bytes:
            raise too_much
        parts.append(part)
    return b"".join(parts)


@get("/healthz", opt={"gate": Gate.OPEN}, media_type=MediaType.TEXT, sync_to_thread=False)
def healthz() -> str:
    """Whether the process answers."""
    return "ok"


@get("/readyz", opt={"gate": Gate.OPEN}, media_type=MediaType.TEXT, sync_to_thread=False)
def readyz(ctx: NamedDependency[Context]) -> Response[str]:
    """Whether the live index has caught up with the bank, and still does."""
    if ctx.live is not None and ctx.live.is_ready:
        return Response("ready")
    return Response("not ready", status_code=HTTP_503_SERVICE_UNAVAILABLE)


@get("/metrics", opt={"gate": Gate.PARTNER, "scope": Scope.METRICS}, sync_to_thread=False)
def metrics(ctx: NamedDependency[Context]) -> Response[bytes]:
    """Counts for a Prometheus server that holds a token with the scope `metrics`."""
    registry = CollectorRegistry()
    live = ctx.index
    for name, text, value in (
        ("haechi_contents", "Contents in the live index.", len(live)),
        ("haechi_feed_position", "Newest change in the live index.", live.position),
        ("haechi_unreadable_contents", "Contents left out as unreadable.", live.unreadable_count),
    ):
        Gauge(name, text, registry=registry).set(value)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def create_router() -> Router:
    """Every route of this face."""
    return Router(
        path="/",
        route_handlers=[
            *_case_routes.HANDLERS,
            receipt_key,
            match_upload,
            healthz,
            readyz,
            metrics,
        ],
    )
