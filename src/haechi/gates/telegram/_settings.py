# SPDX-License-Identifier: Apache-2.0
"""What the bot is told by whoever runs it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from haechi.errors import BadSetting
from haechi.gates._settings import GateSettings

BOT_TOKEN_VARIABLE: Final = "TELEGRAM_BOT_TOKEN"  # noqa: S105  # where it is, not what it is
USUAL_API_URL: Final = "https://api.telegram.org"

_USUAL_BUDGET_MS: Final = 20_000
_BOT_TOKEN: Final = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{10,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BotSettings:
    """How the bot reaches Telegram and Haechi, and its bounds.

    Raises:
        BadSetting: the bot's token can be none, or a number is too small.
    """

    gate: GateSettings
    """How it asks; of what it does without an answer, each group decides for itself."""
    bot_token: str = field(repr=False)
    """What BotFather gave."""
    api_url: str = USUAL_API_URL
    """Where the Bot API is."""
    remembers_in: Path | None = None
    """A file for what groups chose: chat ids and yes or no, nothing else. None: until it is stopped."""

    most_mib: int = 20
    """The largest file it fetches; the Bot API hands out no larger ones."""
    most_at_once: int = 4
    """How many files are in memory at the same time."""
    fetch_timeout_s: float = 60.0
    """The longest that fetching one file may take."""
    retry_waits_s: tuple[float, ...] = (1.0, 5.0, 20.0)
    """How long it waits before it asks again, when there was no answer."""
    notices_per_min: int = 20
    """The most messages about one group to its admins; more are counted."""

    def __post_init__(self) -> None:
        if not _BOT_TOKEN.fullmatch(self.bot_token):
            raise BadSetting(name=BOT_TOKEN_VARIABLE, reason="it needs to be what BotFather gave")
        for name in ("most_mib", "most_at_once", "notices_per_min"):
            if getattr(self, name) < 1:
                raise BadSetting(name=name, reason="it needs to be at least 1")

    @property
    def most_bytes(self) -> int:
        """The largest file it fetches, in bytes."""
        return self.most_mib * 1024 * 1024

    @classmethod
    def from_environment(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        url: str | None = None,
        appeal_url: str = "",
        **others: Any,
    ) -> Self:
        """The settings, with the tokens from the environment and what is not given as usual.

        Raises:
            BadSetting: a token or the address is missing, or cannot be used.
        """
        environ = os.environ if environ is None else environ
        given = {"url": url} if url else {}
        gate = GateSettings.from_environment(
            environ, budget_ms=_USUAL_BUDGET_MS, appeal_url=appeal_url, **given
        )
        return cls(gate=gate, bot_token=environ.get(BOT_TOKEN_VARIABLE, ""), **others)
