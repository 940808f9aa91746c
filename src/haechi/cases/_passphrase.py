# SPDX-License-Identifier: Apache-2.0
"""Case numbers and passphrases: made here, and only their hash is kept.

A passphrase is six words out of 2,048 (BIP-39 lists, Korean or English): 66 bits, beyond guessing
online at any rate, and Argon2id (RFC 9106) makes a stolen table slow to try.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from functools import lru_cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from mnemonic import Mnemonic

_WORDS: Final = 6
_WORD_LISTS: Final = {"ko": "korean", "en": "english"}
# Crockford's digits: no I, L, O or U, so that a number survives being read out on the phone.
_DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NUMBER_DIGITS: Final = 8
_NO_DIGIT: Final = re.compile(r"[^0-9A-Z]")
_READ_AS: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})

# 19 MiB and two passes (OWASP's floor for Argon2id): a small server takes many reports at once.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def new_case_number() -> str:
    """A fresh case number such as `7KQ2-M4XR`."""
    digits = "".join(secrets.choice(_DIGITS) for _ in range(_NUMBER_DIGITS))
    return f"{digits[:4]}-{digits[4:]}"


def as_case_number(typed: str) -> str:
    """The case number that was meant: any case, width, spaces and dashes, O for 0, I or L for 1.

    Made of capitals, digits and one dash only, whatever was typed; not always one that can exist.
    """
    digits = _NO_DIGIT.sub("", unicodedata.normalize("NFKC", typed).upper()).translate(_READ_AS)
    return f"{digits[:4]}-{digits[4:]}"


def new_passphrase(language: str) -> str:
    """Six random words in that language (English where we have no list), with single spaces."""
    words = _word_list(_WORD_LISTS.get(language, "english"))
    chosen = " ".join(secrets.choice(words) for _ in range(_WORDS))
    # The lists are in decomposed form; people, clipboards and screens use the composed one.
    return unicodedata.normalize("NFC", chosen)


def hash_passphrase(passphrase: str) -> str:
    """The Argon2id hash to keep. Takes about 20 ms and 19 MiB: call it outside transactions."""
    return _HASHER.hash(_canonical(passphrase))


def check_passphrase(stored_hash: str | None, typed: str) -> bool:
    """Whether this passphrase was meant; spaces or none, dashes, case and Unicode form do not matter.

    With None (no such case) the same work is done and the answer is no, so that time does not tell
    whether a case exists.
    """
    try:
        matches = _HASHER.verify(stored_hash or _decoy_hash(), _canonical(typed))
    except VerifyMismatchError:
        return False
    return matches and stored_hash is not None


def _canonical(passphrase: str) -> str:
    """Its letters alone: people run Korean words together, and messengers change dashes and spaces.

    Of the English passphrases one in 10,000 then reads like another; of the Korean ones none does.
    """
    letters = "".join(
        character
        for character in unicodedata.normalize("NFKD", passphrase).lower()
        if unicodedata.category(character)[0] not in "ZPC"
    )
    # What was left out may have stood between two accents, which have an order of their own.
    return unicodedata.normalize("NFKD", letters)


@lru_cache
def _word_list(name: str) -> list[str]:
    return list(Mnemonic(name).wordlist)


@lru_cache
def _decoy_hash() -> str:
    return _HASHER.hash(secrets.token_hex(16))
