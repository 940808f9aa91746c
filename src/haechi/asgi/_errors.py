# SPDX-License-Identifier: Apache-2.0
"""Every error as an answer: JSON for programs, a page in the reader's language for people."""

from __future__ import annotations

import traceback
from typing import Any, Final

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, TooManyRequestsException
from litestar.types import ExceptionHandlersMap

from haechi import api, web
from haechi.asgi._hold_back import note_hold_back
from haechi.errors import (
    BadInput,
    HaechiError,
    MalformedField,
    NotFound,
    TooManyRequests,
    TooMuchAtOnce,
    Unavailable,
)
from haechi.storage import DATABASE_AWAY

_LIMIT_WINDOW_S: Final = 60
_PROGRAM_PATHS: Final = ("/v1/", "/metrics", "/healthz", "/readyz", "/openapi.json")

# What the JSON decoder raises, besides its own errors, for bodies made to harm it.
_UNREADABLE: Final = (RecursionError, UnicodeDecodeError)

_log = structlog.get_logger(__name__)

Req = Request[Any, Any, Any]


def exception_handlers() -> ExceptionHandlersMap:
    """Handlers for our own tree, for the framework's exceptions, and for everything else."""
    return {
        HaechiError: _answer,
        HTTPException: _answer_framework,
        **dict.fromkeys(DATABASE_AWAY, _answer_away),
        Exception: _answer_unexpected,
    }


def _answer(request: Req, error: HaechiError) -> Response[Any]:
    note_hold_back(request.scope, error)
    if request.scope["path"].startswith(api.HMA_PATHS):
        return api.hma_error(error)
    if request.scope["path"].startswith(_PROGRAM_PATHS):
        return Response(
            api.error_body(error), status_code=error.http_status, headers=_headers(error)
        )
    return web.error_page(request, error)


def _headers(error: HaechiError) -> dict[str, str]:
    """When to ask again, of whoever asked too much (RFC 9110)."""
    if isinstance(error, TooManyRequests):
        return {"retry-after": str(error.params["seconds"])}
    return {}


def _answer_framework(request: Req, error: HTTPException) -> Response[Any]:
    if request.scope["path"].startswith(api.HMA_PATHS):
        return api.hma_error(error)
    return _answer(request, _as_ours(error))


def _as_ours(error: HTTPException) -> HaechiError:
    if isinstance(error, TooManyRequestsException):
        return TooManyRequests(seconds=_LIMIT_WINDOW_S)
    if error.status_code in (404, 405):
        return NotFound()
    if error.status_code == 413:
        return TooMuchAtOnce()
    if 400 <= error.status_code < 500:
        return _bad_input(error)
    return HaechiError()


def _bad_input(error: HTTPException) -> HaechiError:
    """The first thing wrong with a body, named by its key, in the words of the validation."""
    extra = error.extra
    first = extra[0] if isinstance(extra, list) and extra else None
    # "data" is the framework's own name for a body that is missing as a whole.
    if not isinstance(first, dict) or first.get("key", "data") == "data":
        return BadInput()
    return MalformedField(field=str(first["key"]), reason=f"{first.get('message', 'Wrong')}.")


def _answer_away(request: Req, error: Exception) -> Response[Any]:
    # Its class, but not its text: that may hold the address of the database.
    _log.error("database_away", error_class=type(error).__name__)
    return _answer(request, Unavailable())


def _answer_unexpected(request: Req, error: Exception) -> Response[Any]:
    # Where it happened and of which class, but not its text: that may hold what was sent.
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, _UNREADABLE) and any(frame.name == "decode_json" for frame in frames):
        return _answer(request, BadInput())
    where = f"{frames[-1].name}:{frames[-1].lineno}" if frames else ""
    _log.error("unexpected_error", error_class=type(error).__name__, where=where)
    return _answer(request, HaechiError())
