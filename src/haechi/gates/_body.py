# SPDX-License-Identifier: Apache-2.0
"""The body of a request: read ahead within a bound, then handed to the application byte for byte."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]


class Gone(Exception):
    """Whoever sent the request has hung up."""


class Body:
    """Called as the `receive` of the application, it gives what was read ahead, then the rest."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._parts: list[bytes] = []
        self._size = 0
        self._has_end = False
        self._is_handed_on = False

    async def __call__(self) -> Message:
        """The next message for the application."""
        if self._is_handed_on:
            return await self._receive()
        self._is_handed_on = True
        body = self.read_so_far()
        self._parts = []
        return {"type": "http.request", "body": body, "more_body": not self._has_end}

    def read_so_far(self) -> bytes:
        """All bytes that were read ahead."""
        if len(self._parts) != 1:
            self._parts = [b"".join(self._parts)]
        return self._parts[0]

    async def read(self, size: int) -> bool:
        """Read ahead until there are more bytes than `size`; whether the body ended before.

        Raises:
            Gone: the sender hung up.
        """
        while not self._has_end and self._size <= size:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Gone
            part = bytes(message.get("body", b""))
            if part:
                self._parts.append(part)
                self._size += len(part)
            self._has_end = not message.get("more_body", False)
        return self._has_end and self._size <= size
