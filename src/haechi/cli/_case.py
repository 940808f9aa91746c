# SPDX-License-Identifier: Apache-2.0
"""`haechi case`: what the support centre's console starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli._installation import OPERATOR, DataFolder, open_installation
from haechi.cli._notice import At, CaseNumber, moment_of, notice_app
from haechi.cli._output import JsonFlag, clean, emit, out
from haechi.errors import MalformedField

if TYPE_CHECKING:
    from datetime import datetime

    from haechi.values import AgeFacts
    from haechi.workflows import (
        CaseView,
        CheckOutcome,
        ItemView,
        Notice,
        PlaceView,
        Sighting,
        Timeline,
    )

__all__ = ["case_app", "notice_app"]

case_app = typer.Typer(
    help="Cases, as the centre sees them.\n\nExample: haechi case list", no_args_is_help=True
)


@case_app.command("list")
def list_newest(
    *,
    limit: Annotated[int, typer.Option(help="How many at most.", min=1)] = 50,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the newest cases. It is recorded who looked.

    Example: haechi case list
    """
    from haechi.workflows import case_numbers

    with open_installation(data_folder) as ctx:
        rows = case_numbers(ctx, OPERATOR, limit=limit)
    for number, status, opened_at in rows:
        if as_json:
            emit({"case_number": number, "status": status, "opened_at": opened_at.isoformat()})
        else:
            out.print(f"{number}  {status:9}  {opened_at:%Y-%m-%d %H:%M} UTC")


@case_app.command("show")
def show(
    case_number: CaseNumber, *, data_folder: DataFolder = None, as_json: JsonFlag = False
) -> None:
    """Show one case: items, sightings and how they stand, notices. It is recorded who looked.

    Example: haechi case show 7KQ2-M4XR
    """
    from haechi.workflows import read_case_file

    with open_installation(data_folder) as ctx:
        case = read_case_file(ctx, OPERATOR, case_number=case_number)
    if as_json:
        emit(_line(case))
    else:
        _print(case)


def _line(case: CaseView) -> dict[str, object]:
    return {
        "case_number": case.number,
        "status": case.status,
        "opened_at": case.opened_at.isoformat(),
        "items": [_item_line(item) for item in case.items],
        "sightings": [_sighting_line(place.sighting) for place in case.places],
        "notices": [_notice_line(notice) for notice in case.notices],
        "timelines": [_standing(place.timeline) for place in case.places],
        "standing": case.standing.value,
        "under_18_when_taken": case.ages.under_18_when_taken,
        "under_19_kr": case.ages.under_19_kr,
        "agency": case.wishes.agency.value,
    }


def _item_line(item: ItemView) -> dict[str, object]:
    return {
        "id": item.id,
        "kind": item.kind,
        "reported_at": item.reported_at.isoformat(),
        "withdrawn_at": _iso(item.withdrawn_at),
        "is_matched": item.is_matched,
        "under_18_when_taken": item.ages.under_18_when_taken,
        "under_19_kr": item.ages.under_19_kr,
        "shared_with": sorted(item.sharing.kinds),
        "shared_until": _iso(item.sharing.until),
    }


def _sighting_line(seen: Sighting) -> dict[str, object]:
    return {
        "id": seen.id,
        "url": seen.url,
        "place": seen.place,
        "note": seen.note,
        "told_by": seen.told_by,
        "first_heard_on": seen.first_heard_on,
        "threats": seen.threats,
    }


def _notice_line(notice: Notice) -> dict[str, object]:
    return {
        "id": notice.id,
        "law": notice.law_id,
        "service": notice.service,
        "status": notice.status,
        "sent_at": _iso(notice.sent_at),
        "received_at": _iso(notice.received_at),
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _standing(timeline: Timeline) -> dict[str, object]:
    """How it stands at a sighting: state, countries where it is blocked, and what is next."""
    following = timeline.next
    return {
        "sighting_id": timeline.sighting_id,
        "state": timeline.state.value,
        "blocked_in": list(timeline.blocked_in),
        "next": None
        if following is None
        else {"kind": following.kind.value, "at": following.at.isoformat()},
    }


def _print(case: CaseView) -> None:
    lines = [f"{case.number}  {case.status}  opened {case.opened_at:%Y-%m-%d %H:%M} UTC"]
    for position, item in enumerate(case.items, 1):
        lines.append(f"  item {position}      {item.kind}, {_item_state(item)}, {_age(item.ages)}")
    for position, place in enumerate(case.places, 1):
        lines += _place_lines(position, place)
    lines += [
        f"  notice      {notice.id}  {notice.law_id} to {clean(notice.service)}, {notice.status}"
        for notice in case.notices
    ]
    lines.append(f"  opened by: {case.standing.value}; {_age(case.ages)}")
    lines.append(f"  may the centre act for her: {case.wishes.agency.value}")
    if not case.wishes.is_watched:
        lines.append("  she asked that nobody looks at places again")
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)


