# SPDX-License-Identifier: Apache-2.0
"""The middleware: what it lets through, byte for byte; what it answers itself; what it tells the application."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx
import pytest
from own_loop import call_apart

from haechi.gates import (
    Action,
    AsyncScreener,
    GateSettings,
    Reason,
    Refusal,
    Screener,
    ScreeningGate,
)

KNOWN = b"\xff\xd8\xff known"
NEAR = b"\xff\xd8\xff near"
NEW = b"\xff\xd8\xff new"
DAMAGED = b"\xff\xd8\xff damaged"
SLOW = b"\xff\xd8\xff slow"
FORM = b"multipart/form-data; boundary=B"


@dataclass
class App:
    """An application that notes what reaches it."""

    bodies: list[bytes] = field(default_factory=list)
    scopes: list[dict[str, Any]] = field(default_factory=list)
    after: list[str] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        if scope["type"] != "http":
            return
        parts, more = [], True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.after.append("disconnect")
                return
            parts.append(message["body"])
            more = message["more_body"]
        self.bodies.append(b"".join(parts))
        self.after.append((await receive())["type"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"published"})

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.scopes[-1]["headers"])


async def haechi(request: httpx.Request) -> httpx.Response:
    """Knows one picture, is unsure of another, and cannot read a third."""
    found: dict[str, Any] = {"action": "none", "matches": []}
    hit = {"match": "mat_7", "content": "con_1", "bank": "reports", "policy": "block"}
    if request.content == KNOWN:
        found = {"action": "block", "matches": [hit | {"verdict": "same"}]}
    if request.content == NEAR:
        found = {"action": "review", "matches": [hit | {"verdict": "review"}]}
    if request.content == DAMAGED:
        return httpx.Response(422)
    if request.content == SLOW:
        await anyio.sleep_forever()
    return httpx.Response(200, json=found)


@dataclass
class Visit:
    """One request through a gate."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes
    app: App
    asked: list[bytes]


def visit(
    body: bytes = b"",
    kind: bytes | None = b"application/octet-stream",
    *,
    headers: tuple[tuple[bytes, bytes], ...] = (),
    method: str = "POST",
    path: str = "/upload",
    chunks: int = 3,
    hangs_up: bool = False,
    respond: Callable[[Refusal], Any] | None = None,
    **settings: Any,
) -> Visit:
    app, asked, sent = App(), [], []

    async def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.content)
        return await haechi(request)

    chosen = GateSettings(url="http://haechi.test", token="hp_t", **settings)
    screener = AsyncScreener(chosen, httpx.MockTransport(answer))
    more = {"respond": respond} if respond else {}
    gate = ScreeningGate(app, chosen, screener=screener, **more)
    size = len(body) // chunks + 1
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": body[at : at + size], "more_body": True}
        for at in range(0, len(body), size)
    ]
    messages.append({"type": "http.request", "body": b"", "more_body": False})
    if hangs_up:
        messages = [*messages[:1], {"type": "http.disconnect"}]

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [*([(b"content-type", kind)] if kind is not None else []), *headers],
    }
    before = json.dumps(scope, default=repr)
    call_apart(gate, scope, receive, send)
    assert json.dumps(scope, default=repr) == before, "the server's scope was changed"
    start = sent[0] if sent else {"status": 0, "headers": []}
    said = b"".join(message.get("body", b"") for message in sent[1:])
    return Visit(start["status"], dict(start["headers"]), said, app, asked)


def form(*files: bytes, text: bytes = b"hello") -> bytes:
    lines = [b'--B\r\nContent-Disposition: form-data; name="text"\r\n\r\n' + text + b"\r\n"]
    lines += [
        b'--B\r\nContent-Disposition: form-data; name="file"; filename="x.jpg"\r\n\r\n'
        + f
        + b"\r\n"
        for f in files
    ]
    return b"".join(lines) + b"--B--\r\n"


