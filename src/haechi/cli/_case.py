# SPDX-License-Identifier: Apache-2.0
"""`haechi case` and `haechi notice`: what the support centre's console starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli._installation import OPERATOR, DataFolder, open_installation
from haechi.cli._output import JsonFlag, clean, emit, err, out

if TYPE_CHECKING:
    from haechi.workflows import CaseView

case_app = typer.Typer(
    help="Cases, as the centre sees them.\n\nExample: haechi case list", no_args_is_help=True
)
notice_app = typer.Typer(
    help="Notices: one service, one law.\n\nExample: haechi notice draft 7KQ2-M4XR --service Forum",
    no_args_is_help=True,
)

Number = Annotated[str, typer.Argument(help="The case number.", metavar="CASE")]


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
def show(case_number: Number, *, data_folder: DataFolder = None, as_json: JsonFlag = False) -> None:
    """Show one case: items, sightings, notices. It is recorded who looked.

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
        "items": [
            {
                "id": item.id,
                "kind": item.kind,
                "reported_at": item.reported_at.isoformat(),
                "withdrawn_at": None
                if item.withdrawn_at is None
                else item.withdrawn_at.isoformat(),
                "is_matched": item.is_matched,
            }
            for item in case.items
        ],
        "sightings": [
            {"id": seen.id, "url": seen.url, "place": seen.place, "note": seen.note}
            for seen in case.sightings
        ],
        "notices": [
            {
                "id": notice.id,
                "law": notice.law_id,
                "service": notice.service,
                "status": notice.status,
            }
            for notice in case.notices
        ],
    }


def _print(case: CaseView) -> None:
    lines = [f"{case.number}  {case.status}  opened {case.opened_at:%Y-%m-%d %H:%M} UTC"]
    for position, item in enumerate(case.items, 1):
        state = "matched" if item.is_matched else "withdrawn"
        lines.append(f"  item {position}      {item.kind}, {state}")
    for position, seen in enumerate(case.sightings, 1):
        where = "  ".join(clean(part) for part in (seen.url, seen.place, seen.note) if part)
        lines.append(f"  sighting {position}  {where}")
    lines += [
        f"  notice      {notice.law_id} to {clean(notice.service)}, {notice.status}"
        for notice in case.notices
    ]
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)


@notice_app.command("draft")
def draft(
    case_number: Number,
    *,
    service: Annotated[str, typer.Option(help="The service that the notice goes to.")],
    sighting: Annotated[int, typer.Option(help="Which sighting, counted from 1.", min=1)] = 1,
    law: Annotated[str, typer.Option(help="Under which law.")] = "US-TIDA",
    good_faith: Annotated[
        bool,
        typer.Option(
            "--good-faith", help="The person told us that it was published without her consent."
        ),
    ] = False,
    authorised: Annotated[
        bool,
        typer.Option("--authorised", help="The person authorised the centre to act for her."),
    ] = False,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Draft a notice for a sighting and keep it in the case. Nothing is sent.

    Example: haechi notice draft 7KQ2-M4XR --service "Example Forum" --good-faith --authorised
    """
    from haechi.workflows import DraftRequest, draft_notice

    request = DraftRequest(
        case_number, sighting, service, law, good_faith, has_authorisation=authorised
    )
    with open_installation(data_folder) as ctx:
        notice = draft_notice(ctx, OPERATOR, request)
    if as_json:
        emit(
            {
                "id": notice.id,
                "law": notice.law_id,
                "status": notice.status,
                "missing": list(notice.text.missing),
                "text": notice.text.text,
                "sha256": notice.text.sha256,
            }
        )
        return
    out.print(notice.text.text, markup=False, soft_wrap=True)
    if notice.text.missing:
        err.print(f"Not complete yet: {', '.join(notice.text.missing)}", style="yellow")
