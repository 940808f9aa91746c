# SPDX-License-Identifier: Apache-2.0
"""Sightings: where it was seen or heard of. A case may hold these and no picture at all."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from haechi.errors import MalformedField

_MAX_URL_CHARS: Final = 2000
_MAX_PLACE_CHARS: Final = 200
_MAX_NOTE_CHARS: Final = 2000
# Half of a character: it has no bytes, so it can be neither sealed nor sent.
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")
# Spaces, controls, and turns of direction, which would show an address in another order.
_NOT_IN_ADDRESS: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where it was seen: an address, a place (room, channel, handle), a note; at least one of them.

    `url` is kept as it was written. `id` and `recorded_at` are set when it is stored. What was
    written never shows in `repr`.

    Raises:
        MalformedField: nothing given, too long, no text, or an address that is none.
    """

    url: str = field(default="", repr=False)
    place: str = field(default="", repr=False)
    note: str = field(default="", repr=False)
    id: str = ""
    recorded_at: datetime | None = None

    def __post_init__(self) -> None:
        if not (self.url.strip() or self.place.strip() or self.note.strip()):
            raise MalformedField(
                field="sightings",
                reason="Write an address, a room or name, or a short note of where it was seen.",
            )
        for name, text, most in (
            ("url", self.url, _MAX_URL_CHARS),
            ("place", self.place, _MAX_PLACE_CHARS),
            ("note", self.note, _MAX_NOTE_CHARS),
        ):
            if len(text) > most:
                raise MalformedField(field=name, reason="This text is too long. Please shorten it.")
            if _LONE_SURROGATE.search(text):
                raise MalformedField(
                    field=name,
                    reason="This text holds a character that cannot be kept. Please write it without.",
                )
        if self.url and not _is_address(self.url):
            raise MalformedField(
                field="url",
                reason="This is not a web address. It begins with https:// or looks like t.me/name. "
                "If you have none, leave it empty.",
            )

    def to_json(self) -> dict[str, str]:
        """What is sealed in the case."""
        return {"url": self.url, "place": self.place, "note": self.note}

    @classmethod
    def from_json(cls, stored: dict[str, Any], *, id: str, recorded_at: datetime) -> Sighting:
        """The sighting as it was stored."""
        return cls(stored["url"], stored["place"], stored["note"], id, recorded_at)


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
