# SPDX-License-Identifier: Apache-2.0
"""The HTTP face: closed by default, one shape of error, no bytes from survivors, nothing told."""

from __future__ import annotations

import io
import re
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from anyio import CapacityLimiterStatistics
from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.testing import TestClient
from PIL import Image

from haechi.asgi import create_app
from haechi.settings import load_settings
from haechi.values import Actor, ActorKind
from haechi.workflows import Context, Gate, admit_partner, open_context

OPERATOR = Actor(ActorKind.OPERATOR, "test")
ADDRESS = "http://haechi.test"

# Every route that answers without being let in. Adding one is a decision: it belongs here.
OPEN_ROUTES = {
    ("GET", "/"),
    ("GET", "/ways"),
    ("POST", "/ways"),
    ("GET", "/contacts"),
    # An uploader has no account: he has the reference that the platform told him.
    ("GET", "/appeal"),
    ("POST", "/appeal"),
    ("GET", "/guide"),
    ("GET", "/guide/{name:str}"),
    ("GET", "/design"),
    ("GET", "/case/new"),
    ("POST", "/case/new"),
    ("GET", "/case/enter"),
    ("POST", "/case/enter"),
    ("GET", "/case/recover"),
    ("POST", "/case/recover"),
    # Erases the case of the session, which ends with it: a second tap must show the same.
    ("POST", "/case/erase"),
    # Ends a session, if there is one: leaving must work when it has ended already.
    ("POST", "/case/leave"),
    # Signing in to the console, and out of it as out of a case.
    ("GET", "/work/enter"),
    ("POST", "/work/enter"),
    ("POST", "/work/enter/passkey"),
    ("POST", "/work/enter/passkey/options"),
    ("GET", "/work/invitation/{token:str}"),
    ("POST", "/work/invitation/{token:str}"),
    ("POST", "/work/leave"),
    ("GET", "/static/{file_path:path}"),
    ("HEAD", "/static/{file_path:path}"),
    ("OPTIONS", "/static/{file_path:path}"),
    ("POST", "/v1/cases"),
    ("POST", "/v1/session"),
    ("GET", "/v1/receipt-key"),
    ("GET", "/healthz"),
    # What the compatible face says of itself: no more than the two beside it.
    ("GET", "/status"),
    ("GET", "/status/live"),
    ("GET", "/readyz"),
    ("GET", "/openapi.json"),
}


@pytest.fixture(scope="module")
def context() -> Iterator[Context]:
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(
            {}, data_folder=Path(folder), reports_per_min=1000, tries_per_min=1000
        )
        with open_context(settings, follows=True) as opened:
            yield opened


@pytest.fixture(scope="module")
def app(context: Context) -> Litestar:
    return create_app(context)


@pytest.fixture
def client(app: Litestar) -> Iterator[TestClient[Litestar]]:
    with TestClient(app, base_url=ADDRESS) as opened:
        yield opened


@pytest.fixture(scope="module")
def tokens(context: Context) -> dict[str, str]:
    return {
        "+".join(scopes): admit_partner(context, OPERATOR, name=" ".join(scopes), scopes=scopes)[1]
        for scopes in (["match"], ["match", "distance"], ["metrics"])
    }


def routes(app: Litestar) -> list[tuple[str, str, Any]]:
    return [
        (method, route.path, handler)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
    ]


def picture(suffix: str = "PNG", size: tuple[int, int] = (200, 150)) -> bytes:
    written = io.BytesIO()
    Image.effect_mandelbrot(size, (-2.0, -1.5, 1.0, 1.5), 100).save(written, suffix)
    return written.getvalue()


def report(**body: Any) -> dict[str, Any]:
    return {
        "items": [
            {
                "kind": "image",
                "signals": [{"type": "pdq", "value": secrets.token_hex(32), "quality": 100}],
            }
        ]
    } | body


