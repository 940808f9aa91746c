# SPDX-License-Identifier: Apache-2.0
"""`haechi bench live`: from a report to protected, from a withdrawal to silent, under load."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from haechi.settings import Settings
from haechi.values import Actor, ActorKind
from haechi.workflows import admit_partner, open_context

from ._figures import Figure, Report
from ._live_bank import installation
from ._live_followers import FollowerProcess, active_contents_of, killed_every
from ._live_load import Seen, under_load
from ._live_server import Server

__all__ = ["bench_live"]

_GOAL_MS: Final = 1000.0
_KEPT_UP: Final = 0.95
_WARM_UP_S: Final = 2.0
_ASKED: Final = ("the server that took it", "another server", "a follower of that")
_KILL_EVERY_S: Final = 3.0


def bench_live(
    size: int,
    *,
    rate_per_s: float = 50.0,
    seconds: float = 20.0,
    say: Callable[[str], None] = lambda _text: None,
) -> Report:
    """Time to protect and to withdraw, over HTTP, with `size` contents, while others ask and report.

    Two processes of `haechi serve` share one database of an installation of their own. One takes the
    reports; after one in four both are asked until they answer by it, from the moment the answer to the
    report arrived; then it is withdrawn, and they are asked until they are silent. So is a follower of the
    other server; a second one is killed every few seconds meanwhile. In the end the sets of both are
    compared with the bank's.

    Raises:
        OutsideServiceFailed: a server or a follower did not start, or ended.
    """
    with tempfile.TemporaryDirectory(prefix="haechi-bench-") as name:
        settings = installation(size, Path(name), say)
        token = _partner(settings)
        say("starting two servers")
        with Server(settings) as taking, Server(settings) as other:
            servers, held = (taking, other), _Held(other.address, token, Path(name))
            say("a follower reads the bank for the first time")
            held.read_first()
            say("warming up")
            with held.steady as steady, held.killed as killed:
                under_load(servers, token, rate_per_s=min(10.0, rate_per_s), seconds=_WARM_UP_S)
                say(f"{rate_per_s:g} reports a second")
                with killed_every(killed, _KILL_EVERY_S) as starts_s:
                    seen = under_load(
                        servers, token, rate_per_s=rate_per_s, seconds=seconds, followers=[steady]
                    )
                say("comparing the sets")
                figures = [
                    *_time_figures("report to protected", seen.protected),
                    *_time_figures("withdrawal to silent", seen.silent),
                    *_load_figures(seen, rate_per_s),
                    *_server_figures(taking, other, size),
                    *held.figures(settings, starts_s),
                ]
    return Report("live", tuple(figures))


class _Held:
    """Two followers of one server, the second with a copy of what the first read."""

    def __init__(self, url: str, token: str, workspace: Path) -> None:
        self._folders = workspace / "steady", workspace / "killed"
        self.steady, self.killed = (FollowerProcess(url, token, each) for each in self._folders)
        self._scratch = workspace / "ids"
        self._first_s = 0.0

    def read_first(self) -> None:
        """Read the whole bank from the beginning of the feed."""
        self.steady.start()
        self._first_s = self.steady.ready_s
        self.steady.stop()
        shutil.copytree(*self._folders)

    def figures(self, settings: Settings, starts_s: Sequence[float]) -> Iterator[Figure]:
        """How long starts took, and how far what each holds is from what the bank has."""
        bank_ids, head = active_contents_of(settings)
        held = f"{len(bank_ids):,} contents"
        yield Figure(f"first reading of {held} by a follower", self._first_s, "s")
        yield Figure("times the second follower was killed", len(starts_s), "")
        if starts_s:
            median_s = float(np.median(starts_s))
            yield Figure("its start until it answers and is level, median", median_s, "s")
        for name, follower in (("the follower", self.steady), ("the one killed", self.killed)):
            follower.wait_level(head)
            ids = follower.content_ids(self._scratch)
            for what, count in (("missed", len(bank_ids - ids)), ("too many", len(ids - bank_ids))):
                yield Figure(f"{what} by {name}, of {held}", count, "", goal="0", holds=not count)


def _partner(settings: Settings) -> str:
    with open_context(settings, follows=False) as ctx:
        operator = Actor(ActorKind.OPERATOR, "bench")
        return admit_partner(ctx, operator, name="bench", scopes=["match", "changes"])[1]


def _time_figures(what: str, by_server: Sequence[Sequence[float]]) -> Iterator[Figure]:
    for server, times_s in zip(_ASKED, by_server, strict=True):
        name = f"{what}, {server}"
        yield Figure(f"{name}, median of {len(times_s)}", _percentile_ms(times_s, 50), "ms")
        p99_ms = _percentile_ms(times_s, 99)
        goal, holds = f"< {_GOAL_MS:g} ms", p99_ms < _GOAL_MS
        yield Figure(f"{name}, 99th percentile", p99_ms, "ms", goal=goal, holds=holds)
        yield Figure(f"{name}, slowest", _percentile_ms(times_s, 100), "ms")


def _percentile_ms(times_s: Sequence[float], percent: float) -> float:
    return float(np.percentile(times_s, percent)) * 1000


def _load_figures(seen: Seen, rate_per_s: float) -> Iterator[Figure]:
    rate = len(seen.answered) / seen.took_s
    least = _KEPT_UP * rate_per_s
    yield Figure(
        "reports taken a second", rate, "1/s",
        goal=f"≥ {least:g} /s", holds=rate >= least,
    )  # fmt: skip
    yield Figure("withdrawals a second", len(seen.silent[0]) / seen.took_s, "1/s")
    for what, times_s in (("a report answered", seen.answered), ("a query", seen.queries)):
        for name, percent in (("median", 50), ("99th percentile", 99)):
            yield Figure(f"{what} meanwhile, {name}", _percentile_ms(times_s, percent), "ms")


def _server_figures(server: Server, second: Server, size: int) -> Iterator[Figure]:
    held = f"{size / 1e6:g} M contents"
    yield Figure(f"start until ready with {held}", server.ready_s, "s")
    yield Figure(f"start until ready with {held}, the second server", second.ready_s, "s")
    if server.resident_bytes is not None:
        yield Figure(f"memory of a server with {held} (RSS)", server.resident_bytes / 2**20, "MiB")
