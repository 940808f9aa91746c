# SPDX-License-Identifier: Apache-2.0
"""Passwords of users: only their Argon2id hash is kept (RFC 9106)."""

from __future__ import annotations

import secrets
import unicodedata
from functools import lru_cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from haechi.errors import MalformedField

LEAST_CHARS: Final = 12
MOST_CHARS: Final = 200

# 19 MiB and two passes (OWASP's floor for Argon2id), as for passphrases of cases.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_password(password: str, *, login: str) -> str:
    """The hash to keep. Takes about 20 ms and 19 MiB: call it outside transactions.

    Raises:
        MalformedField: too short, too long, or it holds the login.
    """
    canonical = _canonical(password)
    if not LEAST_CHARS <= len(canonical) <= MOST_CHARS:
        raise MalformedField(
            field="password",
            reason="A password has 12 to 200 characters. Several words that only you would put together are good.",
        )
    if login in canonical.casefold():
        raise MalformedField(
            field="password", reason="The login is part of this password. Choose another."
        )
    return _HASHER.hash(canonical)


def check_password(stored_hash: str | None, typed: str) -> bool:
    """Whether this password was meant; with None or nothing the same work is done and the answer is no."""
    try:
        matches = _HASHER.verify(stored_hash or _decoy_hash(), _canonical(typed[:MOST_CHARS]))
    except VerifyMismatchError:
        return False
    return matches and bool(stored_hash)


def _canonical(password: str) -> str:
    # Keyboards write the same letters in different forms (SP 800-63B §5.1.1.2).
    return unicodedata.normalize("NFKC", password)


@lru_cache
def _decoy_hash() -> str:
    return _HASHER.hash(secrets.token_hex(16))
