# SPDX-License-Identifier: Apache-2.0
"""Followers beside the servers: one that runs steadily, one that is killed again and again."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from haechi import bank
from haechi.errors import OutsideServiceFailed
from haechi.settings import ENV_PREFIX, PARTNER_TOKEN_VARIABLE, Settings
from haechi.values import ContentStatus
from haechi.workflows import open_context

__all__ = ["FollowerProcess", "active_contents_of", "killed_every"]

_STOP_WITHIN_S: Final = 60.0
_LEVEL_WITHIN_S: Final = 120.0
_AT_ONCE: Final = 50_000


class FollowerProcess:
    """A follower of the server at `url` as a process; may be asked by several threads.

    `ready_s` is how long it took from its last start until it held the bank.

    Raises:
        OutsideServiceFailed: it ended.
    """

    def __init__(self, url: str, token: str, folder: Path) -> None:
        self._command = [sys.executable, "-m", "haechi.bench._live_follower", url, str(folder)]
        others = {k: v for k, v in os.environ.items() if not k.startswith(ENV_PREFIX)}
        self._environment = others | {PARTNER_TOKEN_VARIABLE: token}
        self._asking = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self.ready_s = 0.0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it holds the bank."""
        begun_s = time.perf_counter()
        self._process = subprocess.Popen(  # noqa: S603  # a module of ours
            self._command,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._read(self._process)
        self.ready_s = time.perf_counter() - begun_s

    def stop(self) -> None:
        """End it as one would: it saves what it holds."""
        process = self._process
        if process is None:
            return
        with self._asking:
            try:
                process.communicate(timeout=_STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
            self._process = None

    def kill(self) -> None:
        """SIGKILL."""
        process = self._process
        if process is not None:
            process.kill()
            process.communicate()
            self._process = None

    def post(self, _path: str, body: Any = None) -> tuple[Any, str]:
        """As `Asker.post` for one lookup, so that it can be asked like a server."""
        known = self._ask(body["signals"][0]["value"]) == "1"
        return {"matches": ["it"] if known else []}, ""

    def close(self) -> None:
        """As `Asker.close`; it goes on."""

    def step(self) -> int:
        """The step of the feed that it is at."""
        return int(self._ask("step"))

    def content_ids(self, scratch: Path) -> set[str]:
        """All that it holds; `scratch` is a file that is overwritten."""
        self._ask(f"ids {scratch}")
        return set(scratch.read_text(encoding="ascii").split())

    def wait_level(self, head: int) -> None:
        """Wait until it is at this step of the feed."""
        until_s = time.perf_counter() + _LEVEL_WITHIN_S
        while self.step() < head:
            if time.perf_counter() > until_s:
                raise OutsideServiceFailed(service="The follower", reason="it did not catch up")
            time.sleep(0.1)

    def _ask(self, line: str) -> str:
        with self._asking:
            process = self._process
            if process is None or process.stdin is None:
                raise OutsideServiceFailed(service="The follower", reason="it does not run")
            try:
                process.stdin.write(line + "\n")
                process.stdin.flush()
            except OSError as error:
                raise OutsideServiceFailed(service="The follower", reason="it ended") from error
            return self._read(process)

    @staticmethod
    def _read(process: subprocess.Popen[str]) -> str:
        line = process.stdout.readline() if process.stdout is not None else ""
        if not line:
            raise OutsideServiceFailed(service="The follower", reason="it ended")
        return line.strip()


@contextmanager
def killed_every(follower: FollowerProcess, seconds: float) -> Iterator[list[float]]:
    """Kill it so long after each time that it held the bank, and start it again, while the block lasts.

    Gives the seconds that each start took; it runs when the block has ended.
    """
    is_over = threading.Event()
    took_s: list[float] = []

    def kill_on() -> None:
        while not is_over.wait(seconds):
            follower.kill()
            follower.start()
            took_s.append(follower.ready_s)

    thread = threading.Thread(target=kill_on)
    thread.start()
    try:
        yield took_s
    finally:
        is_over.set()
        thread.join()


def active_contents_of(settings: Settings) -> tuple[set[str], int]:
    """The ids of all active contents of an installation, and the newest step of its feed.

    Those that were made up for its partner are among them: the bench has one partner.
    """
    found: set[str] = set()
    with open_context(settings, follows=False) as ctx, ctx.database.read() as tx:
        bank_ids = list(bank.all_banks(tx))
        after = 0
        while part := bank.contents_of(
            tx, bank_ids, after=after, limit=_AT_ONCE, statuses=[ContentStatus.ACTIVE]
        ):
            found.update(content.id for content in part)
            after = part[-1].entry_id
        return found, bank.feed_position(tx)
