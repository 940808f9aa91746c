# SPDX-License-Identifier: Apache-2.0
"""One table of settings: name, type, default, unit and help; read once into a frozen value.

Every setting has an environment variable, `HAECHI_` and its name in capitals. docs/settings.md is
written from this table (`python -m docs_pages`), and a test holds the two together.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from haechi.errors import BadSetting

__all__ = [
    "ENV_PREFIX",
    "PARTNER_TOKEN_VARIABLE",
    "SERVICE_URL_VARIABLE",
    "SESSION_COOKIE",
    "STAFF_COOKIE",
    "Settings",
    "load_settings",
    "setting_rows",
    "settings_as_variables",
]

ENV_PREFIX: Final = "HAECHI_"

PARTNER_TOKEN_VARIABLE: Final = "HAECHI_PARTNER_TOKEN"  # noqa: S105  # where it is, not what it is
"""Known beside the settings, and none of them: a partner's secret for `haechi match`."""

SERVICE_URL_VARIABLE: Final = "HAECHI_URL"
"""Known beside the settings, and none of them: the service that the gates of a platform ask."""

SESSION_COOKIE: Final = "haechi_case"
"""The cookie that carries a case session; the pages and the JSON face share it."""

STAFF_COOKIE: Final = "haechi_work"
"""The cookie that carries a session of the console."""


