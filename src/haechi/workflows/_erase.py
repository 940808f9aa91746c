# SPDX-License-Identifier: Apache-2.0
"""Erasing a case: its key is destroyed, every live index forgets, and she is given a signed statement."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection

from haechi import audit, bank, cases, evidence, notices, review
from haechi.errors import NeedsAccess
from haechi.values import Actor, ActorKind, ContentStatus, utc_now
from haechi.workflows._context import Context
from haechi.workflows._once import Answer, answer_before, do_once

_VERB: Final = "erase_case"


def erase_case(ctx: Context, actor: Actor | None, *, send_key: str = "") -> dict[str, Any]:
    """Erase this person's case for good; returns a signed statement of what was erased, and when.

    Its data key is destroyed, so that nothing that was sealed opens again; her texts, notices, receipts
    and signals are taken out of the tables; each item becomes a withdrawal in the change feed, which
    reaches every live index within a second. The audit log keeps that it happened, without content.
    Sent again with the same key, it gives the same statement, also when the session has ended with
    the case.

    Raises:
        NeedsAccess: not a person in a case, and nothing was erased with this key.
        NotFound: it is erased already, by somebody else.
    """
    is_person = actor is not None and actor.kind is ActorKind.PERSON
    if not is_person and answer_before(ctx, _VERB, send_key) is None:
        raise NeedsAccess

    def act(tx: Connection) -> tuple[str, Answer]:
        if actor is None or not is_person:
            raise NeedsAccess
        cases.hold_case(tx, actor.id)
        case = cases.read_case(tx, ctx.vault, actor.id)
        for content_id in cases.erase_case(tx, ctx.vault, case.id):
            bank.set_status(tx, content_id, ContentStatus.WITHDRAWN)
            review.close_tasks_of(tx, content_id, at=utc_now())
        notices.forget_case(tx, case.id)
        evidence.forget_receipts(tx, case.id)
        audit.record(tx, actor, _VERB, case.id)
        statement = evidence.sign_erasure(
            ctx.keys.signing,
            case_number=case.number,
            erased_at=utc_now(),
            item_count=len(case.items),
            sighting_count=len(case.sightings),
        )
        return case.id, {"statement": statement}

    _, answer = do_once(ctx, _VERB, send_key, act)
    ctx.changed()
    # Tried again by the upkeep while somebody reads.
    ctx.database.clear_log()
    return dict(answer["statement"])