def _item_state(item: ItemView) -> str:
    if item.withdrawn_at is not None:
        return "withdrawn"
    return "matched" if item.is_matched else "not shared"


def _age(ages: AgeFacts) -> str:
    """The two facts of the person in it, as the laws name them."""
    said = {True: "yes", False: "no", None: "not said"}
    return (
        f"under 18 when taken: {said[ages.under_18_when_taken]}, "
        f"under 19 (KR): {said[ages.under_19_kr]}"
    )


def _place_lines(position: int, place: PlaceView) -> list[str]:
    seen, timeline = place.sighting, place.timeline
    where = "  ".join(clean(part) for part in (seen.url, seen.place, seen.note) if part)
    told = [
        f"              {name}: {clean(text)}"
        for name, text in (
            ("told by", seen.told_by),
            ("first heard on", seen.first_heard_on),
            ("threats", seen.threats),
        )
        if text
    ]
    state = " ".join([timeline.state.value, *timeline.blocked_in])
    following = ""
    if timeline.next is not None:
        following = f", next: {timeline.next.kind.value} {timeline.next.at:%Y-%m-%d %H:%M} UTC"
    return [f"  sighting {position}  {where}", *told, f"              {state}{following}"]


@case_app.command("half")
def half(
    case_number: CaseNumber, *, data_folder: DataFolder = None, as_json: JsonFlag = False
) -> None:
    """Tell the centre's half of a case's shared secret. It is recorded, and she sees it in her case.

    Tell it to her only, once you know that it is she. Alone it opens nothing.

    Example: haechi case half 7KQ2-M4XR
    """
    from haechi.workflows import tell_half

    with open_installation(data_folder) as ctx:
        told = tell_half(ctx, OPERATOR, case_number=case_number)
    if as_json:
        emit({"half": told})
    else:
        out.print(told, markup=False)


@case_app.command("check")
def check(
    case_number: CaseNumber,
    *,
    outcome: Annotated[
        str,
        typer.Option(
            help="What the look found: up, removed, blocked_in, deindexed, refused, no_answer or reappeared."
        ),
    ],
    place: Annotated[int, typer.Option(help="Which sighting, counted from 1.", min=1)] = 1,
    country: Annotated[
        str | None,
        typer.Option(help="Where it is blocked, in two letters.", show_default=False),
    ] = None,
    at: At = None,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Record what a look at a sighting found. Blocked in a country is not removed.

    Example: haechi case check 7KQ2-M4XR --place 1 --outcome blocked_in --country KR
    """
    from haechi.workflows import record_check

    with open_installation(data_folder) as ctx:
        kept = record_check(
            ctx,
            OPERATOR,
            case_number=case_number,
            sighting=place,
            outcome=_outcome(outcome),
            country=country,
            looked_at=moment_of(at),
        )
    if as_json:
        emit(
            {
                "id": kept.id,
                "sighting_id": kept.sighting_id,
                "outcome": kept.outcome.value,
                "country": kept.country,
                "looked_at": kept.looked_at.isoformat(),
            }
        )
        return
    found = " ".join([kept.outcome.value, *([kept.country] if kept.country else [])])
    out.print(f"Recorded: {found}, {kept.looked_at:%Y-%m-%d %H:%M} UTC")


def _outcome(typed: str) -> CheckOutcome:
    from haechi.workflows import CheckOutcome

    try:
        return CheckOutcome(typed)
    except ValueError as error:
        raise MalformedField(
            field="outcome", reason=f"No such outcome. There is: {', '.join(sorted(CheckOutcome))}."
        ) from error
