# SPDX-License-Identifier: Apache-2.0
"""Asks a Haechi whether an upload is known, within a time budget, and never raises over an upload."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from types import TracebackType
from typing import Any, Final, Self

import anyio
import httpx
from anyio.lowlevel import RunVar

from haechi.errors import NeedsAccess, NotYours, OutsideServiceFailed
from haechi.gates._decision import Action, Decision, Reason
from haechi.gates._settings import GateSettings
from haechi.values import Opinion

_log: Final = logging.getLogger("haechi.gates")

_CHECK_TIMEOUT_S: Final = 10.0
_MOST_ANSWER_BYTES: Final = 1024 * 1024
_SAID_AGAIN_AFTER_S: Final = 60.0
_OCTETS: Final = {"content-type": "application/octet-stream"}
# The digest of no file that anybody has: only whether we are let in is asked.
_QUESTION: Final = {"signals": [{"type": "md5", "value": "0" * 32}]}


_Held = tuple[httpx.AsyncClient, anyio.CapacityLimiter]


class _Asking:
    """What both screeners share: how a question is put, and how an answer is read."""

    def __init__(
        self, settings: GateSettings, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.settings = settings
        self._transport: Any = transport
        self._said_at = -_SAID_AGAIN_AFTER_S

    def _client_options(self, timeout_s: float) -> dict[str, Any]:
        most = self.settings.most_at_once
        return {
            "base_url": self.settings.url,
            "headers": {"authorization": f"Bearer {self.settings.token}"},
            "timeout": timeout_s,
            "limits": httpx.Limits(max_connections=most, max_keepalive_connections=most),
            "transport": self._transport,
        }

    def check(self) -> None:
        """Make sure, at the start, that the service is there and lets this gate in.

        Raises:
            OutsideServiceFailed: it is not there, or is something else. NeedsAccess: the token is not
                known. NotYours: the token lacks the scope `match`.
        """
        transport = self._transport if isinstance(self._transport, httpx.BaseTransport) else None
        options = self._client_options(_CHECK_TIMEOUT_S) | {"transport": transport}
        try:
            with httpx.Client(**options) as client:
                answer = client.post("/v1/match", json=_QUESTION)
            if answer.status_code == httpx.codes.UNAUTHORIZED:
                raise NeedsAccess
            if answer.status_code == httpx.codes.FORBIDDEN:
                raise NotYours
            Decision.of_answer(answer.raise_for_status().json())
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise OutsideServiceFailed(service="Haechi", reason="it cannot be reached") from error
        except ValueError as error:
            raise OutsideServiceFailed(service="Haechi", reason="it is no Haechi") from error

    def settle(self, reason: Reason) -> Decision:
        """The decision for an upload that the service did not decide."""
        if reason is Reason.UNREADABLE:
            return Decision(self.settings.when_unreadable, (), reason)
        if reason is Reason.TOO_LARGE:
            refuses = self.settings.refuses_unscreenable
            return Decision(Action.BLOCK if refuses else Action.REVIEW, (), reason)
        return Decision(Action.BLOCK if self.settings.fails_closed else Action.NONE, (), reason)

    def _decide(self, status: int, body: bytes) -> Decision:
        if status == httpx.codes.OK:
            try:
                return Decision.of_answer(json.loads(body))
            except (ValueError, RecursionError):
                return self.settle(Reason.NO_ANSWER)
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            self._say_not_let_in()
            return self.settle(Reason.NOT_LET_IN)
        if status == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
            return self.settle(Reason.TOO_LARGE)
        if status in (httpx.codes.UNSUPPORTED_MEDIA_TYPE, httpx.codes.UNPROCESSABLE_ENTITY):
            return self.settle(Reason.UNREADABLE)
        return self.settle(Reason.NO_ANSWER)

    def _say_not_let_in(self) -> None:
        """Loud, as a gate with an ended token lets everything pass; once a minute."""
        now = time.monotonic()
        if now - self._said_at >= _SAID_AGAIN_AFTER_S:
            self._said_at = now
            _log.warning("Haechi does not let this gate in, so nothing is checked: renew the token")


def _opinion(match_id: str, opinion: Opinion) -> dict[str, list[dict[str, str]]]:
    return {"opinions": [{"match": match_id, "opinion": opinion.value}]}


class Screener(_Asking):
    """Asks from ordinary code, and from any number of threads.

    Each question runs in a thread of its own pool, so that the budget holds whatever the network does;
    one that is given up ends by itself soon after. Made anew after a fork.
    """

    def __init__(
        self, settings: GateSettings, transport: httpx.BaseTransport | None = None
    ) -> None:
        super().__init__(settings, transport)
        self._lock = threading.Lock()
        self._process_id = 0
        self._client: httpx.Client | None = None
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connections; asking again opens new ones."""
        with self._lock:
            client, pool, self._client, self._pool = self._client, self._pool, None, None
        if pool is not None:
            pool.shutdown(cancel_futures=True)
        if client is not None:
            client.close()

    def screen(self, data: bytes) -> Decision:
        """What to do with the bytes of one picture or video. Never raises."""
        if len(data) > self.settings.most_bytes:
            return self.settle(Reason.TOO_LARGE)
        try:
            client, pool = self._ready()
            asked = pool.submit(self._ask, client, data, time.monotonic() + self.settings.budget_s)
            try:
                return asked.result(self.settings.budget_s)
            except TooLate:
                asked.cancel()
        except (httpx.HTTPError, httpx.InvalidURL, RuntimeError, OSError):
            pass
        return self.settle(Reason.NO_ANSWER)

    def tell(self, match_id: str, opinion: Opinion) -> bool:
        """Tell the service what a person said of a match; whether it took that. Never raises.

        Needs the scope `opinions`.
        """
        try:
            client, _ = self._ready()
            return client.post("/v1/opinions", json=_opinion(match_id, opinion)).is_success
        except (httpx.HTTPError, httpx.InvalidURL, RuntimeError, OSError):
            return False

    def _ready(self) -> tuple[httpx.Client, ThreadPoolExecutor]:
        with self._lock:
            if self._client is None or self._pool is None or self._process_id != os.getpid():
                # Threads and connections of the process that forked are not ours.
                self._process_id = os.getpid()
                self._client = httpx.Client(**self._client_options(self.settings.budget_s))
                self._pool = ThreadPoolExecutor(self.settings.most_at_once, "haechi-gate")
            return self._client, self._pool

    def _ask(self, client: httpx.Client, data: bytes, until: float) -> Decision:
        parts: list[bytes] = []
        with client.stream("POST", "/v1/match", content=data, headers=_OCTETS) as answer:
            for part in answer.iter_bytes():
                parts.append(part)
                if sum(map(len, parts)) > _MOST_ANSWER_BYTES or time.monotonic() > until:
                    return self.settle(Reason.NO_ANSWER)
        return self._decide(answer.status_code, b"".join(parts))


