# SPDX-License-Identifier: Apache-2.0
"""Passphrases: made here, and only their hash is kept.

A passphrase is six words out of 2,048 (BIP-39 lists, Korean or English): 66 bits, beyond guessing
online at any rate, and Argon2id (RFC 9106) makes a stolen table slow to try.
"""

from __future__ import annotations

import secrets
import unicodedata
from functools import lru_cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from mnemonic import Mnemonic

_WORDS: Final = 6
_WORD_LISTS: Final = {"ko": "korean", "en": "english"}

# 19 MiB and two passes (OWASP's floor for Argon2id): a small server takes many reports at once.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def new_passphrase(language: str) -> str:
    """Six different random words in that language (English where we have no list), single spaces."""
    words = _word_list(_WORD_LISTS.get(language, "english"))
    # Of different words nobody asks whether the second was a slip; it costs 0.01 bits of the 66.
    chosen = " ".join(secrets.SystemRandom().sample(words, _WORDS))
    # The lists are in decomposed form; people, clipboards and screens use the composed one.
    return unicodedata.normalize("NFC", chosen)


def hash_passphrase(passphrase: str) -> str:
    """The Argon2id hash to keep. Takes about 20 ms and 19 MiB: call it outside transactions."""
    return _HASHER.hash(_canonical(passphrase))


def check_passphrase(stored_hash: str | None, typed: str) -> bool:
    """Whether this passphrase was meant; spaces or none, dashes, case and Unicode form do not matter.

    With None or nothing (no such case, or an erased one) the same work is done and the answer is no, so that time does not tell
    whether a case exists.
    """
    try:
        matches = _HASHER.verify(stored_hash or _decoy_hash(), _canonical(typed))
    except VerifyMismatchError:
        return False
    return matches and bool(stored_hash)


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
