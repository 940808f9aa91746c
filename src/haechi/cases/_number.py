# SPDX-License-Identifier: Apache-2.0
"""Case numbers, and the digits that they and the recovery codes are written in."""

from __future__ import annotations

import re
import secrets
import unicodedata
from typing import Final

# Crockford's digits: no I, L, O or U, so that a number survives being read out on the phone.
_DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NUMBER_DIGITS: Final = 8
_NO_LETTER: Final = re.compile(r"[^0-9A-Z]")
_READ_AS: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})


def new_case_number() -> str:
    """A fresh case number such as `7KQ2-M4XR`."""
    digits = "".join(secrets.choice(_DIGITS) for _ in range(_NUMBER_DIGITS))
    return f"{digits[:4]}-{digits[4:]}"


def as_case_number(typed: str) -> str:
    """The case number that was meant: any case, width, spaces and dashes, O for 0, I or L for 1.

    Made of capitals, digits and one dash only, whatever was typed; not always one that can exist.
    """
    letters = _NO_LETTER.sub("", unicodedata.normalize("NFKC", typed).upper()).translate(_READ_AS)
    return f"{letters[:4]}-{letters[4:]}"


def as_digits(typed: str) -> str:
    """The digits of Crockford's alphabet in what was typed, read with the same leniency."""
    read = unicodedata.normalize("NFKC", typed).upper().translate(_READ_AS)
    return "".join(letter for letter in read if letter in _DIGITS)


def in_digits(number: int, count: int) -> str:
    """The number in so many digits of Crockford's alphabet."""
    return "".join(_DIGITS[number >> 5 * at & 31] for at in reversed(range(count)))


def from_digits(digits: str) -> int:
    """The number that these digits stand for."""
    number = 0
    for digit in digits:
        number = number << 5 | _DIGITS.index(digit)
    return number
