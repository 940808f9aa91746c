# SPDX-License-Identifier: Apache-2.0
"""Guessing over HTTP: held back without holding anybody else, and telling nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from installations import context_on, image, pdq_value, report
from litestar.testing import TestClient
from own_loop import run_apart

from haechi.asgi import _hold_back, create_app
from haechi.workflows import Context


@pytest.fixture
def ctx(sqlite_url: str, tmp_path: Path) -> Iterator[Context]:
    with context_on(sqlite_url, tmp_path, tries_per_min=100_000) as opened:
        yield opened


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What is slept instead of slept."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(_hold_back, "asyncio", _Asyncio(sleep))
    return slept


class _Asyncio:
    """Only the answers' own sleep is replaced: the event loop's stays."""

    def __init__(self, sleep) -> None:
        self.sleep = sleep


def _tries(client: TestClient, number: str, passphrase: str, count: int) -> list[tuple[int, str]]:
    answers = []
    for _ in range(count):
        sent = {"case_number": number, "passphrase": passphrase}
        page = client.post("/case/enter", data=sent, follow_redirects=False)
        json = client.post("/v1/session", json=sent)
        answers += [(page.status_code, page.text), (json.status_code, json.text)]
    return answers


def test_wrong_tries_wait_and_the_right_one_does_not(ctx: Context, pauses: list[float]) -> None:
    opened = report(ctx, image(pdq_value(1)))
    with TestClient(create_app(ctx)) as client:
        pauses.clear()
        _tries(client, opened.case.number, "wrong", 10)
        held = list(pauses)
        pauses.clear()
        right = _tries(client, opened.case.number, opened.passphrase, 1)
    assert held == sorted(held)
    assert len(held) == 15
    assert held[-1] == 8.0
    assert [status for status, _ in right] == [303, 204]
    assert pauses == []


def test_a_number_that_is_none_gives_the_same_bytes_and_pauses(
    ctx: Context, pauses: list[float]
) -> None:
    opened = report(ctx, image(pdq_value(1)))
    told = []
    with TestClient(create_app(ctx)) as client:
        for number in (opened.case.number, "0000-0000"):
            pauses.clear()
            answers = _tries(client, number, "wrong", 8)
            told.append(
                ([(s, text.replace(number, "NUMBER")) for s, text in answers], list(pauses))
            )
    assert told[0] == told[1]


def test_others_are_answered_while_one_is_held_back(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pause holds no thread: while it lasts, another answer goes out."""
    opened = report(ctx, image(pdq_value(1)))
    app = create_app(ctx)
    order: list[str] = []

    async def send(path: str, name: str, body: bytes = b"", kind: bytes = b"") -> None:
        messages = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict:
            return messages.pop(0) if messages else await asyncio.Event().wait()

        async def answer(message: dict) -> None:
            if message["type"] == "http.response.start":
                order.append(name)

        await app(
            {
                "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1",
                "method": "POST" if body else "GET", "path": path, "raw_path": path.encode(),
                "query_string": b"", "root_path": "", "scheme": "http", "state": {},
                "headers": [(b"content-type", kind), (b"content-length", str(len(body)).encode())],
                "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
            },
            receive,
            answer,
        )  # fmt: skip

    async def both() -> None:
        held = asyncio.Event()
        release = asyncio.Event()

        async def pause(_: float) -> None:
            held.set()
            await release.wait()

        monkeypatch.setattr(_hold_back, "asyncio", _Asyncio(pause))
        body = f'{{"case_number": "{opened.case.number}", "passphrase": "wrong"}}'.encode()
        for _ in range(5):
            await send("/v1/session", "free", body, b"application/json")
        slow = asyncio.create_task(send("/v1/session", "held", body, b"application/json"))
        await held.wait()
        await send("/healthz", "other")
        release.set()
        await slow

    run_apart(both())
    assert order == ["free"] * 5 + ["other", "held"]
