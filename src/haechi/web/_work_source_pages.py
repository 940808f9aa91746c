# SPDX-License-Identifier: Apache-2.0
"""Sources in the console: how each stands, on and off, and what of it could not be read."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

from haechi import workflows
from haechi.errors import BadInput, NotFound
from haechi.web._console import Console
from haechi.web._forms import Form
from haechi.web._work_fields import MOST_DIGITS
from haechi.workflows import Duty, Gate

_ROWS: Final = 50

_READS: Final = {"gate": Gate.STAFF, "duty": Duty.SOURCES}

Req = Request[Any, Any, Any]


@get("/work/sources", opt=_READS, sync_to_thread=True)
def sources_page(console: NamedDependency[Console]) -> Response[str]:
    """Every source."""
    sources = workflows.list_sources(console.ctx, console.actor)
    return console.show("work/sources.html", view="sources", sources=sources)


@get("/work/sources/{name:str}", opt=_READS, sync_to_thread=True)
def source_page(
    request: Req, name: FromPath[str], console: NamedDependency[Console]
) -> Response[str]:
    """One source, and what could not be read."""
    sources = workflows.list_sources(console.ctx, console.actor)
    source = next((one for one in sources if one.name == name), None)
    if source is None:
        raise NotFound
    aside = workflows.source_set_aside(console.ctx, console.actor, name=name)
    asked = request.query_params.get("from", "")
    is_number = asked.isascii() and asked.isdecimal() and len(asked) <= MOST_DIGITS
    first = int(asked) if is_number else 0
    return console.show(
        "work/source.html",
        view="source",
        source=source,
        rows=aside[first : first + _ROWS],
        following=first + _ROWS if len(aside) > first + _ROWS else None,
    )


@post(
    "/work/sources/{name:str}",
    opt={**_READS, "body": "form"},
    status_code=HTTP_303_SEE_OTHER,
    sync_to_thread=True,
)
def turn_source(
    name: FromPath[str], form: NamedDependency[Form], console: NamedDependency[Console]
) -> Redirect:
    """On or off, as `state` says."""
    state = {"on": True, "off": False}.get(form.get("state", ""))
    if state is None:
        raise BadInput
    workflows.change_source(console.ctx, console.actor, name=name, is_enabled=state)
    return Redirect("/work/sources", status_code=HTTP_303_SEE_OTHER)


HANDLERS: Final = (sources_page, source_page, turn_source)
