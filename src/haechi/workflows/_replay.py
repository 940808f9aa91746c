# SPDX-License-Identifier: Apache-2.0
"""The same request of a partner, sent again with its Idempotency-Key, gets the same answer."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from sqlalchemy.exc import IntegrityError

from haechi import exchange
from haechi.errors import KeyUsedBefore, MalformedField
from haechi.exchange import KeptAnswer
from haechi.values import Actor, ActorKind, utc_now
from haechi.workflows._context import Context
from haechi.workflows._permissions import Scope, require_scope
from haechi.workflows._reading import reading

_KEPT: Final = timedelta(hours=24)
_SEND_KEY: Final = re.compile(r"[\x21-\x7e]{1,100}")

_TURNS: Final = tuple(threading.Lock() for _ in range(1024))
"""Of two equal requests that come at once to this process the other waits and gets the first's answer."""


def answer_once(
    ctx: Context, actor: Actor, send_key: str, request: bytes, act: Callable[[], bytes]
) -> bytes:
    """What `act` answers; for a key that was sent within a day, what was answered then.

    `request` is all that the answer depends on. Without a key `act` runs each time. An error is not kept.
    Of two equal requests that come at once to two processes both may be done; both get one answer.

    Raises:
        NeedsAccess, NotYours: no partner with the scope `match`.
        KeyUsedBefore: the key came with another request. MalformedField: the key is none. What `act` raises.
    """
    require_scope(actor, Scope.MATCH)
    if not send_key or actor.kind is not ActorKind.PARTNER:
        return act()
    if not _SEND_KEY.fullmatch(send_key):
        raise MalformedField(
            field="Idempotency-Key", reason="An Idempotency-Key is 1 to 100 visible characters."
        )
    digest = hashlib.sha256(request).digest()
    with _TURNS[hash((actor.id, send_key)) % len(_TURNS)]:
        before = _answered(ctx, actor, send_key, digest)
        if before is not None:
            return before
        answer = act()
        try:
            with ctx.database.write() as tx:
                kept = KeptAnswer(digest, answer)
                exchange.keep_answer(tx, ctx.vault, actor.id, send_key, kept)
        except IntegrityError:
            # Another process was quicker.
            return _answered(ctx, actor, send_key, digest) or answer
        return answer


def _answered(ctx: Context, actor: Actor, send_key: str, digest: bytes) -> bytes | None:
    with reading(ctx.database) as tx:
        kept = exchange.kept_answer(tx, ctx.vault, actor.id, send_key)
    if kept is None:
        return None
    if kept.body_sha256 != digest:
        raise KeyUsedBefore
    return kept.answer


def forget_partner_answers(ctx: Context) -> None:
    """Forget what was answered more than a day ago; a verb of upkeep."""
    with ctx.database.write() as tx:
        exchange.forget_answers(tx, before=utc_now() - _KEPT)
