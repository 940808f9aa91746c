# SPDX-License-Identifier: Apache-2.0
"""Waiting before the answer to a wrong try: no thread waits, and nobody else's answer does."""

from __future__ import annotations

import asyncio

from litestar.types import Message, Scope

from haechi.errors import WrongPassphrase


def note_hold_back(scope: Scope, error: Exception) -> None:
    """Remember how long the answer to this error has to wait."""
    if isinstance(error, WrongPassphrase):
        scope["state"]["hold_back_s"] = error.hold_back_s


async def hold_back(message: Message, scope: Scope) -> None:
    """Let an answer wait that was told to: a Litestar hook, before it begins."""
    if message["type"] == "http.response.start":
        pause_s = scope["state"].get("hold_back_s", 0.0)
        if pause_s:
            await asyncio.sleep(pause_s)
