# SPDX-License-Identifier: Apache-2.0
"""A receipt as a page to print or hand over, with the receipt itself attached as JSON.

The page is compiled by Typst from `receipt.typ`. Everything in it comes as data and is shown as it is:
nothing in a receipt can become markup. The same receipt in the same words is the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any, Final, Literal, cast

import typst

from haechi.errors import VerificationFailed
from haechi.evidence._receipt import receipt_facts, signed_bytes, verify_receipt
from haechi.evidence._receipt_words import SAID
from haechi.evidence._statement import ReceiptFacts

# Korea has kept this all year since 1988, long before the first receipt.
_KOREAN_TIME: Final = timezone(timedelta(hours=9))
# An Ed25519 key as SubjectPublicKeyInfo (RFC 8410) is these 12 bytes and the key; 12 bytes are 16
# letters of Base64, so the two texts can be joined.
_KEY_INFO: Final = "MCowBQYDK2VwAyEA"
_CHARS_A_LINE: Final = 146
# A compiler makes one page at a time, in some milliseconds.
_one_at_a_time: Final = Lock()

HAECHI_COMMAND: Final = "haechi receipt verify receipt.pdf --key key.pem"
FILE_COMMAND: Final = HAECHI_COMMAND + " --file FILE"
OPENSSL_COMMANDS: Final = (
    """python3 -c 'import json,sys;json.dump(json.load(open("receipt.json"))["statement"],sys.stdout,sort_keys=True,separators=(",",":"))' >statement.bin""",
    """python3 -c 'import json;print(json.load(open("receipt.json"))["signature"]["value"])' | openssl base64 -d -A >signature.bin""",
    """openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in statement.bin -sigfile signature.bin""",
)
"""As docs/receipt-format.md has them."""


def receipt_pdf(receipt: Mapping[str, Any], *, language: str, words: Callable[[str], str]) -> bytes:
    """A PDF/A-3 file: one A4 page for an ordinary case, and the receipt attached as `receipt.json`.

    `words` looks a sentence up by its English, and `language` is the tag of what it speaks. The fonts
    are for Korean and Latin letters: any other is a box, and the file is a PDF without being PDF/A.

    Raises:
        VerificationFailed: the receipt does not hold, or does not say when or how much.
    """
    verify_receipt(receipt)
    facts = receipt_facts(receipt)
    stated_at = _moment(facts)
    data = {
        "language": language.partition("-")[0],
        "said": {name: words(message) for name, message in SAID.items()},
        "kind": facts.kind,
        "rows": _rows(facts, stated_at),
        "haechi_commands": _haechi_commands(facts),
        "openssl_commands": OPENSSL_COMMANDS,
        "key": f"-----BEGIN PUBLIC KEY-----\n{_KEY_INFO}{receipt['signature']['public_key']}\n-----END PUBLIC KEY-----",
        "signature": receipt["signature"]["value"],
        "statement": _in_lines(signed_bytes(receipt).decode()),
        "attached": json.dumps(receipt, ensure_ascii=False, indent=2),
    }
    with _one_at_a_time:
        try:
            return _compiled(data, stated_at, standards=["a-3a"])
        except typst.TypstError:
            # PDF/A refuses a letter that the fonts lack; without it there is a box in its place.
            return _compiled(data, stated_at, standards=[])


def _compiled(
    data: Mapping[str, Any], made_at: datetime, *, standards: list[Literal["a-3a"]]
) -> bytes:
    page = _compiler().compile(
        _template(),
        format="pdf",
        sys_inputs={"page": json.dumps(data)},
        pdf_standards=list(standards),
        timestamp=made_at.replace(microsecond=0),
    )
    return cast("bytes", page)


def _moment(facts: ReceiptFacts) -> datetime:
    try:
        at = datetime.fromisoformat(facts.stated_at)
        # As far as the calendar goes in either zone.
        at.astimezone(_KOREAN_TIME)
        return at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise VerificationFailed(
            reason="the receipt does not say when in a form we read"
        ) from error


def _rows(facts: ReceiptFacts, at: datetime) -> list[tuple[str, str]]:
    """The name of each row, and what stands in it."""
    counts = (
        [("items", facts.item_count)]
        if facts.kind == "erased"
        else [("images", facts.image_count), ("videos", facts.video_count)]
    )
    counts.append(("sightings", facts.sighting_count))
    if any(count is None for _, count in counts):
        raise VerificationFailed(reason="the receipt does not say what was reported")
    return [
        ("number", facts.case_number),
        ("korean_time", f"{at.astimezone(_KOREAN_TIME):%Y-%m-%d %H:%M:%S}"),
        ("world_time", f"{at:%Y-%m-%d %H:%M:%S}"),
        *((name, str(count)) for name, count in counts),
    ]


def _haechi_commands(facts: ReceiptFacts) -> list[str]:
    """How Haechi checks it, and whether a file belongs to it, where there can be one."""
    has_files = facts.kind != "erased" and facts.item_count
    return [HAECHI_COMMAND, FILE_COMMAND] if has_files else [HAECHI_COMMAND]


def _in_lines(text: str) -> str:
    """The text cut where a line is full: nothing in it is a place to break."""
    return "\n".join(
        text[start : start + _CHARS_A_LINE] for start in range(0, len(text), _CHARS_A_LINE)
    )


@cache
def _template() -> bytes:
    return files("haechi.evidence").joinpath("receipt.typ").read_bytes()


@cache
def _compiler() -> typst.Compiler:
    """One for all pages: a new one each time never gives back its 0.2 MB."""
    fonts = typst.Fonts(include_system_fonts=False, font_paths=_font_folders())
    return typst.Compiler(font_paths=fonts, ignore_system_fonts=True)


def _font_folders() -> list[Path]:
    """The Korean font that a package brings, found without importing it: that would start its plots."""
    spec = find_spec("koreanize_matplotlib")
    folders = spec.submodule_search_locations if spec is not None else None
    return [Path(folder) / "fonts" for folder in folders or ()]
