# SPDX-License-Identifier: Apache-2.0
"""A platform that asks as fast as it is answered: a process of its own, cheap enough to share the machine.

Run by its path, with JSON on standard input (`Order` in `_api_load` says what); it imports nothing of
haechi. Each connection has one question under way and sends the next when the answer is there. Bodies are
made beforehand. Prints one JSON value.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import sys
import time
from functools import partial
from typing import Any

_HOST = "127.0.0.1"
_SINGLE_BODIES = 50_000
_BATCH_BODIES = 12
_HEAD_ENDS = b"\r\n\r\n"
_LENGTH = b"content-length:"
_OK = b" 200 "
_KNOWN = b'"action":"block"'


class Seen:
    """What the answers were."""

    def __init__(self) -> None:
        self.times_s: list[float] = []
        self.failed = 0
        self.matched = 0


class Sender(asyncio.Protocol):
    """One connection."""

    def __init__(self, requests: list[bytes], first: int, seen: Seen) -> None:
        self._requests = requests
        self._next = first
        self._seen = seen
        self._received = b""
        self._sent_at_s = 0.0

    def connection_made(self, transport: Any) -> None:
        """Begin to ask."""
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._next = (self._next + 1) % len(self._requests)
        self._sent_at_s = time.perf_counter()
        self._transport.write(self._requests[self._next])

    def data_received(self, data: bytes) -> None:
        """Note a whole answer, and ask again."""
        received = self._received = self._received + data
        head_ends = received.find(_HEAD_ENDS)
        if head_ends < 0:
            return
        head = received[:head_ends].lower()
        begins = head.index(_LENGTH) + len(_LENGTH)
        length = int(head[begins:].split(b"\r\n", 1)[0])
        if len(received) < head_ends + len(_HEAD_ENDS) + length:
            return
        self._seen.times_s.append(time.perf_counter() - self._sent_at_s)
        self._seen.failed += _OK not in head[:20]
        self._seen.matched += received.count(_KNOWN, head_ends)
        self._received = b""
        self._ask()


def requests(order: dict[str, Any]) -> tuple[list[bytes], int]:
    """Whole requests, and how many of all their values are known."""
    known, every = order["known"], order["known_every"]
    each = order["signals_each"]
    made, planted = [], 0
    for _ in range(_SINGLE_BODIES if each == 1 else _BATCH_BODIES):
        values = []
        for _ in range(each):
            is_known = bool(every) and secrets.randbelow(every) == 0
            planted += is_known
            values.append(secrets.choice(known) if is_known else secrets.token_hex(32))
        uploads = [{"signals": [{"type": "pdq", "value": v, "quality": 100}]} for v in values]
        asked = uploads[0] if each == 1 else {"uploads": uploads}
        made.append(_request(order, json.dumps(asked).encode()))
    return made, planted


def _request(order: dict[str, Any], body: bytes) -> bytes:
    path = "/v1/match" if order["signals_each"] == 1 else "/v1/match/batch"
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {_HOST}:{order['port']}\r\n"
        f"authorization: Bearer {order['token']}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def ask(order: dict[str, Any]) -> dict[str, float]:
    """Ask on every connection until the time is over."""
    made, planted = requests(order)
    loop = asyncio.get_running_loop()
    seen = Seen()
    transports = []
    for number in range(order["connections"]):
        sender = Sender(made, number * len(made) // order["connections"], seen)
        transport, _ = await loop.create_connection(partial(_same, sender), _HOST, order["port"])
        transports.append(transport)
    await asyncio.sleep(order["warm_up_s"])
    seen.times_s.clear()
    seen.failed = seen.matched = 0
    begun_s, cpu_begun_s = time.perf_counter(), time.process_time()
    await asyncio.sleep(order["seconds"])
    took_s, cpu_s = time.perf_counter() - begun_s, time.process_time() - cpu_begun_s
    times = sorted(seen.times_s)
    for transport in transports:
        transport.abort()
    return {
        "count": len(times),
        "failed": seen.failed,
        "matched": seen.matched,
        "planted_share": planted / (len(made) * order["signals_each"]),
        "took_s": took_s,
        "cpu_s": cpu_s,
        "median_s": times[len(times) // 2] if times else 0.0,
        "p99_s": times[len(times) * 99 // 100] if times else 0.0,
        "slowest_s": times[-1] if times else 0.0,
    }


def _same(sender: Sender) -> Sender:
    return sender


if __name__ == "__main__":
    json.dump(asyncio.run(ask(json.load(sys.stdin))), sys.stdout)
