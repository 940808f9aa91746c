# SPDX-License-Identifier: Apache-2.0
"""What HMA's clients ask of the service itself: whether it lives, what it knows, whom it pulls from."""

from __future__ import annotations

from typing import Any, Final

from litestar import HttpMethod, MediaType, Response, get, route
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.status_codes import HTTP_503_SERVICE_UNAVAILABLE

from haechi import workflows
from haechi.api import _hma_bank_routes, _hma_content_routes, _hma_match_routes
from haechi.api._hma_answers import answer, problem
from haechi.api._hma_bank_routes import READS
from haechi.api._hma_match_routes import asked_types
from haechi.api._hma_signals import CONTENT_TYPES
from haechi.api._hma_upload import Req
from haechi.values import Actor
from haechi.workflows import HMA_SIGNAL_TYPES, Context, Gate

_OPEN: Final = {"gate": Gate.OPEN}
_ALIVE: Final = "I-AM-ALIVE"
_EXCHANGES: Final = ["fb_threatexchange", "local_file", "ncmec", "stop_ncii"]
_BY_OPERATOR: Final = "Exchanges are set and read by those who run this installation, not by a token: haechi exchange."


@get("/status", opt=_OPEN, media_type=MediaType.TEXT, sync_to_thread=False, summary="HMA: alive")
def status(ctx: NamedDependency[Context]) -> Response[str]:
    """Whether the index answers by all that is known."""
    if ctx.live is None or ctx.live.position < 0:
        return Response("INDEX-NOT-LOADED", status_code=HTTP_503_SERVICE_UNAVAILABLE)
    if not ctx.live.is_ready:
        return Response("INDEX-STALE", status_code=HTTP_503_SERVICE_UNAVAILABLE)
    return Response(_ALIVE)


@get("/status/live", opt=_OPEN, media_type=MediaType.TEXT, sync_to_thread=False)
def status_live() -> str:
    """Whether the process answers."""
    return _ALIVE


@get("/site-map", opt=READS, sync_to_thread=False, summary="HMA: its routes here")
def site_map(actor: NamedDependency[Actor]) -> Response[Any]:  # noqa: ARG001
    """Every route of this face."""
    paths = {
        path.replace(":str", "").replace("{", "<").replace("}", ">")
        for handlers in (
            _hma_match_routes.HANDLERS,
            _hma_bank_routes.HANDLERS,
            _hma_content_routes.HANDLERS,
            HANDLERS,
        )
        for handler in handlers
        for path in handler.paths
    }
    return answer(sorted(paths))


@get("/c/signal_type", opt=READS, sync_to_thread=True, summary="HMA: the sorts of signals")
def signal_types(ctx: NamedDependency[Context], actor: NamedDependency[Actor]) -> Response[Any]:
    """All of them are on."""
    workflows.hma_banks(ctx, actor)
    return answer([{"name": name, "enabled_ratio": 1.0} for name in sorted(HMA_SIGNAL_TYPES)])


@get("/c/content_type", opt=READS, sync_to_thread=True, summary="HMA: the sorts of files")
def content_types(ctx: NamedDependency[Context], actor: NamedDependency[Actor]) -> Response[Any]:
    """All of them are on."""
    workflows.hma_banks(ctx, actor)
    return answer([{"name": name, "enabled": True} for name in CONTENT_TYPES])


@route(
    "/c/signal_type/{name:str}",
    http_method=[HttpMethod.PUT],
    opt=READS,
    sync_to_thread=False,
    summary="HMA: refuses to switch a sort of signals",
)
def change_signal_type(name: FromPath[str], actor: NamedDependency[Actor]) -> Response[Any]:  # noqa: ARG001
    """Always an error: a sort that one client switches off would be off for all."""
    if name not in HMA_SIGNAL_TYPES:
        raise problem(404, f"signal type '{name[:40]}' not found")
    raise problem(403, "Sorts of signals are on for all partners. Name banks instead.")


@get("/c/signal_type/index", opt=READS, sync_to_thread=True, summary="HMA: the index by sorts")
def signal_type_index(
    request: Req, ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Response[Any]:
    """The index follows every change within a second, so it is out of date only while it does not run."""
    facts = workflows.index_facts(ctx, actor)
    built_to = int(facts.built_to.timestamp()) if facts.is_ready else -1
    told = {
        "db_size": facts.contents,
        "index_size": facts.contents if facts.is_ready else 0,
        "index_out_of_date": not facts.is_ready,
        "newest_db_item": built_to,
        "index_built_to": built_to,
    }
    return answer(dict.fromkeys(asked_types(request), told))


@get("/c/exchanges/apis", opt=READS, sync_to_thread=False, summary="HMA: what can be pulled from")
def exchange_apis(actor: NamedDependency[Actor]) -> Response[Any]:  # noqa: ARG001
    """The protocols that sources have."""
    return answer(_EXCHANGES)


@route(
    ["/c/exchanges", "/c/exchanges/api/{name:str}", "/c/exchange/{name:str}"],
    http_method=[HttpMethod.GET, HttpMethod.POST, HttpMethod.PUT, HttpMethod.DELETE],
    opt=READS,
    sync_to_thread=False,
    include_in_schema=False,
)
def exchanges(actor: NamedDependency[Actor]) -> Response[Any]:  # noqa: ARG001
    """Always an error: whoever configures an exchange holds its credentials."""
    raise problem(403, _BY_OPERATOR)


@get(
    ["/c/exchanges/api/{name:str}/schema", "/c/exchange/{name:str}/status"],
    opt=READS,
    sync_to_thread=False,
    include_in_schema=False,
)
def exchange_parts(name: FromPath[str], actor: NamedDependency[Actor]) -> Response[Any]:  # noqa: ARG001
    """Always an error, as `exchanges`."""
    raise problem(403, _BY_OPERATOR)


HANDLERS = [
    status,
    status_live,
    site_map,
    signal_types,
    content_types,
    change_signal_type,
    signal_type_index,
    exchange_apis,
    exchanges,
    exchange_parts,
]