class AsyncScreener(_Asking):
    """Asks from a coroutine."""

    def __init__(
        self, settings: GateSettings, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        super().__init__(settings)
        self._transport = transport
        # Connections and places belong to an event loop: a gate is made before there is one, and some
        # servers run several.
        self._held: RunVar[_Held | None] = RunVar("haechi-gate")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End the connections of this event loop; asking again opens new ones."""
        held = self._held.get(None)
        self._held.set(None)
        if held is not None:
            await held[0].aclose()

    async def screen(self, data: bytes) -> Decision:
        """What to do with the bytes of one picture or video. Raises nothing of its own."""
        if len(data) > self.settings.most_bytes:
            return self.settle(Reason.TOO_LARGE)
        decision: Decision | None = None
        with anyio.move_on_after(self.settings.budget_s):
            try:
                client, room = self._ready()
                async with room:
                    decision = await self._ask(client, data)
            except (httpx.HTTPError, httpx.InvalidURL, OSError):
                pass
        return decision or self.settle(Reason.NO_ANSWER)

    async def tell(self, match_id: str, opinion: Opinion) -> bool:
        """Tell the service what a person said of a match; whether it took that.

        Needs the scope `opinions`.
        """
        try:
            client, _ = self._ready()
            said = await client.post("/v1/opinions", json=_opinion(match_id, opinion))
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            return False
        return said.is_success

    def _ready(self) -> _Held:
        held = self._held.get(None)
        if held is None:
            client = httpx.AsyncClient(**self._client_options(self.settings.budget_s))
            held = client, anyio.CapacityLimiter(self.settings.most_at_once)
            self._held.set(held)
        return held

    async def _ask(self, client: httpx.AsyncClient, data: bytes) -> Decision:
        parts: list[bytes] = []
        async with client.stream("POST", "/v1/match", content=data, headers=_OCTETS) as answer:
            async for part in answer.aiter_bytes():
                parts.append(part)
                if sum(map(len, parts)) > _MOST_ANSWER_BYTES:
                    return self.settle(Reason.NO_ANSWER)
        return self._decide(answer.status_code, b"".join(parts))
