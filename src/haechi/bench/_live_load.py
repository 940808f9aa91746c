# SPDX-License-Identifier: Apache-2.0
"""People who report and withdraw at a steady rate, and how long until each server answers by it."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any, Final

from ._live_followers import FollowerProcess
from ._live_server import Asker, Server

__all__ = ["Seen", "under_load"]

_PEOPLE: Final = 32
_FOLLOWED: Final = 4
"""One report in so many is followed and withdrawn: asking after all of them would be most of the load."""

_PAUSE_S: Final = 0.01
"""Between two questions whether it is protected: the measure's own error."""

_GIVE_UP_S: Final = 15.0
_QUERIES_PER_S: Final = 20.0


@dataclass(slots=True)
class Seen:
    """What was measured, in seconds; `protected` and `silent` by server and follower, in the order given.

    A server that did not come to it within 15 s counts with those.
    """

    answered: list[float] = field(default_factory=list)
    protected: list[list[float]] = field(default_factory=list)
    silent: list[list[float]] = field(default_factory=list)
    queries: list[float] = field(default_factory=list)
    took_s: float = 0.0


def under_load(
    servers: Sequence[Server],
    token: str,
    *,
    rate_per_s: float,
    seconds: float,
    followers: Sequence[FollowerProcess] = (),
) -> Seen:
    """Report to the first server at this rate; follow one report in four until it is silent again.

    Each report is of one new value. Of one that is followed all servers, and the followers, are asked
    until they answer by it; then it is withdrawn, and they are asked until they do not. Unrelated uploads are asked for
    meanwhile.
    """
    asked = [*servers, *followers]
    seen = Seen(protected=[[] for _ in asked], silent=[[] for _ in asked])
    count = max(1, round(rate_per_s * seconds))
    is_over = threading.Event()
    asking = threading.Thread(target=_ask_on, args=(servers, token, seen, is_over))
    asking.start()
    begun_s = time.perf_counter()

    def person(number: int) -> float:
        time.sleep(max(0.0, begun_s + number / rate_per_s - time.perf_counter()))
        return _report(servers, followers, token, seen, is_followed=number % _FOLLOWED == 0)

    try:
        with ThreadPoolExecutor(_PEOPLE) as people:
            answered_at_s = list(people.map(person, range(count)))
    finally:
        is_over.set()
        asking.join()
    seen.took_s = max(answered_at_s) - begun_s
    return seen


def _report(
    servers: Sequence[Server],
    followers: Sequence[FollowerProcess],
    token: str,
    seen: Seen,
    *,
    is_followed: bool,
) -> float:
    """When the report was answered."""
    signal = {"type": "pdq", "value": secrets.token_hex(32), "quality": 100}
    body = {"items": [{"kind": "image", "signals": [signal]}]}
    with closing(Asker(servers[0])) as person:
        begun_s = time.perf_counter()
        case, cookie = person.post("/v1/cases", body)
        answered_at_s = time.perf_counter()
        seen.answered.append(answered_at_s - begun_s)
        if is_followed:
            with ExitStack() as opened:
                platforms: list[Asker | FollowerProcess] = [
                    opened.enter_context(closing(Asker(each, token))) for each in servers
                ]
                platforms += followers
                _note(seen.protected, _until(platforms, signal, is_found=True))
                path = f"/v1/case/items/{case['items'][0]['id']}/withdraw"
                person.post(path, cookie=cookie)
                _note(seen.silent, _until(platforms, signal, is_found=False))
    return answered_at_s


def _note(by_server: Sequence[list[float]], took_s: Sequence[float]) -> None:
    for times, one in zip(by_server, took_s, strict=True):
        times.append(one)


def _until(
    platforms: Sequence[Asker | FollowerProcess], signal: dict[str, Any], *, is_found: bool
) -> list[float]:
    """Seconds from now until each of them answers so; none waits for the answer of another."""
    begun_s = time.perf_counter()

    def until_it_does(platform: Asker | FollowerProcess) -> float:
        while time.perf_counter() - begun_s < _GIVE_UP_S:
            answer, _ = platform.post("/v1/match", {"signals": [signal]})
            if bool(answer["matches"]) == is_found:
                return time.perf_counter() - begun_s
            time.sleep(_PAUSE_S)
        return _GIVE_UP_S

    with ThreadPoolExecutor(len(platforms)) as asking:
        return list(asking.map(until_it_does, platforms))


def _ask_on(servers: Sequence[Server], token: str, seen: Seen, is_over: threading.Event) -> None:
    """Uploads that nobody reported, steadily, to each server in turn."""
    with ExitStack() as opened:
        platforms = [opened.enter_context(closing(Asker(each, token))) for each in servers]
        while not is_over.wait(1 / _QUERIES_PER_S):
            platform = platforms[len(seen.queries) % len(platforms)]
            signal = {"type": "pdq", "value": secrets.token_hex(32), "quality": 100}
            begun_s = time.perf_counter()
            platform.post("/v1/match", {"signals": [signal]})
            seen.queries.append(time.perf_counter() - begun_s)
