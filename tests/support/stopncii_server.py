# SPDX-License-Identifier: Apache-2.0
"""StopNCII's API as its clients know it, on this machine, with all that is odd about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from loopback import Answer, Asked, serving

FETCH_KEY = "fetch-key"
FEEDBACK_KEY = "feedback-key"
SUBMIT_KEY = "submit-key"
SUBSCRIPTION = "subscription"
KEYS = {
    "subscription_key": SUBSCRIPTION,
    "fetch_function_key": FETCH_KEY,
    "feedback_function_key": FEEDBACK_KEY,
    "submit_function_key": SUBMIT_KEY,
}
_KEY_OF = {"FetchHashes": FETCH_KEY, "SubmitFeedback": FEEDBACK_KEY, "SubmitHashes": SUBMIT_KEY}


def hash_record(value: str, at: int, **more: Any) -> dict[str, Any]:
    """A record as it is told, active and of one case."""
    return {
        "lastModtimestamp": at,
        "signalType": "ImagePDQ",
        "hashValue": value,
        "hashStatus": "Active",
        "caseNumbers": {f"case-{value[:8]}": "Active"},
        "CSPFeedbacks": [],
        "hashRegions": ["KR"],
        **more,
    }


def feedback(word: str, source: str = "platform") -> dict[str, Any]:
    return {"source": source, "feedbackValue": word, "tags": []}


@dataclass
class StopNciiServer:
    """What it holds and what it was asked; `before` are answers that come before any right one.

    `cuts_above`: pages of more records than that are cut off on the way. `says_more_by`: how many more
    records each page claims to hold than it does.
    """

    records: list[dict[str, Any]] = field(default_factory=list)
    page_size: int = 800
    before: list[Answer] = field(default_factory=list)
    cuts_above: int = 10**9
    says_more_by: int = 0
    refuses_tokens: bool = False
    asked: list[Asked] = field(default_factory=list)
    told: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        endpoint = asked.path.rpartition("/")[2]
        if (
            asked.headers.get("x-functions-key") != _KEY_OF.get(endpoint)
            or asked.headers.get("ocp-apim-subscription-key") != SUBSCRIPTION
        ):
            return Answer(401, b'{"message": "Access denied"}')
        if self.before:
            return self.before.pop(0)
        if endpoint == "FetchHashes":
            return self._page(asked)
        self.told.setdefault(endpoint, []).append(json.loads(asked.body))
        return Answer(body=b"{}")

    def _page(self, asked: Asked) -> Answer:
        start = int(asked.query["startTimestamp"])
        token = asked.query.get("nextPageToken", "")
        if token and self.refuses_tokens:
            return Answer(400, b'{"message": "Invalid token"}')
        rows = sorted(
            (row for row in self.records if row["lastModtimestamp"] >= start),
            key=lambda row: row["lastModtimestamp"],
        )
        first = int(token or 0)
        size = min(self.page_size, int(asked.query["pageSize"]))
        page = rows[first : first + size]
        has_more = first + size < len(rows)
        body = {
            "count": len(page) + self.says_more_by,
            "nextPageToken": str(first + size) if has_more else None,
            "nextSetTimestamp": max([start, *(row["lastModtimestamp"] for row in page)]),
            "hasMoreRecords": has_more,
            "hashRecords": page,
        }
        text = json.dumps(body).encode()
        return Answer(body=text[: len(text) // 2] if len(page) > self.cuts_above else text)

    @contextmanager
    def running(self) -> Iterator[str]:
        """Its address, until the block ends."""
        with serving(self.answer) as address:
            yield f"{address}/v1"
