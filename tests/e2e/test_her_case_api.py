# SPDX-License-Identifier: Apache-2.0
"""Her case over JSON: sent twice, added to, shared, erased; and what another may not."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from haechi.asgi import create_app
from haechi.evidence import verify_receipt
from haechi.settings import load_settings
from haechi.workflows import Context, open_context

ADDRESS = "https://haechi.example"

Client = TestClient[Any]


@pytest.fixture(scope="module")
def context() -> Iterator[Context]:
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings({}, data_folder=Path(folder), reports_per_min=1000)
        with open_context(settings, follows=True) as opened:
            yield opened


@pytest.fixture
def client(context: Context) -> Iterator[Client]:
    with TestClient(create_app(context), base_url=ADDRESS) as opened:
        yield opened


def item(**more: Any) -> dict[str, Any]:
    return {
        "kind": "image",
        "signals": [{"type": "md5", "value": secrets.token_hex(16)}],
        **more,
    }


def test_sent_twice_it_is_one_case(client: Client) -> None:
    body = {"items": [item()], "send_key": secrets.token_urlsafe(24), "agent": True}
    first, second = (client.post("/v1/cases", json=body) for _ in range(2))
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    case = client.get("/v1/case").json()
    assert case["case_number"] == first.json()["case_number"]
    assert (case["agency"], case["standing"]) == ("yes", "self")


@pytest.mark.parametrize("key", ["short", "x" * 101, "한" * 30])
def test_what_is_no_secret_is_refused(client: Client, key: str) -> None:
    answer = client.post("/v1/cases", json={"items": [item()], "send_key": key})
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == "send_key"


def test_all_that_is_said_comes_back(client: Client) -> None:
    seen = {
        "url": "https://example.com", "place": "방", "note": "n", "told_by": "a friend",
        "first_heard_on": "2026-11-01", "threats": "t",
    }  # fmt: skip
    sharing = {"kinds": ["community", "platform"], "days": 30}
    body = {
        "items": [item(sharing=sharing)], "sightings": [seen], "standing": "parent",
        "under_18_when_taken": False, "under_19_kr": True, "language": "ko",
    }  # fmt: skip
    assert client.post("/v1/cases", json=body).status_code == 201
    case = client.get("/v1/case").json()
    assert {name: case["sightings"][0][name] for name in seen} == seen
    (kept,) = case["items"]
    assert kept["shared_with"] == ["community", "platform"]
    assert kept["shared_until"] is not None
    assert (kept["under_18_when_taken"], kept["under_19_kr"]) == (False, True)
    assert case["standing"] == "parent"


def test_of_added_items_the_age_is_asked_anew(client: Client) -> None:
    client.post(
        "/v1/cases", json={"items": [item()], "under_18_when_taken": False, "under_19_kr": False}
    )
    for said in ({}, {"under_18_when_taken": True, "under_19_kr": True}):
        body = {"items": [item()], "send_key": secrets.token_urlsafe(24), **said}
        answers = [client.post("/v1/case/items", json=body) for _ in range(2)]
        assert answers[0].status_code == 201
        assert answers[0].json() == answers[1].json()
        verify_receipt(answers[0].json()["receipt"])
    ages = [one["under_19_kr"] for one in client.get("/v1/case").json()["items"]]
    assert ages == [False, None, True]


def test_an_item_is_shared_as_she_says_from_now_on(client: Client) -> None:
    client.post("/v1/cases", json={"items": [item()]})
    (kept,) = client.get("/v1/case").json()["items"]
    assert kept["is_matched"]
    path = f"/v1/case/items/{kept['id']}/share"
    for kinds in ([], ["hash_service"]):
        answer = client.post(path, json={"sharing": {"kinds": kinds}})
        assert answer.status_code == 200
        (now,) = answer.json()["items"]
        assert (now["shared_with"], now["is_matched"]) == (kinds, bool(kinds))
    for wrong in ({"kinds": ["everybody"]}, {"kinds": [], "days": 0}, {}):
        assert client.post(path, json={"sharing": wrong}).status_code == 400


def test_another_case_reaches_nothing_of_it(context: Context, client: Client) -> None:
    client.post("/v1/cases", json={"items": [item()]})
    (hers,) = client.get("/v1/case").json()["items"]
    with TestClient(create_app(context), base_url=ADDRESS) as other:
        other.post("/v1/cases", json={"items": [item()]})
        answer = other.post(f"/v1/case/items/{hers['id']}/share", json={"sharing": {"kinds": []}})
        assert answer.status_code == 404
        assert other.post(f"/v1/case/items/{hers['id']}/withdraw").status_code == 404
    assert client.get("/v1/case").json()["items"] == [hers]


def test_erased_it_is_gone_and_said_so(client: Client) -> None:
    opened = client.post("/v1/cases", json={"items": [item()]}).json()
    answer = client.delete("/v1/case")
    assert answer.status_code == 200
    verify_receipt(answer.json()["statement"])
    assert client.get("/v1/case").status_code == 401
    way_in = {"case_number": opened["case_number"], "passphrase": opened["passphrase"]}
    assert client.post("/v1/session", json=way_in).status_code == 401
    assert client.delete("/v1/case").status_code == 401


def test_bytes_are_refused_where_items_are_added(client: Client) -> None:
    client.post("/v1/cases", json={"items": [item()]})
    for path in ("/v1/case/items", "/case/add", "/case/wishes", "/case/erase"):
        answer = client.post(path, content=b"\x89PNG", headers={"content-type": "image/png"})
        assert answer.status_code == 415, path