class TestRouteTable:
    def test_the_open_routes_are_exactly_those_on_the_list(self, app: Litestar) -> None:
        found = {
            (method, path)
            for method, path, handler in routes(app)
            if handler.opt.get("gate") is Gate.OPEN
        }
        assert found == OPEN_ROUTES

    def test_every_other_route_refuses_whoever_comes_without(
        self, app: Litestar, client: TestClient[Litestar]
    ) -> None:
        checked = 0
        for method, path, _ in routes(app):
            if (method, path) in OPEN_ROUTES:
                continue
            concrete = re.sub(r"\{\w+:str\}", "x", path)
            for headers in (
                {},
                {"authorization": "Bearer nope"},
                {"cookie": "haechi_case=nope; haechi_work=no"},
            ):
                answer = client.request(method, concrete, headers=headers, follow_redirects=False)
                if answer.status_code == 303:
                    # A page of the console leads to where one signs in; a form of it does not.
                    assert (method, path[:5]) == ("GET", "/work"), path
                    assert answer.headers["location"] == "/work/enter"
                else:
                    assert answer.status_code in (401, 404), (method, path, answer.status_code)
                checked += 1
        assert checked >= 3 * 15

    def test_a_case_does_not_open_partner_routes_nor_a_token_case_routes(
        self, client: TestClient[Litestar], tokens: dict[str, str], app: Litestar
    ) -> None:
        bearer = {"authorization": f"Bearer {tokens['match+distance']}"}
        client.post("/v1/cases", json=report())
        for method, path, handler in routes(app):
            concrete = path.replace("{item_id:str}", "itm_x")
            if handler.opt.get("gate") is Gate.PARTNER:
                assert client.request(method, concrete).status_code == 401
            if handler.opt.get("gate") is Gate.CASE:
                with TestClient(app, base_url=ADDRESS) as stranger:
                    answer = stranger.request(method, concrete, headers=bearer)
                    assert answer.status_code == 401


class TestSurvivorEndpoint:
    @pytest.mark.parametrize(
        "content_type",
        [
            "image/jpeg",
            "application/octet-stream",
            "multipart/form-data; boundary=x",
            "text/plain",
            "application/x-www-form-urlencoded",
            "",
        ],
    )
    def test_refuses_everything_but_json(
        self, client: TestClient[Litestar], content_type: str
    ) -> None:
        answer = client.post("/v1/cases", content=picture(), headers={"content-type": content_type})
        assert answer.status_code == 415
        assert answer.json()["error"]["code"] == "image_bytes_refused"

    def test_refuses_bytes_that_call_themselves_json(self, client: TestClient[Litestar]) -> None:
        answer = client.post(
            "/v1/cases", content=picture(), headers={"content-type": "application/json"}
        )
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "bad_input"

    @pytest.mark.parametrize("key", ["file", "image", "thumbnail", "url", "data"])
    def test_has_no_field_for_a_picture(self, client: TestClient[Litestar], key: str) -> None:
        body = report()
        body["items"][0][key] = "AAAA"
        answer = client.post("/v1/cases", json=body)
        assert answer.status_code == 400
        assert answer.json()["error"]["field"] == "items[0]"

    def test_refuses_more_than_a_report_can_need(self, client: TestClient[Litestar]) -> None:
        answer = client.post(
            "/v1/cases",
            content=b'{"note":"' + b"x" * 4_200_000 + b'"}',
            headers={"content-type": "application/json"},
        )
        assert answer.status_code == 413

    @pytest.mark.parametrize(
        ("signal", "code"),
        [
            ({"type": "pdq", "value": "ab" * 31, "quality": 90}, "malformed_signal"),
            ({"type": "pdq", "value": "zz" * 32, "quality": 90}, "malformed_signal"),
            ({"type": "pdq", "value": "ab" * 31 + "a\n", "quality": 90}, "malformed_signal"),
            ({"type": "pdq", "value": "ab" * 32, "quality": 101}, "malformed_field"),
            ({"type": "phash", "value": "ab" * 32}, "malformed_field"),
            ({"type": "md5", "value": "ab" * 32}, "malformed_signal"),
            ({"value": "ab" * 32}, "malformed_field"),
        ],
    )
    def test_a_malformed_signal_is_one_clear_error_and_leaves_nothing(
        self, client: TestClient[Litestar], context: Context, signal: dict[str, Any], code: str
    ) -> None:
        before = len(context.index)
        good = report()["items"][0]
        body = {"items": [good, {"kind": "image", "signals": [signal]}]}
        answer = client.post("/v1/cases", json=body)
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == code
        context.index.catch_up()
        assert len(context.index) == before

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"items": []},
            {"items": [{"kind": "image", "signals": []}]},
            {"sightings": [{}]},
            {"sightings": [{"url": "not an address"}]},
            {"sightings": [{"url": "javascript:alert(1)"}]},
            {"sightings": [{"place": "x"}] * 51},
            {"language": "no tag", "sightings": [{"place": "x"}]},
            [],
            "text",
        ],
    )
    def test_a_report_without_substance_is_refused_with_a_sentence(
        self, client: TestClient[Litestar], body: Any
    ) -> None:
        answer = client.post("/v1/cases", json=body)
        assert answer.status_code == 400
        assert answer.json()["error"]["message"]


