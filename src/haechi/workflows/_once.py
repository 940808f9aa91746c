# SPDX-License-Identifier: Apache-2.0
"""Doing once what may be sent twice: a verb's change and its kept answer stand in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from haechi import cases
from haechi.cases import SentBefore
from haechi.errors import AlreadySent, HaechiError
from haechi.values import utc_now
from haechi.workflows._context import Context

_ANSWER_KEPT: Final = timedelta(hours=1)
"""Long enough for a lost connection and a nervous tap; the answer may hold a passphrase."""

_SENDING_KEPT: Final = timedelta(days=90)
"""A page that stood open that long is not sent again by accident."""

Answer = dict[str, Any]
Act = Callable[[Connection], tuple[str, Answer]]


def answer_before(ctx: Context, verb: str, send_key: str) -> SentBefore | None:
    """What was answered when this was sent first; None if it is new, or came without a secret.

    Raises:
        MalformedField: the secret is none.
    """
    if not send_key:
        return None
    cases.check_send_key(send_key)
    with ctx.database.read() as tx:
        return cases.sent_before(tx, verb, send_key)


def do_once(ctx: Context, verb: str, send_key: str, act: Act) -> tuple[str, Answer]:
    """(case id, answer) of the first time this was sent: `act` runs then, and never again.

    Without a secret it runs each time. Of two that come at the same moment one waits for the other.

    Raises:
        AlreadySent: it was done, so long ago that the answer is forgotten. What `act` raises.
    """
    before = answer_before(ctx, verb, send_key)
    if before is None:
        try:
            with ctx.database.write() as tx:
                case_id, answer = act(tx)
                if send_key:
                    cases.keep_answer(tx, verb, send_key, case_id, answer)
        except (IntegrityError, HaechiError):
            # The other of two that came at once may have done it meanwhile: a code is used up, a case
            # erased. Then it is its answer that both get.
            before = answer_before(ctx, verb, send_key)
            if before is None:
                raise
        else:
            return case_id, answer
    if before.answer is None:
        raise AlreadySent
    return before.case_id, before.answer


def forget_old_answers(ctx: Context) -> None:
    """Forget what nobody sends again, and sessions of long ago; a verb of upkeep."""
    now = utc_now()
    with ctx.database.write() as tx:
        cases.forget_answers(tx, answers_before=now - _ANSWER_KEPT, all_before=now - _SENDING_KEPT)
