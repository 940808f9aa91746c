# SPDX-License-Identifier: Apache-2.0
"""The described API against the real one: every operation with made-up requests, and every example."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from running_server import Server
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from haechi.workflows import Scope

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES_EACH = 12
OF_TEXT = {"/healthz", "/readyz", "/metrics"}


@pytest.fixture(scope="module")
def described(site: str) -> dict[str, Any]:
    return dict(httpx.get(f"{site}/openapi.json").json())


@pytest.fixture(scope="module")
def token(server: Server, admit: Callable[..., str]) -> str:
    """A partner that may do everything that partners may."""
    return admit(server.data_folder, "openapi", *(scope.value for scope in Scope))


@pytest.fixture(scope="module")
def headers(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}", "x-functions-key": token}


def test_no_made_up_request_breaks_the_server_or_the_description(
    site: str, described: dict[str, Any], headers: dict[str, str]
) -> None:
    """Of every operation: no 5xx, no status, type or body that is not described."""
    schema = schemathesis.openapi.from_dict(described)
    schema.config.update(base_url=site)
    checked = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=EXAMPLES_EACH,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            case.call_and_validate(headers=headers, checks=CHECKS)

        ask()
        checked += 1
    assert checked > 10


def _examples(described: dict[str, Any]) -> list[tuple[str, str, Any, list[Any]]]:
    return [
        (path, method, content["example"], operation.get("security", []))
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        for content in operation.get("requestBody", {}).get("content", {}).values()
        if "example" in content
    ]


def test_every_example_works(site: str, described: dict[str, Any], headers: dict[str, str]) -> None:
    """In the order in which the description has them; ids of things stand for what an earlier one made."""
    examples = _examples(described)
    assert {"/v1/cases", "/v1/match", "/v1/match/batch", "/v1/opinions", "/v1/appeals"} <= {
        path for path, *_ in examples
    }
    reported = next(body for path, _, body, _ in examples if path == "/v1/cases")
    assert httpx.post(f"{site}/v1/cases", json=reported).is_success
    (signal,) = reported["items"][0]["signals"]
    match_id = _match_of(site, signal, headers)
    for path, method, body, security in examples:
        asked = json.loads(json.dumps(body).replace("mat_of_a_match", match_id))
        answer = httpx.request(method, site + path, json=asked, headers=headers if security else {})
        assert answer.is_success, (path, json.dumps(asked), answer.text)


def _match_of(site: str, signal: dict[str, Any], headers: dict[str, str]) -> str:
    """The id of a match with what was reported, once the index has it."""
    for _ in range(200):
        asked = httpx.post(f"{site}/v1/match", json={"signals": [signal]}, headers=headers)
        if asked.json()["matches"]:
            return str(asked.json()["matches"][0]["match"])
        time.sleep(0.02)
    pytest.fail("what was reported is not known")


def test_every_operation_says_who_may_ask(described: dict[str, Any]) -> None:
    names = set(described["components"]["securitySchemes"])
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            assert operation.get("summary") or path in OF_TEXT, (method, path)
            for needed in operation.get("security", []):
                assert set(needed) <= names
