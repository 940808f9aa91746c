# SPDX-License-Identifier: Apache-2.0
"""The answer to an upload that is not let through: what is the matter, and what to do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from typing import Final

from haechi.gates._decision import Decision, Reason
from haechi.gates._words import say

_PAGE: Final = """<!doctype html>
<html lang="{language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><body><main><h1>{title}</h1><p>{sentence}</p></main></body></html>
"""

_STATUS: Final = {
    "upload_blocked": 403,
    "upload_unchecked": 503,
    "upload_unreadable": 422,
    "upload_too_large": 413,
    "form_unreadable": 400,
}
_CODES: Final = {
    Reason.ANSWERED: "upload_blocked",
    Reason.NO_ANSWER: "upload_unchecked",
    Reason.NOT_LET_IN: "upload_unchecked",
    Reason.UNREADABLE: "upload_unreadable",
    Reason.TOO_LARGE: "upload_too_large",
}
_TRY_AGAIN_AFTER_S: Final = 10

Answer = tuple[int, list[tuple[bytes, bytes]], bytes]
"""Status, headers and body of a response."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not let through, in the language and kind of answer that it asked for."""

    code: str
    """`upload_blocked`, `upload_unchecked`, `upload_unreadable`, `upload_too_large` or `form_unreadable`."""
    reference: str
    """What to name in an appeal; empty without a match."""
    language: str
    wants_html: bool
    appeal_url: str = ""

    @property
    def status(self) -> int:
        """The HTTP status that fits."""
        return _STATUS[self.code]

    @property
    def sentence(self) -> str:
        """What is the matter and what to do."""
        said = say(self.language, self.code)
        if self.code == "upload_blocked" and self.reference:
            key = "appeal_at" if self.appeal_url else "appeal_here"
            appeal = say(self.language, key, reference=self.reference, url=self.appeal_url)
            return f"{said} {appeal}"
        return said


def code_for(decision: Decision) -> str:
    """The code of the refusal that a blocking decision leads to."""
    return _CODES[decision.reason]


def usual_answer(refusal: Refusal) -> Answer:
    """One sentence: a small page for browsers, JSON for everybody else."""
    if refusal.wants_html:
        kind = b"text/html; charset=utf-8"
        text = _PAGE.format(
            language=refusal.language,
            title=escape(say(refusal.language, f"{refusal.code}_title")),
            sentence=escape(refusal.sentence),
        )
    else:
        kind = b"application/json"
        error = {"code": refusal.code, "message": refusal.sentence}
        if refusal.reference:
            error["reference"] = refusal.reference
        text = json.dumps({"error": error}, ensure_ascii=False)
    body = text.encode()
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    if refusal.code == "upload_unchecked":
        headers.append((b"retry-after", str(_TRY_AGAIN_AFTER_S).encode()))
    return refusal.status, headers, body