class TestLetThrough:
    @pytest.mark.parametrize("chunks", [1, 2, 7, 200])
    def test_a_form_arrives_byte_for_byte(self, chunks: int) -> None:
        body = form(NEW, NEW + b"2")
        seen = visit(body, FORM, chunks=chunks)
        assert seen.status == 200
        assert seen.app.bodies == [body]
        assert seen.asked == [NEW, NEW + b"2"]
        assert seen.app.after == ["http.disconnect"]

    def test_what_was_decided_is_in_the_scope(self) -> None:
        seen = visit(form(NEW, NEAR), FORM)
        screening = seen.app.scopes[0]["haechi.screening"]
        assert screening.action is Action.REVIEW
        assert [(f.field, f.decision.action) for f in screening.files] == [
            ("file", Action.NONE),
            ("file", Action.REVIEW),
        ]
        assert seen.app.headers[b"x-haechi-screening"] == b"review"

    def test_nobody_outside_sets_the_header(self) -> None:
        forged = (
            (b"x-haechi-screening", b"none"),
            (b"X-Haechi-Screening", b"none"),
            (b"x_haechi_screening", b"none"),
        )
        for body, kind in ((form(NEAR), FORM), (b"a=b", b"text/plain")):
            seen = visit(body, kind, headers=forged)
            ours = [value for name, value in seen.app.headers.items() if b"haechi" in name]
            assert ours in ([b"review"], [])
        seen = visit(b"", None, method="GET", headers=forged)
        assert b"x-haechi-screening" not in seen.app.headers

    def test_what_is_no_picture_is_not_sent_anywhere(self) -> None:
        for body, kind in (
            (b'{"a": 1}' * 40, b"application/json"),
            (b"a=b" * 40, b"application/x-www-form-urlencoded"),
            (form(text=b"only words " * 20), FORM),
            (b"", b"image/png"),
            (b"", None),
            (b"%PDF-1.7", b"application/pdf"),
        ):
            seen = visit(body, kind)
            assert (seen.status, seen.app.bodies, seen.asked) == (200, [body], [])

    def test_other_methods_and_paths_are_not_read(self) -> None:
        for method, path in (("GET", "/upload"), ("POST", "/login")):
            seen = visit(KNOWN, method=method, path=path, paths=("/upload",))
            assert (seen.status, seen.asked) == (200, [])
            assert "haechi.screening" not in seen.app.scopes[0]

    def test_other_kinds_of_connection_pass(self) -> None:
        async def nothing(*_: Any) -> dict[str, Any]:
            return {}

        app = App()
        gate = ScreeningGate(app, GateSettings(url="http://haechi.test", token="hp_t"))
        for kind in ("lifespan", "websocket"):
            call_apart(gate, {"type": kind}, nothing, nothing)
        assert [scope["type"] for scope in app.scopes] == ["lifespan", "websocket"]

    def test_who_hangs_up_is_not_answered(self) -> None:
        seen = visit(form(NEW), FORM, hangs_up=True)
        assert (seen.status, seen.app.scopes, seen.asked) == (0, [], [])


class TestBlocked:
    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            (form(KNOWN), FORM),
            (form(NEW, NEAR, KNOWN), FORM),
            (KNOWN, b"image/jpeg"),
            (KNOWN, b"application/json"),
            (KNOWN, None),
        ],
    )
    def test_the_application_never_sees_it(self, body: bytes, kind: bytes | None) -> None:
        seen = visit(body, kind)
        assert seen.status == 403
        assert seen.app.scopes == []
        error = json.loads(seen.body)["error"]
        assert (error["code"], error["reference"]) == ("upload_blocked", "mat_7")
        assert "mat_7" in error["message"]
        assert seen.headers[b"cache-control"] == b"no-store"

    def test_a_browser_gets_a_page_in_its_language(self) -> None:
        wants = ((b"accept", b"text/html,*/*"), (b"accept-language", b"ko-KR,ko;q=0.9"))
        seen = visit(form(KNOWN), FORM, headers=wants, appeal_url="https://h.example/appeal?a=<b>")
        page = seen.body.decode()
        assert seen.headers[b"content-type"].startswith(b"text/html")
        assert '<html lang="ko">' in page
        assert "mat_7" in page
        assert "https://h.example/appeal?a=&lt;b&gt;" in page
        assert int(seen.headers[b"content-length"]) == len(seen.body)

    def test_the_answer_can_be_ones_own(self) -> None:
        def respond(refusal: Refusal) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
            return 451, [(b"x-why", refusal.code.encode())], refusal.reference.encode()

        seen = visit(form(KNOWN), FORM, respond=respond)
        assert (seen.status, seen.headers[b"x-why"], seen.body) == (
            451,
            b"upload_blocked",
            b"mat_7",
        )


