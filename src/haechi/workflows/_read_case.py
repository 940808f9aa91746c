# SPDX-License-Identifier: Apache-2.0
"""Reading a case: by the person it belongs to, or by the operator at the console."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from haechi import bank, cases, notices
from haechi.cases import CaseStatus, Sighting
from haechi.errors import NotFound
from haechi.notices import Notice
from haechi.values import Actor, ContentStatus, MediaKind
from haechi.workflows import _audit
from haechi.workflows._context import Context
from haechi.workflows._permissions import require_operator, require_person


@dataclass(frozen=True, slots=True)
class ItemView:
    """One reported picture or video: what it is, and whether uploads are matched against it."""

    id: str
    kind: MediaKind
    reported_at: datetime
    withdrawn_at: datetime | None
    is_matched: bool


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as its holder sees it."""

    number: str
    status: CaseStatus
    opened_at: datetime
    items: tuple[ItemView, ...]
    sightings: tuple[Sighting, ...]
    notices: tuple[Notice, ...]


def read_case(ctx: Context, actor: Actor) -> CaseView:
    """The case of this person, and only that one.

    Raises:
        NeedsAccess: not a person in a case.
    """
    return _view(ctx, require_person(actor))


def read_case_file(ctx: Context, actor: Actor, *, case_number: str) -> CaseView:
    """Any case, for the operator; recorded.

    Raises:
        NeedsAccess: not the operator. NotFound: no such case.
    """
    require_operator(actor)
    with ctx.database.write() as tx:
        found = cases.find_case(tx, case_number)
        if found is None:
            raise NotFound
        _audit.record(tx, actor, "read_case_file", found[0])
    return _view(ctx, found[0])


def case_numbers(
    ctx: Context, actor: Actor, *, limit: int = 50
) -> list[tuple[str, CaseStatus, datetime]]:
    """(number, status, opened at) of the newest cases, for the operator; recorded.

    Raises:
        NeedsAccess: not the operator.
    """
    require_operator(actor)
    with ctx.database.write() as tx:
        _audit.record(tx, actor, "list_cases", "")
        return cases.list_cases(tx, limit=limit)


def _view(ctx: Context, case_id: str) -> CaseView:
    with ctx.database.read() as tx:
        case = cases.read_case(tx, ctx.vault, case_id)
        statuses = bank.content_statuses(tx, [item.content_id for item in case.items])
        key_id = cases.case_key(tx, case_id)
        drafted = notices.notices_of(tx, ctx.vault, key_id, case_id)
    return CaseView(
        number=case.number,
        status=case.status,
        opened_at=case.opened_at,
        items=tuple(
            ItemView(
                item.id,
                item.kind,
                item.reported_at,
                item.withdrawn_at,
                statuses.get(item.content_id) is ContentStatus.ACTIVE,
            )
            for item in case.items
        ),
        sightings=case.sightings,
        notices=tuple(drafted),
    )
