# SPDX-License-Identifier: Apache-2.0
"""NCMEC's hash sharing, version 2, as its clients know it, on this machine."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from loopback import Answer, Asked, serving

USER, PASSWORD = "centre", "a passphrase"
LOGIN = {"user": USER, "password": PASSWORD}
_BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
_NAMESPACE = "https://hashsharing.ncmec.org/hashsharing/v2"
_XML = {"Content-Type": "application/xml"}


@dataclass
class Entry:
    """One entry: `prints` are (tag, text) of its fingerprints, with an empty text a link to a large one."""

    id: str
    at: int
    prints: Sequence[tuple[str, str]] = ()
    kind: str = "image"
    member: int = 42
    up: Sequence[int] = ()
    down: Sequence[int] = ()

    def written(self) -> str:
        prints = "".join(
            f"<{tag}>{escape(text)}</{tag}>"
            if text
            else f'<{tag} rel="self" href="/v2/entries/{self.id}/fingerprints/{tag}"/>'
            for tag, text in self.prints
        )
        return (
            f'<{self.kind}><member id="{self.member}">Example</member>'
            f"<timestamp>{utc(self.at)}</timestamp><id>{escape(self.id)}</id>"
            f"<classification>A1</classification><fingerprints>{prints}</fingerprints>"
            f"{self._feedback()}</{self.kind}>"
        )

    def _feedback(self) -> str:
        def members(ids: Sequence[int]) -> str:
            inner = "".join(f'<member id="{one}">M{one}</member>' for one in ids)
            return f'<members timestamp="{utc(self.at)}">{inner}</members>'

        up = f'<affirmativeFeedback type="Md5">{members(self.up)}</affirmativeFeedback>'
        reason = '<reason guid="g-1" name="Example Reason" type="Sha1"/>'
        down = f'<negativeFeedback type="Sha1"><reasons>{reason}{members(self.down)}</reasons></negativeFeedback>'
        inner = (up if self.up else "") + (down if self.down else "")
        return f'<feedback lastUpdateTimestamp="{utc(self.at)}">{inner}</feedback>' if inner else ""


def utc(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(text: str) -> int:
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())


@dataclass
class NcmecServer:
    """What it holds and what it was asked. Entries come in the order of `entries`, not by time."""

    entries: list[Entry] = field(default_factory=list)
    page_size: int = 1000
    before: list[Answer] = field(default_factory=list)
    next_prefix: str = ""
    reasons: dict[str, str] = field(default_factory=lambda: {"g-1": "Example Reason"})
    asked: list[Asked] = field(default_factory=list)
    votes: list[tuple[str, bytes]] = field(default_factory=list)

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        if asked.headers.get("authorization") != _BASIC:
            return Answer(401, b"")
        if self.before:
            return self.before.pop(0)
        path = asked.path.removeprefix("/hashsharing")
        if asked.method == "PUT":
            self.votes.append((path, asked.body))
            return Answer(headers=_XML, body=self._wrapped("queryResult", ""))
        if path == "/v2/entries":
            return self._page(asked)
        if path.endswith("/reasons"):
            rows = "".join(
                f'<reason guid="{guid}" name="{name}" type="Sha1"/>'
                for guid, name in self.reasons.items()
            )
            return Answer(headers=_XML, body=self._wrapped("availableFeedbackReasons", rows))
        return Answer(404, b"")

    def _page(self, asked: Asked) -> Answer:
        since, until = _seconds(asked.query["from"]), _seconds(asked.query["to"])
        rows = [one for one in self.entries if since <= one.at <= until]
        first = int(asked.query.get("start", "1")) - 1
        page = rows[first : first + self.page_size]
        inner = "".join(
            self._list(name, [one for one in page if one.kind.lower().endswith(name[:-1])])
            for name in ("images", "videos")
        )
        if first + self.page_size < len(rows):
            link = (
                f"{self.next_prefix}/v2/entries?from={utc(since)}&to={utc(until)}"
                f"&start={first + self.page_size + 1}&size={self.page_size}&max={len(rows)}"
            )
            inner += f"<paging><next>{escape(link)}</next></paging>"
        return Answer(headers=_XML, body=self._wrapped("queryResult", inner))

    def _list(self, name: str, rows: Sequence[Entry]) -> str:
        newest = utc(max((one.at for one in rows), default=0))
        inner = "".join(one.written() for one in rows)
        return f'<{name} count="{len(rows)}" maxTimestamp="{newest}">{inner}</{name}>'

    def _wrapped(self, root: str, inner: str) -> bytes:
        head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        return f'{head}<{root} xmlns="{_NAMESPACE}">{inner}</{root}>'.encode()

    @contextmanager
    def running(self) -> Iterator[str]:
        """Its address, until the block ends."""
        with serving(self.answer) as address:
            yield f"{address}/hashsharing"