class TestCase:
    def test_the_whole_life_of_a_case(
        self, app: Litestar, client: TestClient[Litestar], tokens: dict[str, str], context: Context
    ) -> None:
        body = report(sightings=[{"url": "https://t.me/room", "note": "친구가 알려 줌 🙏"}])
        opened = client.post("/v1/cases", json=body | {"language": "ko"})
        assert opened.status_code == 201
        given = opened.json()

        with TestClient(app, base_url=ADDRESS) as later:
            words = {"case_number": given["case_number"], "passphrase": given["passphrase"]}
            assert later.post("/v1/session", json=words).status_code == 204
            case = later.get("/v1/case").json()
            assert case["sightings"][0]["note"] == "친구가 알려 줌 🙏"
            assert case["items"][0]["is_matched"] is True

            context.index.catch_up()
            bearer = {"authorization": f"Bearer {tokens['match']}"}
            asked = {"signals": body["items"][0]["signals"]}
            found = later.post("/v1/match", json=asked, headers=bearer).json()
            assert len(found["matches"]) == 1

            item_id = case["items"][0]["id"]
            after = later.post(f"/v1/case/items/{item_id}/withdraw").json()
            assert after["items"][0]["is_matched"] is False
            context.index.catch_up()
            after = later.post("/v1/match", json=asked, headers=bearer).json()
            assert after == {"action": "none", "matches": []}

            assert later.delete("/v1/session").status_code == 204
            assert later.get("/v1/case").status_code == 401

    def test_an_item_of_another_case_is_not_there(
        self, app: Litestar, client: TestClient[Litestar]
    ) -> None:
        hers = client.post("/v1/cases", json=report()).json()["items"][0]["id"]
        with TestClient(app, base_url=ADDRESS) as other:
            other.post("/v1/cases", json=report())
            assert other.post(f"/v1/case/items/{hers}/withdraw").status_code == 404
        assert client.get("/v1/case").json()["items"][0]["is_matched"] is True

    def test_a_wrong_number_and_a_wrong_passphrase_get_the_same_answer(
        self, client: TestClient[Litestar]
    ) -> None:
        number = client.post("/v1/cases", json=report()).json()["case_number"]
        answers = [
            client.post("/v1/session", json={"case_number": name, "passphrase": "a b c d e f"})
            for name in (number, "0000-0000", "", "' OR 1=1 --")
        ]
        assert {answer.status_code for answer in answers} == {401}
        assert len({answer.text for answer in answers}) == 1

    @pytest.mark.parametrize(
        "headers",
        [
            {"origin": "https://elsewhere.example"},
            {"origin": "null"},
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site", "origin": ADDRESS},
        ],
    )
    def test_another_site_cannot_act_in_her_name(
        self, client: TestClient[Litestar], headers: dict[str, str]
    ) -> None:
        item_id = client.post("/v1/cases", json=report()).json()["items"][0]["id"]
        answer = client.post(f"/v1/case/items/{item_id}/withdraw", headers=headers)
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "cross_site_refused"
        assert client.get("/v1/case").json()["items"][0]["is_matched"] is True

    def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(
        self, client: TestClient[Litestar]
    ) -> None:
        cookie = client.post("/v1/cases", json=report()).headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert "max-age" not in cookie
        assert "expires" not in cookie


