# SPDX-License-Identifier: Apache-2.0
"""Rate limits by network address, for routes that name one: opening cases and trying passphrases."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.middleware.base import DefineMiddleware
from litestar.middleware.rate_limit import RateLimitConfig

from haechi.settings import Settings


def limits(settings: Settings) -> list[DefineMiddleware]:
    """One limiter for each name that a route's `limit` can have.

    Counts are kept in the memory of this process and forgotten after a minute; no address is logged.
    """
    return [
        _limiter("report", settings.reports_per_min),
        _limiter("try", settings.tries_per_min),
    ]


def _limiter(name: str, most_per_min: int) -> DefineMiddleware:
    def applies(request: Request[Any, Any, Any]) -> bool:
        handler = request.scope.get("route_handler")
        return handler is not None and handler.opt.get("limit") == name and _changes(request)

    def address(request: Request[Any, Any, Any]) -> str:
        return f"{name}:{request.client.host if request.client else ''}"

    return RateLimitConfig(
        rate_limit=("minute", most_per_min),
        check_throttle_handler=applies,
        identifier_for_request=address,
        set_rate_limit_headers=False,
    ).middleware


def _changes(request: Request[Any, Any, Any]) -> bool:
    return request.method not in ("GET", "HEAD", "OPTIONS")
