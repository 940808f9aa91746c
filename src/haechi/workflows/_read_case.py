# SPDX-License-Identifier: Apache-2.0
"""Reading a case: by the person it belongs to, or by the operator at the console."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from haechi import audit, bank, cases, evidence, notices
from haechi.cases import Case, CaseStatus, Sighting, Standing, Wishes
from haechi.errors import AnotherCase, NotFound
from haechi.notices import Notice
from haechi.values import Actor, AgeFacts, ContentStatus, MediaKind, Sharing, utc_now
from haechi.workflows._access import actor_of_session
from haechi.workflows._context import Context
from haechi.workflows._permissions import require_operator, require_person
from haechi.workflows._timeline import StepKind, Timeline, notices_as_of, timeline_of

_MOST_VISITS: Final = 10
_COMING_IN: Final = ("open_case", "enter_case", "recover_case")
_NO_NEWS: Final = frozenset({StepKind.NEXT_LOOK, StepKind.ACKNOWLEDGEMENT, StepKind.RECORDED})
"""What is only planned, and what she told herself."""


@dataclass(frozen=True, slots=True)
class ItemView:
    """One reported picture or video: what it is, with whom it is shared, whether uploads are matched."""

    id: str
    kind: MediaKind
    ages: AgeFacts
    reported_at: datetime
    withdrawn_at: datetime | None
    sharing: Sharing
    is_matched: bool


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A sighting and how it goes there, as far as she wants to see it now."""

    sighting: Sighting
    timeline: Timeline


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as its holder sees it.

    `has_news_waiting`: something happened that she asked not to be shown yet. `receipts` are (id, signed at)
    oldest first; `visits` when somebody came in (the opening too), newest first; `codes_left` and `has_split` her other ways
    back; `half_told_at` when the centre was last asked for its half.
    """

    number: str
    status: CaseStatus
    opened_at: datetime
    ages: AgeFacts
    standing: Standing
    wishes: Wishes
    items: tuple[ItemView, ...]
    places: tuple[PlaceView, ...]
    notices: tuple[Notice, ...]
    has_news_waiting: bool
    receipts: tuple[tuple[str, datetime], ...]
    visits: tuple[datetime, ...]
    codes_left: int
    has_split: bool
    half_told_at: datetime | None

    @property
    def sightings(self) -> tuple[Sighting, ...]:
        """The sightings in the order they were reported."""
        return tuple(place.sighting for place in self.places)


def read_case(ctx: Context, actor: Actor, *, shows_all: bool = False) -> CaseView:
    """The case of this person, and only that one, as far as she wants to see news now.

    Raises:
        NeedsAccess: not a person in a case. NotFound: it is erased.
    """
    return _view(ctx, require_person(actor), shows_all=shows_all)


def open_number(ctx: Context, session_token: str) -> str:
    """The number of the case that this session is in; empty if it has ended."""
    actor = actor_of_session(ctx, session_token) if session_token else None
    if actor is None:
        return ""
    with ctx.database.read() as tx:
        return cases.case_lock(tx, actor.id)[0]


def require_case(ctx: Context, actor: Actor, *, case_number: str) -> None:
    """Let pass who is in the case that the page she sends from is of: two may be open in two windows.

    Raises:
        NeedsAccess: not a person in a case. AnotherCase: another case is open on this device now.
    """
    case_id = require_person(actor)
    with ctx.database.read() as tx:
        if cases.case_lock(tx, case_id)[0] != case_number:
            raise AnotherCase


def read_receipt(ctx: Context, actor: Actor, *, receipt_id: str) -> dict[str, Any]:
    """A receipt of this person's case.

    Raises:
        NeedsAccess: not a person in a case. NotFound: the receipt is not of *her* case.
    """
    case_id = require_person(actor)
    with ctx.database.read() as tx:
        key_id = cases.case_key(tx, case_id)
        for stored in evidence.receipts_of(tx, ctx.vault, key_id, case_id):
            if stored.id == receipt_id:
                return dict(stored.receipt)
    raise NotFound


def read_case_file(ctx: Context, actor: Actor, *, case_number: str) -> CaseView:
    """Any case, for the operator; recorded.

    Raises:
        NeedsAccess: not the operator. NotFound: no such case.
    """
    require_operator(actor)
    with ctx.database.write() as tx:
        found = cases.find_case(tx, case_number)
        if found is None or not found[1]:
            raise NotFound
        audit.record(tx, actor, "read_case_file", found[0])
    return _view(ctx, found[0], shows_all=True)


def case_numbers(
    ctx: Context, actor: Actor, *, limit: int = 50
) -> list[tuple[str, CaseStatus, datetime]]:
    """(number, status, opened at) of the newest cases, for the operator; recorded.

    Raises:
        NeedsAccess: not the operator.
    """
    require_operator(actor)
    with ctx.database.write() as tx:
        audit.record(tx, actor, "list_cases", "")
        return cases.list_cases(tx, limit=limit)


def _view(ctx: Context, case_id: str, *, shows_all: bool) -> CaseView:
    now = utc_now()
    with ctx.database.read() as tx:
        case = cases.read_case(tx, ctx.vault, case_id)
        key_id = cases.case_key(tx, case_id)
        drafted = notices.notices_of(tx, ctx.vault, key_id, case_id)
        looked = notices.checks_of(tx, case_id)
        receipts = evidence.receipts_of(tx, ctx.vault, key_id, case_id)
        codes_left, split_at = cases.recovery_ways(tx, case_id)
        visits = audit.moments_of(tx, _COMING_IN, case_id, limit=_MOST_VISITS)
        half_told = audit.moments_of(tx, ["tell_half"], case_id, limit=1)
        items = _items(tx, case, now)
    until = now if shows_all else case.wishes.news_until(now)

    def as_of(at: datetime) -> list[Timeline]:
        is_watched = case.wishes.is_watched
        return [
            timeline_of(seen, drafted, looked, now=at, is_watched=is_watched)
            for seen in case.sightings
        ]

    shown = as_of(until)
    places = tuple(PlaceView(*place) for place in zip(case.sightings, shown, strict=True))
    return CaseView(
        number=case.number,
        status=case.status,
        opened_at=case.opened_at,
        ages=case.ages,
        standing=case.standing,
        wishes=case.wishes,
        items=items,
        places=places,
        notices=notices_as_of(drafted, until),
        has_news_waiting=until < now and any(_is_newer(each, until) for each in as_of(now)),
        receipts=tuple((stored.id, stored.signed_at) for stored in receipts),
        visits=visits,
        codes_left=codes_left,
        has_split=split_at is not None,
        # What was told of an earlier secret opens nothing any more.
        half_told_at=next((at for at in half_told if split_at is not None and at > split_at), None),
    )


def _items(tx: Connection, case: Case, now: datetime) -> tuple[ItemView, ...]:
    content_ids = [item.content_id for item in case.items]
    statuses = bank.content_statuses(tx, content_ids)
    shared = bank.sharing_of(tx, content_ids)
    nobody = Sharing(frozenset())
    return tuple(
        ItemView(
            item.id,
            item.kind,
            item.ages,
            item.reported_at,
            item.withdrawn_at,
            shared.get(item.content_id, nobody),
            statuses.get(item.content_id) is ContentStatus.ACTIVE
            and shared[item.content_id].is_open(now),
        )
        for item in case.items
    )


def _is_newer(timeline: Timeline, until: datetime) -> bool:
    """Whether something happened after that moment; what is only planned did not."""
    return any(
        step.at > until and not step.is_ahead and step.kind not in _NO_NEWS
        for step in timeline.steps
    )
