# SPDX-License-Identifier: Apache-2.0
"""Requests to a source: tried again when that may help, and every failure one word of ours.

The text of an answer goes nowhere: it may hold addresses, names, or our own credentials.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar

import httpx

from haechi.errors import SourceFailed

_First = TypeVar("_First")

_TOO_MANY: Final = 429
_PASSING: Final = frozenset({_TOO_MANY, 500, 502, 503, 504})
_WORDS: Final = {401: "denied", 403: "denied", 404: "not_there", 410: "gone", _TOO_MANY: "too_many"}


@dataclass(frozen=True, slots=True)
class Request:
    """One request; nothing of it shows in `repr`."""

    method: str
    url: str = field(repr=False)
    params: Mapping[str, str | int] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes | None = field(default=None, repr=False)
    basic: tuple[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: a status that the caller asked for, and the whole body."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(slots=True)
class Wire:
    """Asks over one client. `tries` in all for each request; between them it waits, at most so long."""

    client: httpx.Client
    tries: int = 5
    longest_wait_s: float = 60
    sleep: Callable[[float], None] = time.sleep

    def ask(self, request: Request, *, also: Collection[int] = ()) -> Reply:
        """The answer of 2xx, or of a status in `also`.

        Raises:
            SourceFailed: none came, or none of those. AddressRefused: it may not be called.
        """
        return self.read(lambda _: request, lambda reply: reply, also=also)

    def read(
        self,
        make: Callable[[int], Request],
        parse: Callable[[Reply], _First],
        *,
        also: Collection[int] = (),
    ) -> _First:
        """What `parse` makes of the answer to `make(which try it is)`, counted from 0.

        An answer that `parse` refuses with a ValueError was cut off on the way, and is asked for again.

        Raises:
            SourceFailed: none came that can be used. AddressRefused: it may not be called.
        """
        word = "no_answer"
        for attempt in range(self.tries):
            wait_s: float | None = None
            try:
                answer = self._once(make(attempt))
            except (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict):
                word = "no_answer"
            else:
                status = answer.status_code
                if 200 <= status < 300 or status in also:
                    try:
                        return parse(Reply(status, answer.content, answer.headers))
                    except ValueError:
                        word = "truncated"
                elif status in _PASSING:
                    word = _WORDS.get(status, "server_error")
                    wait_s = _told_to_wait_s(answer)
                else:
                    raise SourceFailed(word=_word_of(status))
            if attempt + 1 < self.tries:
                self._wait(attempt, wait_s, word)
        # From nothing: the cause would hold the address.
        raise SourceFailed(word=word) from None

    def _once(self, request: Request) -> httpx.Response:
        return self.client.request(
            request.method,
            request.url,
            params=dict(request.params) or None,
            headers=dict(request.headers),
            content=request.content,
            auth=request.basic,
        )

    def _wait(self, attempt: int, told_s: float | None, word: str) -> None:
        if told_s is not None and told_s > self.longest_wait_s:
            # It says when to come back: later than we stay. The next pull comes then.
            raise SourceFailed(word=word)
        pause_s = 0.5 * 2**attempt if told_s is None else told_s
        self.sleep(min(pause_s, self.longest_wait_s))


def parse_json(reply: Reply) -> Any:
    """The JSON of an answer.

    Raises:
        ValueError: it is none, as when it was cut off.
    """
    try:
        return json.loads(reply.body)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def parse_json_object(reply: Reply) -> dict[str, Any]:
    """The JSON object of an answer.

    Raises:
        ValueError: it is none.
    """
    told = parse_json(reply)
    if not isinstance(told, dict):
        raise ValueError("not an object")  # noqa: TRY004  # as a cut off one
    return told


def _word_of(status: int) -> str:
    if 300 <= status < 400:
        return "redirected"
    return _WORDS.get(status, "server_error" if status >= 500 else "unexpected")


def _told_to_wait_s(answer: httpx.Response) -> float | None:
    """What Retry-After says (RFC 9110): seconds, or a date."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())
