# SPDX-License-Identifier: Apache-2.0
"""Meta's Graph API where it shares threats, as its clients know it, on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

from loopback import Answer, Asked, serving

TOKEN = "12345678|abcdefghijklmnopqrstuvwxyz"
GROUP = "1012185296055235"


def update(value: str, at: int, *descriptors: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An update as it is told; without descriptors it has one that says that it is harmful."""
    return {
        "id": str(at * 7),
        "indicator": value,
        "type": "HASH_PDQ",
        "last_updated": at,
        "should_delete": False,
        "descriptors": {"data": list(descriptors) or [descriptor()]},
        **more,
    }


def descriptor(
    status: str = "MALICIOUS", *, id: str = "5001", owner: str = "900", tags: tuple[str, ...] = ()
) -> dict[str, Any]:
    return {
        "id": id,
        "owner": {"id": owner},
        "status": status,
        "tags": {"data": [{"id": "1", "text": tag} for tag in tags]},
    }


@dataclass
class GraphServer:
    """What it holds and what it was asked; `home` is where its links lead, if not to itself."""

    updates: list[dict[str, Any]] = field(default_factory=list)
    page_size: int = 100
    before: list[Answer] = field(default_factory=list)
    home: str = ""
    refuses_cursors: bool = False
    asked: list[Asked] = field(default_factory=list)
    reactions: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        body = {name: found[-1] for name, found in parse_qs(asked.body.decode()).items()}
        if TOKEN not in {asked.query.get("access_token"), body.get("access_token")}:
            return Answer(401, b'{"error": {"code": 190}}')
        if self.before:
            return self.before.pop(0)
        parts = asked.path.strip("/").split("/")
        if asked.method == "POST":
            self.reactions.append((parts[1], body["reactions"]))
            return Answer(body=b'{"success": true}')
        if parts[1:] == [GROUP, "threat_updates"]:
            return self._page(asked)
        return Answer(404, b'{"error": {"code": 100}}')

    def _page(self, asked: Asked) -> Answer:
        if "after" in asked.query and self.refuses_cursors:
            return Answer(400, b'{"error": {"code": 100}}')
        since = int(asked.query.get("start_time") or 0)
        rows = sorted(
            (row for row in self.updates if row["last_updated"] >= since),
            key=lambda row: row["last_updated"],
        )
        first = int(asked.query.get("after", 0))
        size = min(self.page_size, int(asked.query.get("limit", 25)))
        body: dict[str, Any] = {"data": rows[first : first + size]}
        if first + size < len(rows):
            query = {**asked.query, "after": first + size}
            home = self.home or f"http://{asked.headers['host']}"
            body["paging"] = {"next": f"{home}{asked.path}?{urlencode(query)}"}
        return Answer(body=json.dumps(body).encode())

    @contextmanager
    def running(self) -> Iterator[str]:
        """Its address, until the block ends."""
        with serving(self.answer) as address:
            yield f"{address}/v26.0"
