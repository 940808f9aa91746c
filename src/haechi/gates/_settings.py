# SPDX-License-Identifier: Apache-2.0
"""What a gate is told by the platform that runs it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final, Self
from urllib.parse import urlsplit

from haechi.errors import BadSetting
from haechi.gates._decision import Action

URL_VARIABLE: Final = "HAECHI_URL"
TOKEN_VARIABLE: Final = "HAECHI_PARTNER_TOKEN"  # noqa: S105  # where it is, not what it is

_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSettings:
    """How a gate asks, and what it does where there is no answer.

    Raises:
        BadSetting: the address is none, the token can be no token, or a number is below 1.
    """

    url: str
    """Where the Haechi is, as `https://haechi.example`."""
    token: str = field(repr=False)
    """A partner token with the scope `match` (and `opinions`, to send opinions)."""

    budget_ms: int = 1500
    """The longest that one request waits for all answers together."""
    fails_closed: bool = False
    """What happens without an answer: True holds the upload back, False lets it pass."""
    when_unreadable: Action = Action.REVIEW
    """What happens to a file that the service looked at and could not read."""
    refuses_unscreenable: bool = True
    """Whether a form that this gate cannot read, or a file larger than it takes, is refused.

    Otherwise it passes as one for `review`. Apart from `fails_closed`: an outage passes, while whoever makes such forms on purpose can go on.
    """
    most_at_once: int = 8
    """How many files are asked about at the same time; more wait, within their budget."""

    most_mib: int = 64
    """The largest file that is asked about; the service's own limit is 64 unless it says other."""
    most_body_mib: int = 256
    """The largest request that is read. It is held in memory twice while it is looked at."""
    most_files: int = 32
    """The most pictures and videos in one request."""
    most_parts: int = 1000
    """The most fields in one form."""
    methods: tuple[str, ...] = ("POST", "PUT", "PATCH")
    """The methods that the middleware looks at."""
    paths: tuple[str, ...] = ("*",)
    """The paths that it looks at, with `*` for anything."""
    appeal_url: str = ""
    """Where an uploader can appeal, named in the answer to a blocked upload."""

    def __post_init__(self) -> None:
        address = urlsplit(self.url)
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise BadSetting(name=URL_VARIABLE, reason="it needs to be a web address")
        if not self.token or not (self.token.isascii() and self.token.isprintable()):
            raise BadSetting(name=TOKEN_VARIABLE, reason="it needs to be a partner token")
        if " " in self.token:
            raise BadSetting(name=TOKEN_VARIABLE, reason="a partner token has no spaces")
        for name in ("budget_ms", "most_at_once", "most_mib", "most_body_mib", "most_files"):
            if getattr(self, name) < 1:
                raise BadSetting(name=name, reason="it needs to be at least 1")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None, **others: Any) -> Self:
        """The settings with address and token from `HAECHI_URL` and `HAECHI_PARTNER_TOKEN`.

        Raises:
            BadSetting: one of them is missing, or cannot be used.
        """
        environ = os.environ if environ is None else environ
        given = {"url": environ.get(URL_VARIABLE, ""), "token": environ.get(TOKEN_VARIABLE, "")}
        return cls(**(given | others))

    @property
    def budget_s(self) -> float:
        """The budget in seconds."""
        return self.budget_ms / 1000

    @property
    def most_bytes(self) -> int:
        """The largest file in bytes."""
        return self.most_mib * _MIB

    @property
    def most_body_bytes(self) -> int:
        """The largest request in bytes."""
        return self.most_body_mib * _MIB

    def covers(self, method: str, path: str) -> bool:
        """Whether the middleware looks at such a request."""
        return method in self.methods and any(fnmatchcase(path, each) for each in self.paths)
