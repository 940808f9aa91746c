# SPDX-License-Identifier: Apache-2.0
"""`haechi bank hold` and its kin: contents one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli._bank import HANDS, BankName, bank_app, told_content
from haechi.cli._installation import OPERATOR, DataFolder, open_installation
from haechi.cli._notice import moment_of
from haechi.cli._output import JsonFlag, clean, emit, err, out

if TYPE_CHECKING:
    from haechi.workflows import ContentHistory

__all__ = ["bank_app"]

ContentId = Annotated[str, typer.Argument(metavar="CONTENT", help="The content's id.")]


@bank_app.command("hold")
def hold(
    name: BankName,
    content: ContentId,
    *,
    until: Annotated[
        str | None,
        typer.Option("--until", help="It is released then by itself, like 2026-11-24T09:30."),
    ] = None,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Let a content match nothing, until a moment or until it is released.

    Example: haechi bank hold reports con_x --until 2026-12-24T09:00
    """
    from haechi.workflows import hold_content

    until_at = None if until is None else moment_of(until)
    with open_installation(data_folder) as ctx:
        hold_content(ctx, OPERATOR, bank_name=name, content_id=content, until=until_at)
    _say(content, "held", as_json=as_json)


@bank_app.command("release")
def release(
    name: BankName,
    content: ContentId,
    *,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Let a held content be matched again.

    Example: haechi bank release reports con_x
    """
    from haechi.workflows import release_content

    with open_installation(data_folder) as ctx:
        release_content(ctx, OPERATOR, bank_name=name, content_id=content)
    _say(content, "active", as_json=as_json)


@bank_app.command("lift")
def lift(
    name: BankName,
    content: ContentId,
    *,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """End a content's quarantine: its bank says again what a match means.

    Example: haechi bank lift reports con_x
    """
    from haechi.workflows import lift_quarantine

    with open_installation(data_folder) as ctx:
        lift_quarantine(ctx, OPERATOR, bank_name=name, content_id=content)
    _say(content, "out of quarantine", as_json=as_json)


@bank_app.command("withdraw")
def withdraw(
    name: BankName,
    content: ContentId,
    *,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Withdraw a content for good; what a person reported only she withdraws.

    Example: haechi bank withdraw school-cases con_x
    """
    from haechi.workflows import withdraw_content

    with open_installation(data_folder) as ctx:
        withdraw_content(ctx, OPERATOR, bank_name=name, content_id=content)
    _say(content, "withdrawn", as_json=as_json)


@bank_app.command("note")
def note(
    name: BankName,
    content: ContentId,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to note; empty: nothing.")],
    *,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Note something of a content, in place of what was noted; stored sealed.

    Example: haechi bank note reports con_x "a logo, asked the forum"
    """
    from haechi.workflows import note_content

    with open_installation(data_folder) as ctx:
        note_content(ctx, OPERATOR, bank_name=name, content_id=content, note=text)
    _say(content, "noted", as_json=as_json)


@bank_app.command("history")
def history(
    name: BankName,
    content: ContentId,
    *,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Show what is noted of a content and who did what with it, newest first.

    Example: haechi bank history reports con_x
    """
    from haechi.workflows import content_history

    with open_installation(data_folder) as ctx:
        found = content_history(ctx, OPERATOR, bank_name=name, content_id=content)
    if as_json:
        emit(_told(found))
        return
    one = found.content
    hand = HANDS.get(one.origin_kind, "somebody")
    out.print(f"{one.id}  {one.status.value}, put in by {hand}", markup=False)
    if found.note:
        out.print(f"  noted: {clean(found.note)}", markup=False, soft_wrap=True)
    for event in found.events:
        words = f"{event.at:%Y-%m-%d %H:%M} UTC  {event.verb}  {event.actor_kind} {event.actor_id}"
        out.print(f"  {clean(words)}  {clean(event.detail)}".rstrip(), markup=False, soft_wrap=True)


def _told(found: ContentHistory) -> dict[str, object]:
    return {
        **told_content(found.content),
        "note": found.note,
        "shared_with": sorted(found.sharing.kinds),
        "events": [
            {
                "at": event.at.isoformat(),
                "verb": event.verb,
                "actor_kind": event.actor_kind,
                "actor": event.actor_id,
                "detail": event.detail,
            }
            for event in found.events
        ],
    }


def _say(content_id: str, state: str, *, as_json: bool) -> None:
    if as_json:
        emit({"content": content_id, "state": state})
    else:
        err.print(f"It is {state}.")
