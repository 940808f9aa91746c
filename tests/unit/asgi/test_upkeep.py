# SPDX-License-Identifier: Apache-2.0
"""The service's own clock: it ticks in a thread, and it ends with the site."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace

import pytest
from own_loop import run_apart

from haechi.asgi import _upkeep
from haechi.asgi._upkeep import keep_up

CONTEXT = object()
APP = SimpleNamespace(state=SimpleNamespace(context=CONTEXT))


def test_it_ticks_at_once_and_again_in_a_thread_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = []
    enough = threading.Event()

    def tick(context: object) -> None:
        seen.append((context, threading.current_thread() is threading.main_thread()))
        if len(seen) == 3:
            enough.set()

    monkeypatch.setattr(_upkeep, "upkeep", tick)
    monkeypatch.setattr(_upkeep, "_EVERY_S", 0)

    async def serve() -> None:
        async with keep_up(APP):
            assert await asyncio.to_thread(enough.wait, 30)

    run_apart(serve())
    count = len(seen)
    assert set(seen) == {(CONTEXT, False)}
    assert count >= 3
    assert len(seen) == count, "it has ended"


def test_the_end_waits_for_a_round_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is closed after the site: nobody must be using it then."""
    began, may_end, ended = threading.Event(), threading.Event(), []

    def tick(_: object) -> None:
        began.set()
        may_end.wait(30)
        ended.append(1)

    monkeypatch.setattr(_upkeep, "upkeep", tick)

    async def serve() -> None:
        async with keep_up(APP):
            await asyncio.to_thread(began.wait, 30)
            asyncio.get_running_loop().call_later(0.05, may_end.set)

    run_apart(serve())
    assert ended == [1]
