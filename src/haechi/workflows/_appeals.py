# SPDX-License-Identifier: Apache-2.0
"""Appeals: an uploader says that it was something else, and can ask how far that is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from haechi import audit, review
from haechi.errors import MalformedField, NotFound
from haechi.review import Appeal, TaskKind
from haechi.values import Actor, ActorKind, utc_now
from haechi.workflows._context import Context
from haechi.workflows._permissions import Scope, require_partner

MOST_APPEAL_CHARS: Final = 2_000

_APPEAL_PRIORITY: Final = 30


class AppealStep(StrEnum):
    """How far an appeal is."""

    RECEIVED = "received"
    LOOKED_AT = "looked_at"
    UPHELD = "upheld"
    TURNED_DOWN = "turned_down"


@dataclass(frozen=True, slots=True)
class AppealState:
    """How far an appeal is; nothing of what it is about."""

    reference: str
    step: AppealStep
    opened_at: datetime
    decided_at: datetime | None


def open_appeal(ctx: Context, actor: Actor, *, match_id: str, text: str) -> AppealState:
    """A new appeal against a match: by the platform for its uploader, or by the uploader.

    An uploader has the match's id from the platform, and nobody can guess one. The text is sealed, and
    destroyed a while after the decision.

    Raises:
        NotYours: a partner without the scope `opinions`. NotFound: no such match, or another partner's.
        AlreadyAppealed: there is one. MalformedField: no text, or a very long one.
    """
    partner_id = None
    if actor.kind is not ActorKind.NOBODY:
        require_partner(actor, Scope.OPINIONS)
        partner_id = actor.id
    if not 1 <= len(text.strip()) <= MOST_APPEAL_CHARS:
        raise MalformedField(
            field="text", reason=f"Say what it is, in at most {MOST_APPEAL_CHARS} characters."
        )
    with ctx.database.write() as tx:
        noted = review.match_by_id(tx, match_id, partner_id=partner_id)
        made = review.open_appeal(
            tx,
            ctx.vault,
            match_id=noted.id,
            content_id=noted.match.content_id,
            text=text.strip(),
        )
        review.open_task(
            tx,
            kind=TaskKind.APPEAL,
            subject_id=made.id,
            content_id=made.content_id,
            priority=_APPEAL_PRIORITY,
        )
        audit.record(tx, actor, "open_appeal", made.id)
    return _state(made, is_claimed=False)


def read_appeal(ctx: Context, actor: Actor, *, reference: str) -> AppealState:
    """How far an appeal is, by its reference: for anybody who has it; for a partner only if it is of one
    of its own matches.

    Raises:
        NotYours: a partner without the scope `opinions`. NotFound: no such appeal.
    """
    partner_id = None
    if actor.kind is not ActorKind.NOBODY:
        require_partner(actor, Scope.OPINIONS)
        partner_id = actor.id
    with ctx.database.read() as tx:
        found = review.appeal_by_id(tx, reference)
        if found.id == reference:
            # Its inner id is nobody's to ask by.
            raise NotFound
        if partner_id is not None:
            review.match_by_id(tx, found.match_id, partner_id=partner_id)
        is_claimed = review.is_looked_at(tx, found.id, at=utc_now())
    return _state(found, is_claimed=is_claimed)


def _state(found: Appeal, *, is_claimed: bool) -> AppealState:
    step = AppealStep.LOOKED_AT if is_claimed else AppealStep.RECEIVED
    if found.decided_at is not None:
        step = AppealStep(found.outcome)
    return AppealState(found.reference, step, found.opened_at, found.decided_at)
