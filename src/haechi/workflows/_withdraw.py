# SPDX-License-Identifier: Apache-2.0
"""Withdrawing an item: from the commit on, no live index answers by it."""

from __future__ import annotations

from haechi import audit, bank, cases, review
from haechi.values import Actor, ContentStatus, utc_now
from haechi.workflows._context import Context
from haechi.workflows._permissions import require_person


def withdraw_item(ctx: Context, actor: Actor, *, item_id: str) -> None:
    """Withdraw one item of this person's case; doing it again is no change and no error.

    Raises:
        NeedsAccess: not a person in a case. NotFound: the item is not in *her* case.
    """
    case_id = require_person(actor)
    with ctx.database.write() as tx:
        content_id = cases.withdraw_item(tx, case_id, item_id)
        bank.set_status(tx, content_id, ContentStatus.WITHDRAWN)
        review.close_tasks_of(tx, content_id, at=utc_now())
        audit.record(tx, actor, "withdraw_item", item_id)
    ctx.changed()