class TestMatch:
    def test_a_partner_without_the_scope_learns_no_distance(
        self, client: TestClient[Litestar], tokens: dict[str, str], context: Context
    ) -> None:
        body = report()
        client.post("/v1/cases", json=body)
        context.index.catch_up()
        asked = {"signals": body["items"][0]["signals"]}
        for name, tells in (("match", False), ("match+distance", True)):
            bearer = {"authorization": f"Bearer {tokens[name]}"}
            (match,) = client.post("/v1/match", json=asked, headers=bearer).json()["matches"]
            assert match["verdict"] == "same"
            assert ("distance" in match) is tells
            assert ("evidence" in match) is tells

    def test_a_token_without_the_scope_match_is_refused(
        self, client: TestClient[Litestar], tokens: dict[str, str]
    ) -> None:
        bearer = {"authorization": f"Bearer {tokens['metrics']}"}
        answer = client.post("/v1/match", json={"signals": []}, headers=bearer)
        assert answer.status_code == 403
        assert client.get("/metrics", headers=bearer).text.count("haechi_") >= 3

    @pytest.mark.parametrize(
        ("data", "status", "code"),
        [
            (b"", 415, "unsupported_format"),
            (b"hello", 415, "unsupported_format"),
            (picture()[:300], 422, "damaged_file"),
            (picture("JPEG")[:-200], 422, "damaged_file"),
        ],
    )
    def test_a_file_that_is_no_picture_is_one_clear_error(
        self,
        client: TestClient[Litestar],
        tokens: dict[str, str],
        data: bytes,
        status: int,
        code: str,
    ) -> None:
        headers = {
            "authorization": f"Bearer {tokens['match']}",
            "content-type": "application/octet-stream",
        }
        answer = client.post("/v1/match", content=data, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)

    def test_a_picture_is_answered(
        self, client: TestClient[Litestar], tokens: dict[str, str]
    ) -> None:
        headers = {"authorization": f"Bearer {tokens['match']}", "content-type": "image/png"}
        answer = client.post("/v1/match", content=picture(), headers=headers)
        assert answer.json() == {"action": "none", "matches": []}


class TestHostileRequests:
    """Each is one clear error; a 500 would be a bug of ours."""

    @pytest.mark.parametrize("origin", ["http://[", "http://[::1", "//", "\x7f"])
    def test_an_origin_that_is_none(self, client: TestClient[Litestar], origin: str) -> None:
        answer = client.post("/v1/cases", json=report(), headers={"origin": origin})
        assert answer.status_code == 403

    @pytest.mark.parametrize(
        "body",
        [
            b"[" * 100_000,
            b'{"a":' * 40_000,
            b'{"language": "\xff"}',
            b'{"sightings": [{"note": "\\ud800"}]}',
            b'{"sightings": [{"place": "   "}]}',
            b"",
            b"null",
            b'{"items": 1e999}',
        ],
    )
    @pytest.mark.parametrize("path", ["/v1/cases", "/v1/session", "/v1/match"])
    def test_a_body_made_to_harm(
        self, client: TestClient[Litestar], tokens: dict[str, str], path: str, body: bytes
    ) -> None:
        headers = {
            "content-type": "application/json",
            "authorization": f"Bearer {tokens['match']}",
        }
        answer = client.post(path, content=body, headers=headers)
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]["code"] in ("bad_input", "malformed_field")

    @pytest.mark.parametrize(
        ("path", "most_bytes"),
        [("/v1/cases", 4 << 20), ("/v1/session", 256 << 10), ("/v1/match", 4 << 20)],
    )
    def test_json_that_is_too_long(
        self, client: TestClient[Litestar], tokens: dict[str, str], path: str, most_bytes: int
    ) -> None:
        """A long video's frames are 800 KB in hex; where nothing but words is sent, less is enough."""
        headers = {
            "content-type": "application/json",
            "authorization": f"Bearer {tokens['match']}",
        }
        answer = client.post(path, content=b" " * (most_bytes + 1), headers=headers)
        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "too_much_at_once"
        assert client.post(path, content=b" " * most_bytes, headers=headers).status_code == 400

    @pytest.mark.parametrize(
        "path", ["/static/%00", "/static/js/leave.js%00.png", "/static/" + "a" * 5000, "/%00"]
    )
    def test_a_path_that_no_file_has(self, client: TestClient[Litestar], path: str) -> None:
        assert client.get(path).status_code == 404

    @pytest.mark.parametrize("item_id", ["%00", "a" * 300, "..%2f..", "%ff"])
    def test_an_item_that_none_is(self, client: TestClient[Litestar], item_id: str) -> None:
        client.post("/v1/cases", json=report())
        assert client.post(f"/v1/case/items/{item_id}/withdraw").status_code == 404