def _setting(
    default: object,
    help_text: str,
    *,
    unit: str = "",
    least: int | None = None,
    is_secret: bool = False,
) -> Any:
    """A field of `Settings` with what the table needs beside it; a secret one has no `repr`."""
    metadata = {"help": help_text, "unit": unit, "least": least}
    return field(default=default, repr=not is_secret, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that can be configured. Statutory clocks are not here: nobody configures those."""

    data_folder: Path = _setting(Path("data"), "Where the database and the keys live.")
    key_folder: Path | None = _setting(
        None, "Where the keys live, if not in `keys` inside the data folder."
    )
    database_url: str = _setting(
        "",
        "SQLAlchemy URL of the database; empty: an SQLite file in the data folder.",
        is_secret=True,
    )
    host: str = _setting("127.0.0.1", "Address the site listens on.")
    port: int = _setting(8000, "Port the site listens on.", least=1)
    public_url: str = _setting(
        "http://127.0.0.1:8000",
        "How people reach the site. With https, cookies are marked Secure.",
    )
    exit_url: str = _setting(
        "https://www.weather.go.kr/", "Where the exit button of every page leads."
    )
    centre_name: str = _setting(
        "", "Name of the support centre that sends notices as the person's agent."
    )
    centre_contact: str = _setting("", "The case mailbox a notice names for answers.")
    session_idle_min: int = _setting(
        20, "A case session ends after this long without a request.", unit="min", least=1
    )
    upload_max_mib: int = _setting(
        64, "Largest file a platform may send to be screened.", unit="MiB", least=1
    )
    decoder_processes: int = _setting(
        2, "Child processes that decode untrusted files.", unit="processes", least=1
    )
    decode_timeout_s: int = _setting(
        20, "A file that takes longer to decode is given up.", unit="s", least=1
    )
    staff_idle_min: int = _setting(
        30,
        "A session of the console ends after this long without a request, and after 12 hours in all.",
        unit="min",
        least=1,
    )
    feed_poll_ms: int = _setting(
        25, "How often the live index looks for changes of other processes.", unit="ms", least=1
    )
    tombstone_days: int = _setting(
        400,
        "The change feed tells of a withdrawal for this long; a follower that was away for longer begins "
        "anew.",
        unit="days",
        least=1,
    )
    trusted_proxies: str = _setting(
        "",
        "Addresses of the proxies in front of the site, with spaces between. Their X-Forwarded-For is "
        "believed when requests are counted; without it, all who come through a proxy count as one.",
    )
    reports_per_min: int = _setting(
        60, "New cases taken from one network address.", unit="cases/min", least=1
    )
    tries_per_min: int = _setting(
        30, "Passphrase tries taken from one network address.", unit="tries/min", least=1
    )

    pull_every_min: int = _setting(
        15,
        "How often each source that is on is pulled; 0: only by `haechi exchange pull`.",
        unit="min",
        least=0,
    )
    match_records_days: int = _setting(
        180, "What partners were told of is noted so long.", unit="days", least=1
    )
    appeal_text_days: int = _setting(
        90, "The text of an appeal is destroyed so long after the decision.", unit="days", least=1
    )
    flood_looks_per_hour: int = _setting(
        24,
        "A content that matches so many unlike pictures within an hour is for review only until "
        "somebody has looked.",
        unit="looks",
        least=2,
    )
    decisions_a_day: int = _setting(
        200, "A reviewer decides so much a day at most.", unit="decisions", least=1
    )
    break_after_min: int = _setting(
        50, "After so long of deciding a reviewer takes a break.", unit="min", least=1
    )
    break_min: int = _setting(10, "How long that break is.", unit="min", least=1)
    reach_private: int = _setting(
        0,
        "1: webhooks and sources may lead to private addresses and plain http, as for a trial on one "
        "machine; 0: never.",
        least=0,
    )

    @property
    def may_reach_private(self) -> bool:
        """Whether what we call may be on a private address."""
        return self.reach_private == 1

    @property
    def resolved_database_url(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{self.data_folder.absolute() / 'haechi.sqlite3'}"

    @property
    def wants_secure_cookies(self) -> bool:
        """Whether cookies may travel over https only."""
        return self.public_url.startswith("https://")

    def session_cookie(self, token: str) -> dict[str, Any]:
        """The cookie that carries a case session, as keywords; without a token it takes it back.

        Gone with the browser window, never readable by scripts, never sent along from another site.
        """
        cookie = {
            "key": SESSION_COOKIE,
            "value": token,
            "path": "/",
            "httponly": True,
            "samesite": "strict",
            "secure": self.wants_secure_cookies,
        }
        return cookie if token else {**cookie, "max_age": 0}

    def staff_cookie(self, token: str) -> dict[str, Any]:
        """The cookie that carries a session of the console, as `session_cookie`; only it is sent it."""
        return {**self.session_cookie(token), "key": STAFF_COOKIE, "path": "/work"}

    @property
    def resolved_key_folder(self) -> Path:
        """The key folder in force."""
        return self.key_folder or self.data_folder / "keys"


_OF_OTHERS: Final = frozenset({PARTNER_TOKEN_VARIABLE, SERVICE_URL_VARIABLE})


def _parse(name: str, text: str, annotation: str, least: int | None) -> object:
    if annotation == "int":
        try:
            number = int(text)
        except ValueError as error:
            raise BadSetting(name=name, reason="it needs to be a whole number") from error
        _check_least(name, number, least)
        return number
    return Path(text) if "Path" in annotation else text


def _check_least(name: str, value: object, least: int | None) -> None:
    if least is not None and isinstance(value, int) and value < least:
        raise BadSetting(name=name, reason=f"it needs to be at least {least}")


def load_settings(environ: Mapping[str, str] | None = None, **overrides: object) -> Settings:
    """The settings from the environment, with `overrides` (from the command line) on top.

    An override of None counts as not given, and so does a variable with an empty path. Unknown
    variables with our prefix are refused, so that a misspelt name is found at the start.

    Raises:
        BadSetting: a value cannot be read or is too small, or a variable names no setting.
    """
    environ = os.environ if environ is None else environ
    known = {item.name: item for item in fields(Settings)}
    values: dict[str, Any] = {}
    for variable, text in environ.items():
        if not variable.startswith(ENV_PREFIX) or variable in _OF_OTHERS:
            continue
        name = variable.removeprefix(ENV_PREFIX).lower()
        if name not in known:
            raise BadSetting(name=variable, reason="there is no such setting")
        item = known[name]
        if not text and "Path" in str(item.type):
            # An empty path would be the working folder: keys and data would land just anywhere.
            continue
        values[name] = _parse(variable, text, str(item.type), item.metadata["least"])
    for name, value in overrides.items():
        if value is not None:
            _check_least(name, value, known[name].metadata["least"])
            values[name] = value
    return Settings(**values)


def settings_as_variables(settings: Settings) -> dict[str, str]:
    """The environment from which `load_settings` reads these very settings, for a child process."""
    values = {item.name: getattr(settings, item.name) for item in fields(Settings)}
    return {ENV_PREFIX + name.upper(): str(v) for name, v in values.items() if v is not None}


def setting_rows() -> list[tuple[str, str, str, str]]:
    """(variable, default, unit, help) of every variable that we read, for the docs."""
    rows = [
        (
            ENV_PREFIX + item.name.upper(),
            "" if item.default is None else str(item.default),
            str(item.metadata["unit"]),
            str(item.metadata["help"]),
        )
        for item in fields(Settings)
    ]
    shown = "The partner token that `haechi match` and the gates show to a service; the site never reads it."
    address = (
        "The service that the gates of a platform and `haechi bot` ask; the site never reads it."
    )
    return [
        *rows,
        (PARTNER_TOKEN_VARIABLE, "", "", shown),
        (SERVICE_URL_VARIABLE, "", "", address),
    ]
