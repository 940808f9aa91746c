# SPDX-License-Identifier: Apache-2.0
"""The routes under `/v1`, and the three that watch over the service."""

from __future__ import annotations

from litestar import MediaType, Response, Router, get
from litestar.di import NamedDependency
from litestar.status_codes import HTTP_503_SERVICE_UNAVAILABLE
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from haechi import workflows
from haechi.api import (
    _case_routes,
    _changes_routes,
    _hma_bank_routes,
    _hma_content_routes,
    _hma_info_routes,
    _hma_match_routes,
    _match_routes,
    _review_routes,
    _stopncii_routes,
    _webhook_routes,
)
from haechi.workflows import Context, Gate, Scope


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


@get(
    "/metrics",
    opt={"gate": Gate.PARTNER, "scope": Scope.METRICS},
    media_type=MediaType.TEXT,
    sync_to_thread=False,
)
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
    # The framework adds the charset to a text by itself.
    kind = CONTENT_TYPE_LATEST.rpartition("; charset")[0]
    return Response(generate_latest(registry), media_type=kind)


def create_router() -> Router:
    """Every route of this face."""
    return Router(
        path="/",
        route_handlers=[
            *_case_routes.HANDLERS,
            *_changes_routes.HANDLERS,
            *_match_routes.HANDLERS,
            *_review_routes.HANDLERS,
            *_webhook_routes.HANDLERS,
            *_hma_info_routes.HANDLERS,
            *_hma_match_routes.HANDLERS,
            *_hma_bank_routes.HANDLERS,
            *_hma_content_routes.HANDLERS,
            *_stopncii_routes.HANDLERS,
            receipt_key,
            healthz,
            readyz,
            metrics,
        ],
    )
