# SPDX-License-Identifier: Apache-2.0
"""Notice texts: filled from a template; what the law requires and is not there yet is named."""

from __future__ import annotations

import hashlib
import textwrap
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from haechi.errors import MalformedField
from haechi.notices._laws import Law

_MAX_SERVICE_CHARS: Final = 200
_LINE_CHARS: Final = 76
_INDENT: Final = "  "
# Unicode TR9: embeddings, overrides and isolates, which would show a text in another order.
_DIRECTION_TURNS: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


@dataclass(frozen=True, slots=True)
class Sender:
    """The centre that signs as the person's agent; never the person's own name or contact."""

    name: str
    contact: str


@dataclass(frozen=True, slots=True)
class NoticeText:
    """A rendered notice, the SHA-256 of exactly this text, and the required fields still empty."""

    text: str = field(repr=False)
    sha256: str
    missing: tuple[str, ...]


def as_service(name: str) -> str:
    """The name of a service, on one line and without what cannot be seen.

    Raises:
        MalformedField: it is empty, or longer than a name.
    """
    service = _one_line(name)
    if not service:
        raise MalformedField(field="service", reason="Name the service that the notice goes to.")
    if len(service) > _MAX_SERVICE_CHARS:
        raise MalformedField(
            field="service",
            reason=f"The name of a service has at most {_MAX_SERVICE_CHARS} characters.",
        )
    return service


def draft_text(
    law: Law,
    *,
    service: str,
    case_number: str,
    location: str,
    content_identification: str,
    sender: Sender,
    declares_good_faith: bool,
    has_authorisation: bool,
    written_at: datetime,
) -> NoticeText:
    """The notice to one service under one law.

    `has_authorisation`: the person authorised the sender to act for her; never said unless given.

    It carries no picture and no signal. A required field that is empty shows as still needed in the
    text and is named in `missing`; such a notice may be kept as a draft and must not be sent. Line
    ends inside a value become spaces, and every line but the headings is indented: no value can
    forge a section of the notice, nor hide or turn round a part of it.
    """
    statement = (
        "We believe in good faith that this depiction was published without the consent of the "
        "individual depicted. That person has told us so."
    )
    values = {
        "content_identification": _one_line(content_identification),
        "location": _one_line(location),
        "good_faith_statement": statement if declares_good_faith else "",
        "authorisation": (
            "We act for the individual, with that person's authorisation."
            if has_authorisation
            else ""
        ),
        "contact": _one_line(sender.contact),
        "signature": _one_line(sender.name),
    }
    rendered = (
        _environment()
        .get_template(law.template)
        .render(
            law=law,
            service=_one_line(service),
            case_number=case_number,
            written_at=written_at,
            **values,
        )
    )
    text = _laid_out(rendered)
    return NoticeText(
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        missing=tuple(name for name in law.required if not values[name]),
    )


@lru_cache
def _environment() -> Environment:
    # Plain text, so nothing is escaped; a name that a template gets wrong is an error, not a gap.
    return Environment(
        loader=PackageLoader("haechi.notices"),
        autoescape=False,  # noqa: S701  # the result is text/plain, never HTML
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


def _one_line(value: str) -> str:
    """The value with single spaces, and without controls, lone surrogates and turns of direction."""
    shown = "".join(
        character
        for character in " ".join(value.split())
        if unicodedata.category(character) not in ("Cc", "Cs")
        and unicodedata.bidirectional(character) not in _DIRECTION_TURNS
    )
    # Once more: what was left out may have stood between spaces.
    return " ".join(shown.split())


def _laid_out(text: str) -> str:
    """The text with lines of at most 76 characters, as mail wants them, and no double blank lines.

    A long word, such as an address, is never broken: it must be copied whole.
    """
    lines: list[str] = []
    for line in text.splitlines():
        if line.strip():
            lines += textwrap.wrap(
                line.lstrip(),
                _LINE_CHARS,
                # Said, not left to the line: it would go where the first word is too long for it.
                initial_indent=_INDENT if line.startswith(_INDENT) else "",
                subsequent_indent=_INDENT,
                break_long_words=False,
                break_on_hyphens=False,
            )
        elif lines and lines[-1]:
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"
