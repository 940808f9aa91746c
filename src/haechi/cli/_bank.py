# SPDX-License-Identifier: Apache-2.0
"""`haechi bank`: what is matched, what a match means, and who may read and write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from haechi.cli._installation import OPERATOR, DataFolder, open_installation
from haechi.cli._output import JsonFlag, clean, emit, err, out
from haechi.values import PDQ_MATCH_RADIUS_BITS, BankPolicy, ContentStatus, StaffRole

if TYPE_CHECKING:
    from haechi.workflows import Bank, BankSummary, BankView, Content

bank_app = typer.Typer(
    help="Named lists of known signals.\n\nExample: haechi bank list", no_args_is_help=True
)

HANDS: Final = {"case": "a person", "staff": "staff", "partner": "a partner", "source": "a source"}
"""Who put a content in, in words."""

BankName = Annotated[str, typer.Argument(metavar="NAME", help="The bank's name.")]
Note = Annotated[str | None, typer.Option("--note", help="What it is for.")]
WriterRole = Annotated[
    StaffRole | None,
    typer.Option("--writers", help="The least role that may write into it: worker or lead."),
]


@bank_app.command("list")
def list_all(*, data_folder: DataFolder = None, as_json: JsonFlag = False) -> None:
    """Show every bank and how many contents it has.

    Example: haechi bank list
    """
    from haechi.workflows import list_banks

    with open_installation(data_folder) as ctx:
        found = list_banks(ctx, OPERATOR)
    for one in found:
        if as_json:
            emit(_summary(one))
        else:
            out.print(_line(one), markup=False, soft_wrap=True)


@bank_app.command("show")
def show(
    name: BankName,
    *,
    status: Annotated[
        ContentStatus | None, typer.Option("--status", help="Only contents that are so.")
    ] = None,
    quarantined: Annotated[
        bool, typer.Option("--quarantined", help="Only contents in quarantine.")
    ] = False,
    after: Annotated[
        int, typer.Option("--after", help="Go on after this number of a content.", min=0)
    ] = 0,
    limit: Annotated[
        int, typer.Option("--limit", help="So many contents.", min=1, max=10_000)
    ] = 50,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Show a bank, who may read and write it, and some of its contents; never their signals.

    Example: haechi bank show reports --status held
    """
    from haechi.workflows import read_bank

    with open_installation(data_folder) as ctx:
        view = read_bank(
            ctx,
            OPERATOR,
            name=name,
            after=after,
            limit=limit,
            status=status,
            is_quarantined=True if quarantined else None,
        )
    if as_json:
        emit(_viewed(view))
        return
    out.print(_line(view), markup=False, soft_wrap=True)
    for one in view.access:
        may = " and ".join(
            w for w, yes in (("reads", one.may_read), ("writes", one.may_write)) if yes
        )
        out.print(f"  {clean(one.partner)}  {may}", markup=False)
    for content in view.contents:
        out.print(f"  {content.id}  {_state(content)}", markup=False)
    if view.after is not None:
        err.print(f"There are more: --after {view.after}")


