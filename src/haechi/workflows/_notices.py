# SPDX-License-Identifier: Apache-2.0
"""What the centre does for the person: notices drafted, sent and received, and looks at a sighting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from haechi import audit, cases, notices
from haechi.cases import Agency, Case, Sighting
from haechi.errors import NoAgency, NotFound
from haechi.notices import Check, CheckOutcome, Notice, Sender
from haechi.values import Actor, utc_now
from haechi.workflows._context import Context
from haechi.workflows._permissions import require_operator


@dataclass(frozen=True, slots=True)
class DraftRequest:
    """Which sighting, to which service, under which law; `sighting` counts from 1.

    `declares_good_faith` and `has_authorisation` are what the person told the centre: that she did not
    consent, and that the centre may act for her. What she says in her case herself goes before the latter.
    """

    case_number: str
    sighting: int
    service: str
    law_id: str
    declares_good_faith: bool
    content_identification: str = ""
    has_authorisation: bool = False


def draft_notice(ctx: Context, actor: Actor, request: DraftRequest) -> Notice:
    """A draft, kept in the case; nothing is sent, and its clock has not started.

    The centre of the settings signs; the person's own name and contact are nowhere in it. What the
    law requires and is still empty is named in the result.

    Raises:
        NeedsAccess: not the operator. NotFound: no such case or sighting. MalformedField: no such law,
            or no name of a service. NoAgency: she said that the centre may not act for her.
    """
    require_operator(actor)
    law = notices.law_named(request.law_id)
    service = notices.as_service(request.service)
    with ctx.database.write() as tx:
        case, seen = _sighting(ctx, tx, request.case_number, request.sighting)
        text = notices.draft_text(
            law,
            service=service,
            case_number=case.number,
            location=", ".join(part for part in (seen.url, seen.place) if part),
            content_identification=request.content_identification
            or ("the picture or video at that address" if seen.url else ""),
            sender=Sender(ctx.settings.centre_name, ctx.settings.centre_contact),
            declares_good_faith=request.declares_good_faith,
            has_authorisation=_may_act(case, told=request.has_authorisation),
            written_at=utc_now(),
        )
        notice = notices.add_notice(
            tx,
            ctx.vault,
            cases.hold_case(tx, case.id),
            case_id=case.id,
            sighting_id=seen.id,
            law_id=law.id,
            service=service,
            text=text,
        )
        audit.record(tx, actor, "draft_notice", notice.id)
    return notice


def record_sent(
    ctx: Context, actor: Actor, *, case_number: str, notice_id: str, at: datetime
) -> Notice:
    """Record that a notice of this case went out; its clock counts from there, unconfirmed.

    It keeps what happened, so it does not ask whether the centre may still act for her.

    Raises:
        NeedsAccess: not the operator. NotFound: no such case, or no such notice in it.
        MalformedField: the notice is not complete, or the time cannot be.
    """
    require_operator(actor)
    with ctx.database.write() as tx:
        case_id = _case_id(tx, case_number)
        key_id = cases.hold_case(tx, case_id)
        notice = notices.mark_sent(
            tx, ctx.vault, key_id, case_id=case_id, notice_id=notice_id, at=at
        )
        audit.record(tx, actor, "record_sent", notice.id)
    return notice


def record_received(
    ctx: Context, actor: Actor, *, case_number: str, notice_id: str, at: datetime
) -> Notice:
    """Record that the service confirmed a notice of this case; its clock counts from when it came.

    Raises:
        NeedsAccess: not the operator. NotFound: no such case, or no such notice in it.
        MalformedField: the notice is not recorded as sent, or the time cannot be.
    """
    require_operator(actor)
    with ctx.database.write() as tx:
        case_id = _case_id(tx, case_number)
        key_id = cases.hold_case(tx, case_id)
        notice = notices.mark_received(
            tx, ctx.vault, key_id, case_id=case_id, notice_id=notice_id, at=at
        )
        audit.record(tx, actor, "record_received", notice.id)
    return notice


def record_check(
    ctx: Context,
    actor: Actor,
    *,
    case_number: str,
    sighting: int,
    outcome: CheckOutcome,
    country: str | None = None,
    looked_at: datetime,
) -> Check:
    """Record what a look at a sighting found; `sighting` counts from 1.

    Raises:
        NeedsAccess: not the operator. NotFound: no such case or sighting. MalformedField: a country
            that is missing, unknown or out of place, or a time that cannot be.
    """
    require_operator(actor)
    with ctx.database.write() as tx:
        case, seen = _sighting(ctx, tx, case_number, sighting)
        check = notices.add_check(
            tx,
            case_id=case.id,
            sighting_id=seen.id,
            outcome=outcome,
            country=country,
            looked_at=looked_at,
        )
        audit.record(tx, actor, "record_check", check.id)
    return check


def _may_act(case: Case, *, told: bool) -> bool:
    """Whether the centre may say that it acts for her: her own word in the case goes first."""
    agency = case.wishes.agency
    if agency is Agency.NO and told:
        raise NoAgency
    return agency is Agency.YES or told


def _case_id(tx: Connection, case_number: str) -> str:
    found = cases.find_case(tx, case_number)
    if found is None:
        raise NotFound
    return found[0]


def _sighting(
    ctx: Context, tx: Connection, case_number: str, position: int
) -> tuple[Case, Sighting]:
    case_id = _case_id(tx, case_number)
    cases.hold_case(tx, case_id)
    case = cases.read_case(tx, ctx.vault, case_id)
    if not 1 <= position <= len(case.sightings):
        raise NotFound
    return case, case.sightings[position - 1]
