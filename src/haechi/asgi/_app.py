# SPDX-License-Identifier: Apache-2.0
"""The application: faces, gate, limits, headers, errors, and the context it works with."""

from __future__ import annotations

from typing import Any, Final

from anyio import CapacityLimiter
from litestar import Litestar, Request, Router, get
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.static_files import create_static_files_router

from haechi import __version__, api, web
from haechi.asgi._errors import exception_handlers
from haechi.asgi._gate import come_through
from haechi.asgi._headers import protect
from haechi.asgi._hold_back import hold_back
from haechi.asgi._limits import forget_addresses, limits
from haechi.asgi._logs import quiet_logging
from haechi.asgi._openapi import describe
from haechi.asgi._quick import quick_no
from haechi.asgi._upkeep import keep_up
from haechi.values import Actor
from haechi.workflows import Context, Gate

_BODY_MAX_BYTES: Final = 256 * 1024
_UPLOADS_AT_ONCE: Final = 8


def create_app(context: Context) -> Litestar:
    """The whole site as an ASGI application on an open context, which the caller closes."""
    quiet_logging()
    app = Litestar(
        route_handlers=[
            api.create_router(),
            _describe,
            web.create_router(context.settings),
            create_static_files_router(
                path="/static", directories=[web.STATIC_FOLDER], opt={"gate": Gate.OPEN}
            ),
        ],
        state=State({"context": context, "uploads": CapacityLimiter(_UPLOADS_AT_ONCE)}),
        dependencies={
            "ctx": Provide(_context, sync_to_thread=False),
            "actor": Provide(_actor, sync_to_thread=False),
        },
        guards=[come_through],
        middleware=limits(context.settings),
        exception_handlers=exception_handlers(),
        before_send=[protect, hold_back],
        lifespan=[forget_addresses, keep_up],
        logging_config=None,
        request_max_body_size=_BODY_MAX_BYTES,
        openapi_config=OpenAPIConfig(
            title="Haechi",
            version=__version__,
            render_plugins=[JsonRenderPlugin()],
            # Litestar's own pages stay closed (no gate); the document is served below.
            openapi_router=Router("/openapi", route_handlers=[]),
        ),
    )
    app.asgi_handler = quick_no(app.asgi_handler, context)
    return app


@get("/openapi.json", opt={"gate": Gate.OPEN}, sync_to_thread=False, include_in_schema=False)
def _describe(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """The description of the HTTP API, for programs."""
    return describe(request.app)


def _context(state: State) -> Context:
    context: Context = state.context
    return context


def _actor(request: Request[Any, Any, Any]) -> Actor:
    # Set by the gate; a route that no gate let through has no actor, and fails here.
    actor: Actor = request.scope["state"]["actor"]
    return actor
