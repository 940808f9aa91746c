# SPDX-License-Identifier: Apache-2.0
"""`haechi notice`: drafted here, sent by the centre's own mail, and recorded here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli._installation import OPERATOR, DataFolder, open_installation
from haechi.cli._output import JsonFlag, emit, err, out
from haechi.errors import MalformedField
from haechi.values import utc_now

if TYPE_CHECKING:
    from haechi.workflows import Notice

notice_app = typer.Typer(
    help="Notices: one service, one law.\n\nExample: haechi notice draft 7KQ2-M4XR --service Forum",
    no_args_is_help=True,
)

CaseNumber = Annotated[str, typer.Argument(help="The case number.", metavar="CASE")]
At = Annotated[
    str | None,
    typer.Option(
        "--at",
        help="When, such as 2026-11-24T09:30 in this machine's time, or 2026-11-24T09:30+09:00; now, if left out.",
        show_default=False,
    ),
]
_NoticeId = Annotated[
    str,
    typer.Argument(help="The id of the notice, as draft and case show print it.", metavar="NOTICE"),
]


def moment_of(typed: str | None) -> datetime:
    """The moment that was typed, in UTC; without a zone it is this machine's time. None means now.

    Raises:
        MalformedField: it is no date with a time of day.
    """
    if typed is None:
        return utc_now()
    # A day alone would be its midnight, and a clock of the law would count from there.
    if ":" in typed:
        try:
            return datetime.fromisoformat(typed.strip()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise MalformedField(
        field="at",
        reason="This time cannot be read. Write date and time like 2026-11-24T09:30, which is this "
        "machine's time, or with a zone like 2026-11-24T09:30+09:00.",
    )


@notice_app.command("draft")
def draft(
    case_number: CaseNumber,
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
    # Not among the text, which may go straight into a mail.
    err.print(f"Notice {notice.id}", markup=False)


@notice_app.command("sent")
def sent(
    case_number: CaseNumber,
    notice_id: _NoticeId,
    *,
    at: At = None,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Record that a notice went out. Its clock counts from there until the service confirms it.

    Example: haechi notice sent 7KQ2-M4XR ntc_4f7k2 --at 2026-11-24T09:30+09:00
    """
    from haechi.workflows import record_sent

    _record(record_sent, case_number, notice_id, at, data_folder, as_json=as_json)


@notice_app.command("received")
def received(
    case_number: CaseNumber,
    notice_id: _NoticeId,
    *,
    at: At = None,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Record that the service confirmed a notice. Its clock counts from when it came.

    Example: haechi notice received 7KQ2-M4XR ntc_4f7k2 --at 2026-11-24T11:00+09:00
    """
    from haechi.workflows import record_received

    _record(record_received, case_number, notice_id, at, data_folder, as_json=as_json)


def _record(
    verb: Callable[..., Notice],
    case_number: str,
    notice_id: str,
    at: str | None,
    data_folder: DataFolder,
    *,
    as_json: bool,
) -> None:
    with open_installation(data_folder) as ctx:
        notice = verb(ctx, OPERATOR, case_number=case_number, notice_id=notice_id, at=moment_of(at))
    _show(notice, as_json=as_json)


def _show(notice: Notice, *, as_json: bool) -> None:
    due_at = notice.clock.due_at
    if as_json:
        emit(
            {
                "id": notice.id,
                "status": notice.status,
                "sent_at": None if notice.sent_at is None else notice.sent_at.isoformat(),
                "received_at": None
                if notice.received_at is None
                else notice.received_at.isoformat(),
                "due_at": None if due_at is None else due_at.isoformat(),
                "is_confirmed": notice.clock.is_confirmed,
            }
        )
        return
    counted = "the receipt" if notice.clock.is_confirmed else "the sending, unconfirmed"
    if due_at is not None:
        out.print(f"Recorded. By law due {due_at:%Y-%m-%d %H:%M} UTC, counted from {counted}.")
