# SPDX-License-Identifier: Apache-2.0
"""Rate limits by network address, for routes that name one: opening cases and trying passphrases."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from litestar import Litestar, Request
from litestar.middleware.base import DefineMiddleware
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.stores.memory import MemoryStore

from haechi.settings import Settings

_WINDOW_S: Final = 60
_IPV6: Final = 6
_HOUSEHOLD_BITS: Final = 64


def limits(settings: Settings) -> list[DefineMiddleware]:
    """One limiter for each name that a route's `limit` can have.

    Counts are kept in the memory of this process and forgotten within two minutes; no address is
    logged. Addresses of IPv6 count by their /64, which is what one household is given.
    """
    return [
        _limiter("report", settings.reports_per_min, settings),
        _limiter("try", settings.tries_per_min, settings),
    ]


def _limiter(name: str, most_per_min: int, settings: Settings) -> DefineMiddleware:
    def applies(request: Request[Any, Any, Any]) -> bool:
        handler = request.scope.get("route_handler")
        return handler is not None and handler.opt.get("limit") == name and _changes(request)

    def address(request: Request[Any, Any, Any]) -> str:
        return f"{name}:{_source(request, settings)}"

    return RateLimitConfig(
        rate_limit=("minute", most_per_min),
        check_throttle_handler=applies,
        identifier_for_request=address,
        set_rate_limit_headers=False,
    ).middleware


@asynccontextmanager
async def forget_addresses(app: Litestar) -> AsyncIterator[None]:
    """Drop counts that have run out, every minute: the store keeps them until they are asked for."""

    async def sweep() -> None:
        while True:
            await asyncio.sleep(_WINDOW_S)
            store = app.stores.get("rate_limit")
            if isinstance(store, MemoryStore):
                await store.delete_expired()

    task = asyncio.create_task(sweep())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _source(request: Request[Any, Any, Any], settings: Settings) -> str:
    """The network address a request came from, as a proxy of ours names it, or as the socket does."""
    host = request.client.host if request.client else ""
    if host in settings.trusted_proxies.split():
        # The last entry is our proxy's own; what stands before it, anybody could have written.
        host = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ""
    if address.version == _IPV6:
        return str(ipaddress.ip_network((address, _HOUSEHOLD_BITS), strict=False))
    return str(address)


def _changes(request: Request[Any, Any, Any]) -> bool:
    return request.method not in ("GET", "HEAD", "OPTIONS")