class TestWithoutAnAnswer:
    def test_open_lets_it_pass_and_says_so(self) -> None:
        seen = visit(form(SLOW), FORM, budget_ms=20)
        assert seen.status == 200
        screening = seen.app.scopes[0]["haechi.screening"]
        assert screening.files[0].decision.reason is Reason.NO_ANSWER

    def test_closed_asks_to_try_again(self) -> None:
        seen = visit(form(SLOW), FORM, budget_ms=20, fails_closed=True)
        assert (seen.status, seen.app.scopes) == (503, [])
        assert json.loads(seen.body)["error"]["code"] == "upload_unchecked"
        assert int(seen.headers[b"retry-after"]) > 0

    @pytest.mark.parametrize("fails_closed", [True, False])
    def test_a_known_copy_beside_a_slow_file_is_blocked(self, *, fails_closed: bool) -> None:
        seen = visit(form(SLOW, KNOWN), FORM, budget_ms=500, fails_closed=fails_closed)
        assert (seen.status, json.loads(seen.body)["error"]["reference"]) == (403, "mat_7")

    def test_the_budget_counts_the_waiting_for_a_turn(self) -> None:
        seen = visit(form(*[SLOW] * 3), FORM, budget_ms=400, most_at_once=1)
        files = seen.app.scopes[0]["haechi.screening"].files
        assert [file.decision.reason for file in files] == [Reason.NO_ANSWER] * 3
        assert len(seen.asked) == 1

    def test_a_thread_that_hangs_is_given_up(self) -> None:
        release = threading.Event()

        def hang(_: httpx.Request) -> httpx.Response:
            release.wait()
            return httpx.Response(200, json={"matches": []})

        settings = GateSettings(url="http://haechi.test", token="hp_t", budget_ms=20)
        gate = Screener(settings, httpx.MockTransport(hang))
        try:
            assert gate.screen(b"x").reason is Reason.NO_ANSWER
        finally:
            release.set()
            gate.close()


class TestUnscreenable:
    @pytest.mark.parametrize(
        ("body", "kind", "headers"),
        [
            (b"damaged", FORM, ()),
            (form(KNOWN), b"multipart/form-data", ()),
            (form(KNOWN), FORM, ((b"content-encoding", b"gzip"),)),
            (form(KNOWN), b"text/plain", ((b"content-type", FORM),)),
            (form(*[NEW] * 5), FORM, ()),
        ],
    )
    def test_a_doubtful_request_is_refused(self, body: bytes, kind: bytes, headers: Any) -> None:
        seen = visit(body, kind, headers=headers, most_files=4)
        assert (seen.status, seen.app.scopes, seen.asked) == (400, [], [])
        seen = visit(body, kind, headers=headers, most_files=4, refuses_unscreenable=False)
        assert (seen.status, seen.app.bodies) == (200, [body])
        assert seen.app.scopes[0]["haechi.screening"].action is Action.REVIEW

    def test_too_large_a_request_is_not_read_to_its_end(self) -> None:
        body = form(NEW + b"x" * (2 * 1024 * 1024))
        seen = visit(body, FORM, most_body_mib=1, chunks=50)
        assert (seen.status, seen.app.scopes) == (413, [])
        seen = visit(body, FORM, most_body_mib=1, chunks=50, refuses_unscreenable=False)
        assert (seen.status, seen.app.bodies) == (200, [body])
        assert seen.app.scopes[0]["haechi.screening"].files[0].decision.reason is Reason.TOO_LARGE

    def test_too_large_a_file_is_refused_by_itself(self) -> None:
        seen = visit(form(NEW + b"x" * (2 * 1024 * 1024)), FORM, most_mib=1)
        assert (seen.status, seen.asked) == (413, [])

    def test_an_unreadable_file_goes_to_review(self) -> None:
        seen = visit(form(DAMAGED), FORM)
        assert seen.app.scopes[0]["haechi.screening"].action is Action.REVIEW
        seen = visit(form(DAMAGED), FORM, when_unreadable=Action.BLOCK)
        assert (seen.status, seen.app.scopes) == (422, [])


def test_nothing_of_an_upload_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for body in (form(KNOWN), form(NEW), form(SLOW)):
        visit(body, FORM, budget_ms=20)
    ours = [record for record in caplog.records if record.name.startswith("haechi")]
    assert ours == []
    assert "hp_t" not in caplog.text
    assert "known" not in caplog.text
