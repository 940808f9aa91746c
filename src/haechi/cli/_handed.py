# SPDX-License-Identifier: Apache-2.0
"""What `__main__` hands to the commands: the site, the bot and the benches, which no face may import."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from haechi.settings import Settings

RunSite = Callable[[Settings], None]
"""Serves the site until it is stopped."""


class RunBot(Protocol):
    """Watches over Telegram groups until it is stopped."""

    def __call__(
        self, *, url: str | None, appeal_url: str, api_url: str, remembers_in: Path | None
    ) -> None:
        """Run it; the tokens come from the environment."""


Say = Callable[[str], None]
"""Told, in a few words, what a long bench is at."""


class FigureLike(Protocol):
    """One measured value, beside a peer's where there is one; see `haechi.bench.Figure`."""

    @property
    def name(self) -> str:
        """What was measured."""

    @property
    def value(self) -> float:
        """Ours."""

    @property
    def unit(self) -> str:
        """Of both values."""

    @property
    def peer(self) -> str | None:
        """Whose value stands beside it."""

    @property
    def peer_value(self) -> float | None:
        """The peer's."""

    @property
    def ratio(self) -> float | None:
        """How many times better ours is."""

    @property
    def goal(self) -> str | None:
        """What it is held to."""

    @property
    def holds(self) -> bool | None:
        """Whether it does."""

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the true value lies, with 95 % confidence."""


class ReportLike(Protocol):
    """What one bench measured; see `haechi.bench.Report`."""

    @property
    def bench(self) -> str:
        """Its name."""

    @property
    def figures(self) -> Sequence[FigureLike]:
        """In the order they are shown."""

    def as_json(self) -> dict[str, Any]:
        """The one JSON object."""


class Benches(Protocol):
    """The benches, as `haechi.bench` has them."""

    def bench_search(self, size: int, *, threads: int) -> ReportLike:
        """Search in so many values."""

    def bench_hash(self, photos: Path | None) -> ReportLike:
        """Hash the photos of a folder; None: samples of installed packages."""

    def bench_video(self, folder: Path | None) -> ReportLike:
        """Hash films made of the photos of a folder, and look for their edits."""

    def bench_live(self, size: int, *, rate_per_s: float, seconds: float, say: Say) -> ReportLike:
        """Time to protect and to withdraw, with so many contents."""

    def bench_api(self, size: int, *, seconds: float, say: Say) -> ReportLike:
        """Lookups a second over HTTP, with so many contents."""

    def bench_edits(
        self,
        photos: Path | None,
        *,
        negatives: Path | None,
        split: str,
        most_photos: int | None,
        edits_each: int | None,
        out: Path | None,
        say: Say,
    ) -> ReportLike:
        """Look for edited photos; `edits_each` None: every edit of every photo."""


@dataclass(frozen=True, slots=True)
class Handed:
    """The three; benches are loaded when one is asked for."""

    run_site: RunSite
    load_benches: Callable[[], Benches]
    run_bot: RunBot
