# SPDX-License-Identifier: Apache-2.0
"""Sightings: where it was seen or heard of. A case may hold these and no picture at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from haechi.errors import MalformedField
from haechi.values import utc_now

_MAX_CHARS: Final = {
    "url": 2000,
    "place": 200,
    "note": 2000,
    "told_by": 200,
    "first_heard_on": 10,
    "threats": 2000,
}
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EARLIEST: Final = date(1990, 1, 1)
# Half of a character: it has no bytes, so it can be neither sealed nor sent.
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")
# Spaces, controls, and turns of direction, which would show an address in another order.
_NOT_IN_ADDRESS: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where it was seen or heard of, as text; at least one of the texts besides the day.

    `url` is kept as it was written; `place` is a room, channel or handle; `told_by` is who told her;
    `first_heard_on` a day such as 2026-11-24; `threats` what she was threatened with. `id` and
    `recorded_at` are set when it is stored. What was written never shows in `repr`.

    Raises:
        MalformedField: nothing given, too long, no text, no day, or an address that is none.
    """

    url: str = field(default="", repr=False)
    place: str = field(default="", repr=False)
    note: str = field(default="", repr=False)
    told_by: str = field(default="", repr=False)
    first_heard_on: str = field(default="", repr=False)
    threats: str = field(default="", repr=False)
    id: str = ""
    recorded_at: datetime | None = None

    def __post_init__(self) -> None:
        if not any(
            text.strip() for text in (self.url, self.place, self.note, self.told_by, self.threats)
        ):
            raise MalformedField(
                field="sightings",
                reason="Write an address, a room or name, or a short note of where it was seen.",
            )
        for name, most in _MAX_CHARS.items():
            _check_text(name, getattr(self, name), most)
        if self.url and not _is_address(self.url):
            raise MalformedField(
                field="url",
                reason="This is not a web address. It begins with https:// or looks like t.me/name. "
                "If you have none, leave it empty.",
            )
        # What is stored was checked when it came; the day of a traveller may be tomorrow here.
        if self.first_heard_on and not self.id and not _is_past_day(self.first_heard_on):
            raise MalformedField(
                field="first_heard_on",
                reason="This is not a day that has been. Write it like 2026-11-24, or leave it empty.",
            )

    def to_json(self) -> dict[str, str]:
        """What is sealed in the case, and committed to in its receipt."""
        return {name: getattr(self, name) for name in _MAX_CHARS}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any], *, id: str, recorded_at: datetime) -> Sighting:
        """The sighting as it was stored; earlier ones have fewer fields."""
        known = {item.name for item in fields(cls)}
        texts = {name: text for name, text in stored.items() if name in known}
        return cls(**texts, id=id, recorded_at=recorded_at)


def _check_text(name: str, text: str, most: int) -> None:
    if len(text) > most:
        raise MalformedField(field=name, reason="This text is too long. Please shorten it.")
    if _LONE_SURROGATE.search(text):
        raise MalformedField(
            field=name,
            reason="This text holds a character that cannot be kept. Please write it without.",
        )


def _is_address(text: str) -> bool:
    """Whether it can be an http address; the scheme may be left out."""
    if _NOT_IN_ADDRESS.search(text):
        return False
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and "." in host.strip(".")


def _is_past_day(text: str) -> bool:
    """Whether it is a day up to today, anywhere on earth."""
    if not _DAY.fullmatch(text):
        return False
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return False
    return _EARLIEST <= day <= (utc_now().astimezone(UTC) + timedelta(hours=14)).date()