class TestEveryAnswer:
    @pytest.mark.parametrize("path", ["/", "/v1/case", "/nothing", "/static/js/pdq.js", "/healthz"])
    def test_has_the_protecting_headers(self, client: TestClient[Litestar], path: str) -> None:
        headers = client.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none';")
        assert "unsafe" not in headers["content-security-policy"]

    @pytest.mark.parametrize(
        ("method", "path"),
        [("GET", "/v1/nothing"), ("PUT", "/v1/cases"), ("GET", "/v1/case"), ("PATCH", "/v1/match")],
    )
    def test_of_the_api_that_is_an_error_has_the_one_shape(
        self, client: TestClient[Litestar], method: str, path: str
    ) -> None:
        body = client.request(method, path).json()
        assert body.keys() == {"error"}
        assert {"code", "message"} <= body["error"].keys() <= {"code", "message", "field"}

    def test_stays_inside_the_static_folder(self, client: TestClient[Litestar]) -> None:
        for path in ("../__init__.py", "..%2f__init__.py", "%2e%2e/__init__.py", "/etc/passwd"):
            assert client.get(f"/static/{path}").status_code == 404

    def test_of_the_description_names_the_routes(self, client: TestClient[Litestar]) -> None:
        assert "/v1/cases" in client.get("/openapi.json").json()["paths"]


class TestLimits:
    def test_reports_and_tries_from_one_address_are_limited(self, tmp_path: Path) -> None:
        settings = load_settings({}, data_folder=tmp_path, reports_per_min=2, tries_per_min=2)
        with (
            open_context(settings, follows=True) as context,
            TestClient(create_app(context), base_url=ADDRESS) as client,
        ):
            reports = [client.post("/v1/cases", json=report()).status_code for _ in range(4)]
            wrong = {"case_number": "0000-0000", "passphrase": "x"}
            tries = [client.post("/v1/session", json=wrong).status_code for _ in range(4)]
        assert reports == [201, 201, 429, 429]
        assert tries == [401, 401, 429, 429]

    def test_behind_a_proxy_of_ours_each_source_counts_for_itself(self, tmp_path: Path) -> None:
        settings = load_settings(
            {}, data_folder=tmp_path, tries_per_min=1, trusted_proxies="testclient"
        )
        wrong = {"case_number": "0000-0000", "passphrase": "x"}

        def try_from(*addresses: str) -> int:
            headers = {"x-forwarded-for": ", ".join(addresses)}
            return client.post("/v1/session", json=wrong, headers=headers).status_code

        with (
            open_context(settings, follows=True) as context,
            TestClient(create_app(context), base_url=ADDRESS) as client,
        ):
            assert try_from("198.51.100.1") == 401
            assert try_from("198.51.100.2") == 401
            assert try_from("198.51.100.1") == 429
            # What stands before the proxy's own entry is anybody's claim.
            assert try_from("203.0.113.9", "198.51.100.2") == 429
            assert try_from("2001:db8:1:1::1") == 401
            assert try_from("2001:db8:1:1::2") == 429
            assert try_from("2001:db8:1:2::1") == 401

    def test_when_too_many_uploads_wait_the_next_is_asked_to_come_again(
        self,
        app: Litestar,
        client: TestClient[Litestar],
        tokens: dict[str, str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        class Full:
            def statistics(self) -> CapacityLimiterStatistics:
                return CapacityLimiterStatistics(8, 8, (), 100)

        monkeypatch.setattr(app.state, "uploads", Full())
        bearer = {"authorization": f"Bearer {tokens['match']}"}
        answer = client.post("/v1/match", json={"signals": []}, headers=bearer)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "busy")
