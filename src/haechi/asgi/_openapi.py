# SPDX-License-Identifier: Apache-2.0
"""The description of the HTTP API: what the framework reads from the handlers, and what it cannot know.

A handler says the rest in its `opt`: `gate` and `scope` become security, `body_type` the shape of a body
that the handler reads by itself, `takes_files` that it may also be a file, `example` a body that works.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from haechi.workflows import Gate

_REF: Final = "#/components/schemas/{name}"
_HIDDEN: Final = "/openapi"

_ERROR: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string", "description": "A sentence for people."},
                "field": {
                    "type": "string",
                    "description": "The part of the request that is meant.",
                },
            },
        }
    },
}

_SCHEMES: Final = {
    "partner": {"type": "http", "scheme": "bearer", "description": "A partner's token."},
    "case": {"type": "apiKey", "in": "cookie", "name": "haechi_case"},
    "functions_key": {
        "type": "apiKey",
        "in": "header",
        "name": "x-functions-key",
        "description": "A partner's token, where StopNCII's clients send it.",
    },
}


def describe(app: Litestar) -> dict[str, Any]:
    """The whole description, fit to be answered as JSON."""
    document = copy.deepcopy(app.openapi_schema.to_schema())
    paths = document["paths"]
    document["paths"] = {path: paths[path] for path in paths if not path.startswith(_HIDDEN)}
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Error"] = _ERROR
    components["securitySchemes"] = _SCHEMES
    for path, method, handler in _handlers(app):
        operation = document["paths"].get(path, {}).get(method)
        if operation is not None:
            _secure(operation, handler)
            _answer(operation, path)
            _body(operation, handler, schemas)
    return document


def _handlers(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                for method in handler.http_methods:
                    yield route.path_format, method.lower(), handler


def _secure(operation: dict[str, Any], handler: HTTPRouteHandler) -> None:
    gate = handler.opt.get("gate")
    if gate is Gate.PARTNER:
        name = "functions_key" if handler.opt.get("token_header") else "partner"
        operation["security"] = [{name: []}]
        scope = handler.opt.get("scope")
        if scope is not None:
            told = f"Needs a token with the scope `{scope.value}`."
            operation["description"] = f"{operation.get('description', '')}\n\n{told}".strip()
    elif gate is Gate.CASE:
        operation["security"] = [{"case": []}]


def _answer(operation: dict[str, Any], path: str) -> None:
    responses = operation["responses"]
    # The framework's own shape of an error is never sent.
    responses.pop("400", None)
    if path.startswith("/v1/"):
        responses["default"] = {
            "description": "What is wrong, and what to do.",
            "content": {"application/json": {"schema": {"$ref": _REF.format(name="Error")}}},
        }
    else:
        responses["default"] = {"description": "What is wrong, as this face tells it."}


def _body(operation: dict[str, Any], handler: HTTPRouteHandler, schemas: dict[str, Any]) -> None:
    opt = handler.opt
    content = operation.get("requestBody", {}).get("content", {})
    if "body_type" in opt:
        (schema,), found = msgspec.json.schema_components([opt["body_type"]], ref_template=_REF)
        schemas.update(found)
        content = {"application/json": {"schema": schema}}
    if opt.get("takes_files"):
        content["application/octet-stream"] = {"schema": {"type": "string", "format": "binary"}}
    if "example" in opt and "application/json" in content:
        content["application/json"]["example"] = opt["example"]
    if content:
        operation["requestBody"] = {"required": True, "content": content}
