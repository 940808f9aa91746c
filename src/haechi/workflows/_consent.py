# SPDX-License-Identifier: Apache-2.0
"""Consent: what is shared with whom, may the centre act, how often is there news; changed at any time."""

from __future__ import annotations

from haechi import audit, bank, cases
from haechi.cases import Agency, NewsEvery
from haechi.values import Actor, AgeFacts
from haechi.workflows._context import Context
from haechi.workflows._permissions import require_person
from haechi.workflows._report import SharingWish


def share_item(
    ctx: Context, actor: Actor, *, item_id: str, wish: SharingWish, ages: AgeFacts
) -> None:
    """Share one item of this person's case as she wishes from now on; no kinds: with nobody.

    What she says of the age counts at once: an item that is not surely an adult's no longer reaches
    services for adults only, and its regional signal is erased.

    Raises:
        NeedsAccess: not a person in a case. NotFound: the item is not in *her* case, or withdrawn.
    """
    case_id = require_person(actor)
    with ctx.database.write() as tx:
        key_id = cases.hold_case(tx, case_id)
        content_id = cases.item_content(tx, case_id, item_id)
        cases.set_ages(tx, ctx.vault, key_id, case_id=case_id, item_id=item_id, ages=ages)
        before = bank.sharing_of(tx, [content_id]).get(content_id)
        bank.set_sharing(tx, content_id, wish.from_now(ages, before=before))
        if not ages.is_adult:
            bank.forget_regions(tx, content_id)
        audit.record(tx, actor, "share_item", item_id)
    ctx.changed()


def say_agency(ctx: Context, actor: Actor, *, may_act: bool) -> None:
    """From now on the centre may act for this person, or may not; what it sent already stays sent.

    Raises:
        NeedsAccess: not a person in a case.
    """
    case_id = require_person(actor)
    with ctx.database.write() as tx:
        cases.set_agency(tx, case_id, Agency.YES if may_act else Agency.NO)
        audit.record(tx, actor, "allow_agency" if may_act else "end_agency", case_id)


def set_quiet(ctx: Context, actor: Actor, *, news_every: NewsEvery, is_watched: bool) -> None:
    """How often this person's page shows news, and whether anybody should look whether it came back.

    Raises:
        NeedsAccess: not a person in a case.
    """
    case_id = require_person(actor)
    with ctx.database.write() as tx:
        cases.set_quiet(tx, case_id, news_every=news_every, is_watched=is_watched)
        audit.record(tx, actor, "set_quiet", case_id)
