# SPDX-License-Identifier: Apache-2.0
"""Keeps a folder level with a service's change feed, in a thread of its own."""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import structlog

from haechi.errors import (
    BrokenStore,
    FeedCompacted,
    HaechiError,
    NeedsAccess,
    NotYours,
    VerificationFailed,
)
from haechi.follower._client import FeedClient
from haechi.follower._held import HeldSet
from haechi.follower._match import FollowerMatch
from haechi.follower._wire import Cursor, FeedPage, key_of_pem
from haechi.values import Signal, utc_now

__all__ = ["Follower", "FollowerState"]

_PAGE: Final = 5000
_WAIT_S: Final = 10
_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 30.0
_SAVE_EVERY_S: Final = 60.0
_LOCK_FILE: Final = "follower.lock"
_KEY_BYTES: Final = 32

_REFUSALS: Final = (NeedsAccess, NotYours, VerificationFailed)
"""What does not get better by waiting a little."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FollowerState:
    """How a follower stands.

    `is_ready`: it has held the whole bank once, and answers. `behind` counts the steps that it knows to
    be missing, `heard_at` is when the service answered last, `problem` the code of what went wrong since
    (empty: nothing), `resyncs` how often it read the feed anew, and `unreadable` what it left out.
    """

    is_ready: bool = False
    contents: int = 0
    cursor: int = 0
    behind: int = 0
    heard_at: datetime | None = None
    problem: str = ""
    resyncs: int = 0
    unreadable: int = 0


class Follower:
    """Holds what one token may see of a bank, on disk and in memory, and keeps it level.

    In a block it follows until the block ends. `folder` is its own: only one process may follow into it.
    It survives being killed at any moment, restarts of either side, gaps and a feed that was compacted;
    a withdrawal that it has heard of is on disk before anything else happens. What was shared until some
    moment it forgets by its own clock. When the service is away it goes on answering by what it holds.

    Every answer must be signed by `public_key` (Ed25519, as PEM or 32 raw bytes); without one, by the key
    that the service named at the first contact with this folder.

    Raises:
        BadSetting: the address, the token or the key can be none. BrokenStore: the folder cannot be
            used, or another process follows into it.
    """

    def __init__(
        self, url: str, token: str, *, folder: Path | str, public_key: bytes | None = None
    ) -> None:
        if public_key is not None and len(public_key) != _KEY_BYTES:
            public_key = key_of_pem(public_key)
        self._client = FeedClient(url, token, public_key=public_key)
        folder = Path(folder)
        self._lock_file = _lock(folder)
        try:
            self._held = HeldSet(folder)
        except BaseException:
            os.close(self._lock_file)
            raise
        if public_key is None and self._held.facts.public_key:
            self._client.public_key = bytes.fromhex(self._held.facts.public_key)
        self._state = FollowerState(is_ready=self._held.facts.is_complete)
        self._note_held()
        self._refusal: HaechiError | None = None
        self._news = threading.Condition()
        self._stopping = threading.Event()
        # Held while the folder is changed, so that `stop` waits for that and for nothing else.
        self._working = threading.Lock()
        self._saved_at_s = time.monotonic()
        self._thread: threading.Thread | None = None

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

    @property
    def state(self) -> FollowerState:
        """How it stands now."""
        return self._state

    def start(self) -> None:
        """Begin to follow."""
        self._thread = threading.Thread(target=self._follow, name="follower", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop following and give the folder back; stopping again is no error.

        Does not wait for an answer of the service that is under way: nothing of it is applied.
        """
        if self._stopping.is_set():
            return
        self._stopping.set()
        with self._working:
            self._save()
            self._held.close()
            os.close(self._lock_file)
        if self._thread is None:
            self._client.close()
        with self._news:
            self._news.notify_all()

    def wait_ready(self, timeout_s: float | None = None) -> bool:
        """Wait until it holds the whole bank; whether it does.

        Raises:
            NeedsAccess, NotYours: the token is not let in. VerificationFailed: the feed is not signed by
                the right key. Nothing is raised where it can answer.
        """
        with self._news:
            self._news.wait_for(
                lambda: self._state.is_ready or self._refusal or self._stopping.is_set(),
                timeout_s,
            )
        if not self._state.is_ready and self._refusal is not None:
            raise self._refusal
        return self._state.is_ready

    def sync(self) -> FollowerState:
        """Read to the head of the feed, here and now, instead of following.

        Raises:
            As `FeedClient.fetch`, but FeedCompacted: it begins anew by itself. BrokenStore: the disk.
        """
        while self._turn(0) is None or self._state.behind or self._held.facts.is_round_open:
            pass
        return self._state

    def matches(self, signals: Sequence[Signal]) -> list[FollowerMatch]:
        """The contents that an upload with these signals matches, nearest first; empty for none.

        Exact within each bank's radius. A match in an `allow` bank vetoes what is no nearer than it.
        """
        return self._held.matches(signals)

    def content_ids(self) -> frozenset[str]:
        """The opaque id of every content that it holds now."""
        return self._held.content_ids()

    def _follow(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self._stopping.is_set():
            try:
                is_level = self._state.is_ready and not self._state.behind
                self._turn(_WAIT_S if is_level else 0)
                pause_s = _FIRST_PAUSE_S
                self._refusal = None
            except Exception as error:  # noqa: BLE001  # it outlives whatever it meets
                if self._stopping.is_set():
                    break
                self._note_problem(error)
                longest = 0.5 + secrets.randbelow(1000) / 1000
                self._stopping.wait(pause_s * longest)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        self._client.close()

    def _turn(self, wait_s: int) -> FeedPage | None:
        """Fetch one page and take it up; None: the feed is to be read anew."""
        facts = self._held.facts
        if self._client.public_key is None:
            key = self._client.fetch_key()
            with self._working:
                if not self._stopping.is_set():
                    self._held.pin(key)
            self._client.public_key = key
        try:
            page = self._client.fetch(facts.cursor, facts.feed, wait_s=wait_s, limit=_PAGE)
        except FeedCompacted:
            with self._working:
                if not self._stopping.is_set():
                    self._held.begin_round()
            self._set(replace(self._state, resyncs=self._state.resyncs + 1, behind=1))
            return None
        with self._working:
            if not self._stopping.is_set():
                self._take_up(page)
        return page

    def _take_up(self, page: FeedPage) -> None:
        was_open = self._held.facts.is_round_open
        if page.changes or page.next != self._held.facts.cursor or was_open:
            self._held.apply(page)
        self._held.forget_ended()
        # Also when a round has ended: a start without the index's file reads all values anew.
        is_level_now = was_open and not self._held.facts.is_round_open
        if is_level_now or time.monotonic() - self._saved_at_s > _SAVE_EVERY_S:
            self._save()
        self._note_held()
        behind = max(0, page.head - Cursor.parse(page.next).seq)
        self._set(replace(self._state, heard_at=utc_now(), problem="", behind=behind))

    def _save(self) -> None:
        self._saved_at_s = time.monotonic()
        try:
            self._held.save()
        except BrokenStore as error:
            _log.warning("follower_index_not_written", code=error.code)

    def _note_held(self) -> None:
        facts = self._held.facts
        self._state = replace(
            self._state,
            is_ready=facts.is_complete,
            contents=self._held.count(),
            cursor=self._held.cursor.seq,
            unreadable=facts.unreadable,
        )

    def _note_problem(self, error: Exception) -> None:
        code = error.code if isinstance(error, HaechiError) else type(error).__name__
        _log.warning("feed_not_followed", code=code)
        if isinstance(error, _REFUSALS):
            self._refusal = error
        self._set(replace(self._state, problem=code))

    def _set(self, state: FollowerState) -> None:
        with self._news:
            self._state = state
            self._news.notify_all()


def _lock(folder: Path) -> int:
    """Hold the folder for as long as this process lives."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(folder / _LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise BrokenStore(reason="the follower's folder cannot be read or written") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise BrokenStore(reason="another process follows into this folder") from error
    return handle
