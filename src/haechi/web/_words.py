# SPDX-License-Identifier: Apache-2.0
"""The words of the pages: one catalogue, English text as the key, and the choice of a language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, negotiate_locale
from babel.dates import format_date, format_time
from babel.messages.pofile import read_po

from haechi.errors import HaechiError

LOCALE_FOLDER: Final = Path(__file__).parent / "locale"

_SOURCE_LANGUAGE: Final = "en"
# Longer headers than browsers send are not worth reading.
_MAX_ACCEPT_CHARS: Final = 500


@dataclass(frozen=True, slots=True)
class Words:
    """Every sentence in one language; what the catalogue lacks stays English."""

    language: str
    sentences: Mapping[str, str] = field(repr=False)

    def __call__(self, message: str, **params: object) -> str:
        """The message in this language, its placeholders filled if there are parameters."""
        text = self.sentences.get(message, message)
        return text.format(**params) if params else text

    def sentence(self, error: HaechiError) -> str:
        """What an error says; a parameter that is itself a message is translated too."""
        params = {
            name: self(value) if isinstance(value, str) else value
            for name, value in error.params.items()
        }
        return self(error.template).format(**params)

    def moment(self, at: datetime, *, names_zone: bool = True) -> str:
        """Date and time, written as the language does; without the zone where the page named it before."""
        zone = _zone(self("UTC"))
        locale = Locale.parse(self.language, sep="-")
        if not names_zone:
            return self(
                "{date}, {time}",
                date=format_date(at.astimezone(zone), "long", locale=locale),
                time=format_time(at, "HH:mm", tzinfo=zone, locale=locale),
            )
        return self(
            "{date}, {time} ({zone})",
            date=format_date(at.astimezone(zone), "long", locale=locale),
            time=format_time(at, "HH:mm", tzinfo=zone, locale=locale),
            zone=self("UTC time"),
        )

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        return Locale.parse(self.language, sep="-").text_direction


@cache
def catalogue() -> Mapping[str, Words]:
    """The words of every language we speak, by its tag; English first.

    Entries marked fuzzy are left out, so that nobody reads an unchecked translation.
    """
    spoken = {_SOURCE_LANGUAGE: Words(_SOURCE_LANGUAGE, {})}
    for path in sorted(LOCALE_FOLDER.glob("*/LC_MESSAGES/haechi.po")):
        tag = path.parts[-3].replace("_", "-")
        with path.open("rb") as file:
            entries = [entry for entry in read_po(file) if entry.id and not entry.fuzzy]
        spoken[tag] = Words(tag, {str(entry.id): str(entry.string) for entry in entries})
    return spoken


def language_names() -> list[tuple[str, str]]:
    """(tag, name in that language itself) of every language we speak."""
    return [(tag, Locale.parse(tag, sep="-").get_display_name() or tag) for tag in catalogue()]


def choose_words(*, asked: str | None, remembered: str | None, accepted: str) -> Words:
    """The words of the language she asked for, or chose before, or that her browser prefers.

    `accepted` is an Accept-Language header (RFC 9110 §12.5.4). English when nothing fits.
    """
    spoken = catalogue()
    for tag in (asked, remembered):
        if tag is not None and tag in spoken:
            return spoken[tag]
    tag = negotiate_locale(_by_preference(accepted[:_MAX_ACCEPT_CHARS]), list(spoken), sep="-")
    return spoken[tag or _SOURCE_LANGUAGE]


def _by_preference(accepted: str) -> list[str]:
    """The tags of an Accept-Language header, most wanted first, refused ones left out."""
    weighted = []
    for part in accepted.split(","):
        tag, _, parameter = part.partition(";")
        try:
            weight = float(parameter.partition("=")[2] or 1)
        except ValueError:
            continue
        if weight > 0 and tag.strip():
            weighted.append((tag.strip(), weight))
    return [tag for tag, _ in sorted(weighted, key=lambda pair: -pair[1])]


@cache
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:
        return UTC
