# SPDX-License-Identifier: Apache-2.0
"""Who holds which token, remembered for as long as nothing can have changed.

A token is known here by its SHA-256 only. What is remembered counts while the access version that the live
index saw last is the one it was read at, was seen less than a second ago, and was seen after the last
change of this process: a token that was revoked opens nothing after one look at the feed, in every
process, and at once in the one that revoked it.
"""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from haechi.exchange import Partner, Token
from haechi.values import Actor, ActorKind, utc_now

_FRESH_FOR_S: Final = 1.0
_MOST_TOKENS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Seen:
    """The access version, and when the look began that saw it, by the monotonic clock in seconds."""

    version: int = -1
    at_s: float = float("-inf")


@dataclass(frozen=True, slots=True)
class Holder:
    """A partner as one of its tokens shows it, and what it may ask for."""

    actor: Actor
    lookups_per_min: int
    keeps_lookups: bool
    expires_at: datetime | None

    @classmethod
    def of(cls, partner: Partner, token: Token) -> Holder:
        """The holder of this token."""
        actor = Actor(ActorKind.PARTNER, partner.id, token.scopes, partner.reader)
        return cls(actor, partner.lookups_per_min, partner.keeps_lookups_h > 0, token.expires_at)


class Holders:
    """Remembered holders of tokens. Safe across threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_token: dict[bytes, tuple[int, Holder]] = {}
        self._by_partner: dict[str, Holder] = {}
        self._doubted_at_s = float("-inf")

    def doubt(self) -> None:
        """Something may have changed: nothing that is remembered counts until the feed was looked at."""
        self._doubted_at_s = time.monotonic()

    def find(self, token: str, seen: Seen) -> Holder | None:
        """Who holds this token, by what the live index has seen; None: ask the database."""
        found = self._by_token.get(_digest(token))
        if found is None:
            return None
        version, holder = found
        is_sure = (
            version == seen.version
            and seen.at_s > self._doubted_at_s
            and time.monotonic() - seen.at_s < _FRESH_FOR_S
        )
        is_good = holder.expires_at is None or utc_now() < holder.expires_at
        return holder if is_sure and is_good else None

    def remember(self, token: str, version: int, holder: Holder) -> None:
        """Note who holds a token, as the database said at this access version."""
        with self._lock:
            if len(self._by_token) >= _MOST_TOKENS:
                self._by_token.clear()
            self._by_token[_digest(token)] = version, holder
            self._by_partner[holder.actor.id] = holder

    def of_partner(self, partner_id: str) -> Holder | None:
        """What is known of a partner since it last came in; None for one that has not."""
        return self._by_partner.get(partner_id)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
