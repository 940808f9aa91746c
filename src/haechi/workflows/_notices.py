# SPDX-License-Identifier: Apache-2.0
"""Drafting a notice for a sighting, as the centre that acts for the person."""

from __future__ import annotations

from dataclasses import dataclass

from haechi import cases, notices
from haechi.errors import NotFound
from haechi.notices import Notice, Sender
from haechi.values import Actor, utc_now
from haechi.workflows import _audit
from haechi.workflows._context import Context
from haechi.workflows._permissions import require_operator


@dataclass(frozen=True, slots=True)
class DraftRequest:
    """Which sighting, to which service, under which law; `sighting` counts from 1.

    `declares_good_faith` and `has_authorisation` are what the person told the centre: that she did not
    consent, and that the centre may act for her.
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
            or no name of a service.
    """
    require_operator(actor)
    law = notices.law_named(request.law_id)
    service = notices.as_service(request.service)
    with ctx.database.write() as tx:
        found = cases.find_case(tx, request.case_number)
        if found is None:
            raise NotFound
        case = cases.read_case(tx, ctx.vault, found[0])
        if not 1 <= request.sighting <= len(case.sightings):
            raise NotFound
        seen = case.sightings[request.sighting - 1]
        text = notices.draft_text(
            law,
            service=service,
            case_number=case.number,
            location=", ".join(part for part in (seen.url, seen.place) if part),
            content_identification=request.content_identification
            or ("the picture or video at that address" if seen.url else ""),
            sender=Sender(ctx.settings.centre_name, ctx.settings.centre_contact),
            declares_good_faith=request.declares_good_faith,
            has_authorisation=request.has_authorisation,
            written_at=utc_now(),
        )
        notice = notices.add_notice(
            tx,
            ctx.vault,
            cases.case_key(tx, case.id),
            case_id=case.id,
            sighting_id=seen.id,
            law_id=law.id,
            service=service,
            text=text,
        )
        _audit.record(tx, actor, "draft_notice", notice.id)
    return notice