@bank_app.command("add")
def add(
    name: BankName,
    *,
    policy: Annotated[
        BankPolicy,
        typer.Option("--policy", help="What a match means; allow: it vetoes other matches."),
    ] = BankPolicy.BLOCK,
    radius: Annotated[
        int, typer.Option("--radius", help="How many bits a PDQ value may be away, 0 to 31.")
    ] = PDQ_MATCH_RADIUS_BITS,
    limited: Annotated[
        bool, typer.Option("--limited", help="Only partners that are let in are told of it.")
    ] = False,
    off: Annotated[bool, typer.Option("--off", help="Nobody is told of it yet.")] = False,
    writers: WriterRole = None,
    note: Note = None,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Make a bank.

    Example: haechi bank add school-cases --policy review --limited
    """
    from haechi.workflows import create_bank

    with open_installation(data_folder, may_create=True) as ctx:
        made = create_bank(
            ctx,
            OPERATOR,
            name=name,
            policy=policy,
            radius_bits=radius,
            is_limited=limited,
            is_on=not off,
            writer_role=writers or StaffRole.LEAD,
            note=note or "",
        )
    _say(made, "Made.", as_json=as_json)


@bank_app.command("change")
def change(
    name: BankName,
    *,
    new_name: Annotated[str | None, typer.Option("--name", help="A new name.")] = None,
    policy: Annotated[
        BankPolicy | None, typer.Option("--policy", help="What a match means.")
    ] = None,
    radius: Annotated[
        int | None, typer.Option("--radius", help="How many bits a PDQ value may be away, 0 to 31.")
    ] = None,
    limited: Annotated[
        bool | None,
        typer.Option("--limited/--for-all", help="Who is told of it: who is let in, or all."),
    ] = None,
    on: Annotated[
        bool | None, typer.Option("--on/--off", help="Whether anybody is told of it.")
    ] = None,
    writers: WriterRole = None,
    note: Note = None,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Change a bank; what is not named stays as it is.

    Example: haechi bank change school-cases --policy block
    """
    from haechi.workflows import change_bank

    with open_installation(data_folder) as ctx:
        changed = change_bank(
            ctx,
            OPERATOR,
            name=name,
            new_name=new_name,
            policy=policy,
            radius_bits=radius,
            is_limited=limited,
            is_on=on,
            writer_role=writers,
            note=note,
        )
    _say(changed, "Changed.", as_json=as_json)


@bank_app.command("access")
def access(
    name: BankName,
    *,
    partner: Annotated[str, typer.Option("--partner", help="The organisation's name.")],
    read: Annotated[
        bool, typer.Option("--read", help="It is told of the bank, where that is limited.")
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="It may put contents in.")] = False,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Say what a partner may do with a bank; with neither flag nothing that others may not.

    Example: haechi bank access school-cases --partner forum --read
    """
    from haechi.workflows import set_bank_access

    with open_installation(data_folder) as ctx:
        set_bank_access(ctx, OPERATOR, name=name, partner=partner, may_read=read, may_write=write)
    if as_json:
        emit({"name": name, "partner": partner, "may_read": read, "may_write": write})
    else:
        err.print("Changed.")


def told_content(content: Content) -> dict[str, Any]:
    """A content as JSON takes it."""
    return {
        "content": content.id,
        "status": content.status.value,
        "quarantined": content.quarantined_at is not None,
        "held_until": content.held_until.isoformat() if content.held_until else None,
        "from": content.origin_kind,
        "has_note": content.has_note,
        "created_at": content.created_at.isoformat(),
        "changed_at": content.changed_at.isoformat(),
    }


def _say(bank: Bank, done: str, *, as_json: bool) -> None:
    if as_json:
        emit(_told(bank))
    else:
        err.print(done)


def _told(bank: Bank) -> dict[str, Any]:
    return {
        "name": bank.name,
        "policy": bank.policy.value,
        "radius": bank.radius_bits,
        "on": bank.is_on,
        "limited": bank.is_limited,
        "writers": bank.writer_role.value,
        "note": bank.note,
    }


def _summary(one: BankSummary | BankView) -> dict[str, Any]:
    counts = one.counts
    return {
        **_told(one.bank),
        "active": counts.active,
        "held": counts.held,
        "withdrawn": counts.withdrawn,
        "quarantined": counts.quarantined,
    }


def _viewed(view: BankView) -> dict[str, Any]:
    return {
        **_summary(view),
        "access": [
            {"partner": one.partner, "may_read": one.may_read, "may_write": one.may_write}
            for one in view.access
        ],
        "contents": [told_content(content) for content in view.contents],
        "after": view.after,
    }


def _line(one: BankSummary | BankView) -> str:
    bank, counts = one.bank, one.counts
    words = [bank.policy.value, f"within {bank.radius_bits} bits"]
    words += ["limited"] if bank.is_limited else []
    words += [] if bank.is_on else ["off"]
    words += [f"{counts.active} active", f"{counts.held} held", f"{counts.withdrawn} withdrawn"]
    words += [f"{counts.quarantined} in quarantine"] if counts.quarantined else []
    return f"{clean(bank.name)}  {', '.join(words)}"


def _state(content: Content) -> str:
    words = [content.status.value]
    if content.held_until is not None:
        words.append(f"until {content.held_until:%Y-%m-%d %H:%M} UTC")
    words += ["in quarantine"] if content.quarantined_at else []
    words.append(f"put in by {HANDS.get(content.origin_kind, 'somebody')}")
    words.append(f"{content.created_at:%Y-%m-%d}")
    words += ["noted"] if content.has_note else []
    return ", ".join(words)
