# SPDX-License-Identifier: Apache-2.0
"""Fetches what happens from the Bot API, by long poll, one by one readable or set aside.

Not the library's own loop: there, one update that it cannot read stops all, again and again, and is
written whole into the log, with the group's name and what somebody wrote.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Final

import httpx
from telegram import Bot, Update

_log: Final = logging.getLogger("haechi.gates.telegram")

_POLL_S: Final = 20
_SLACK_S: Final = 10.0
_FIRST_WAIT_S: Final = 0.5
_LONGEST_WAIT_S: Final = 30.0


class Poll:
    """Puts updates into a queue, in order; waits while the queue is full."""

    def __init__(
        self,
        bot: Bot,
        http: httpx.AsyncClient,
        queue: asyncio.Queue[object],
        *,
        address: str,
        wanted: Sequence[str],
    ) -> None:
        self._bot = bot
        self._http = http
        self._queue = queue
        self._address = address
        self._wanted = list(wanted)
        self._offset = 0
        self._is_away = False
        self.unreadable = 0
        """Updates that were set aside."""

    async def run(self) -> None:
        """Fetch until cancelled."""
        wait_s = _FIRST_WAIT_S
        while True:
            asked_to_wait_s = await self._once(_POLL_S)
            if asked_to_wait_s is None:
                wait_s = _FIRST_WAIT_S
                continue
            await asyncio.sleep(min(max(wait_s, asked_to_wait_s), _LONGEST_WAIT_S))
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)

    async def confirm(self) -> None:
        """Tell the Bot API what was taken, so that it does not come again after the next start."""
        if self._offset:
            await self._once(0, takes=False)

    async def _once(self, poll_s: int, *, takes: bool = True) -> float | None:
        """One question; None, or how long the Bot API wants us to wait, in seconds."""
        question = {
            "offset": self._offset,
            "timeout": poll_s,
            "allowed_updates": self._wanted,
            "limit": 100 if takes else 1,
        }
        try:
            answer = await self._http.post(
                self._address,
                json=question,
                timeout=httpx.Timeout(_SLACK_S, read=poll_s + _SLACK_S),
            )
            body = answer.json()
            if body["ok"]:
                self._is_away = False
                for raw in body["result"] if takes else ():
                    await self._take(raw)
                return None
            wait_s = float(body.get("parameters", {}).get("retry_after", 0))
            self._say_away(f"status {answer.status_code}")
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
            wait_s = 0.0
            self._say_away(type(error).__name__)
        return wait_s

    async def _take(self, raw: dict[str, Any]) -> None:
        number = int(raw["update_id"])
        try:
            update = Update.de_json(raw, self._bot)
        except Exception as error:  # noqa: BLE001  # whatever it holds, the next one counts
            update = None
            self.unreadable += 1
            # No traceback: it could show what somebody wrote.
            why = type(error).__name__
            _log.error("an update was set aside, as it could not be read (%s)", why)
        if update is not None:
            await self._queue.put(update)
        self._offset = number + 1

    def _say_away(self, how: str) -> None:
        if not self._is_away:
            self._is_away = True
            _log.warning("Telegram does not answer (%s); trying again", how)
