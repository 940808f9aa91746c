# SPDX-License-Identifier: Apache-2.0
"""What a button says when it is pressed, signed: a client can send any words in a button's name."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from typing import Final, Self

_MOST_BYTES: Final = 64
"""What the Bot API takes in `callback_data`."""

_MARK_BYTES: Final = 9


@dataclass(frozen=True, slots=True)
class Button:
    """Something to do for one group: `what` with `subject`."""

    what: str
    chat_id: int
    subject: str

    def sign(self, key: bytes) -> str | None:
        """The button as words; None where they are longer than a button holds."""
        words = f"{self.what}|{self.chat_id}|{self.subject}"
        signed = f"{words}|{_mark(words, key)}"
        return signed if len(signed.encode()) <= _MOST_BYTES else None

    @classmethod
    def read(cls, signed: str, key: bytes) -> Self | None:
        """The button that we signed, or None."""
        words, _, mark = signed.rpartition("|")
        if not hmac.compare_digest(mark.encode(), _mark(words, key).encode()):
            return None
        what, chat_id, subject = words.split("|", 2)
        return cls(what, int(chat_id), subject)


def _mark(words: str, key: bytes) -> str:
    digest = hmac.digest(key, b"haechi-bot-button:" + words.encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:_MARK_BYTES]).decode()
