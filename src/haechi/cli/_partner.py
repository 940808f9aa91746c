# SPDX-License-Identifier: Apache-2.0
"""`haechi partner`: who may ask, what they may learn, and how long."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from haechi.cli._installation import OPERATOR, DataFolder, open_installation
from haechi.cli._output import JsonFlag, clean, emit, err, out
from haechi.values import PartnerKind

if TYPE_CHECKING:
    from haechi.workflows import PartnerView, Token

partner_app = typer.Typer(
    help="Organisations with tokens.\n\nExample: haechi partner list", no_args_is_help=True
)

Name = Annotated[str, typer.Option("--name", help="The organisation's name.")]
Days = Annotated[
    int | None, typer.Option("--days", help="The token ends after so many days.", min=1)
]
Scopes = Annotated[
    list[str],
    typer.Option(
        "--scope",
        help="match, distance, metrics, changes, opinions, contribute, webhooks; may be repeated.",
    ),
]
Purpose = Annotated[str | None, typer.Option("--purpose", help="What it asks for.")]
Contact = Annotated[str | None, typer.Option("--contact", help="Whom to write to.")]
PerMin = Annotated[
    int | None, typer.Option("--lookups-per-min", help="Signals it may ask for in a minute.", min=1)
]
KeptHours = Annotated[
    int | None,
    typer.Option(
        "--keep-lookups-h",
        help="Keep its lookups so long, sealed, and tell it when one is reported later.",
        min=0,
    ),
]
_ONCE = "This token is shown once. Give it to the partner over a safe channel."


@partner_app.command("add")
def add(
    *,
    name: Name,
    scope: Scopes,
    kind: Annotated[
        PartnerKind,
        typer.Option("--kind", help="What sort of service it is: people share by it, or do not."),
    ] = PartnerKind.PLATFORM,
    serves_adults_only: Annotated[
        bool,
        typer.Option(
            "--adults-only",
            help="It serves adults only, as an adult site always does: it is told of no item "
            "that is not surely an adult's.",
        ),
    ] = False,
    purpose: Purpose = None,
    contact: Contact = None,
    lookups_per_min: PerMin = None,
    keeps_lookups_h: KeptHours = None,
    days: Days = None,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Admit a partner and show its token, this once.

    Example: haechi partner add --name forum --scope match --kind community
    """
    from haechi.workflows import USUAL_LOOKUPS_PER_MIN, admit_partner

    with open_installation(data_folder, may_create=True) as ctx:
        partner, secret = admit_partner(
            ctx,
            OPERATOR,
            name=name,
            scopes=scope,
            kind=kind,
            serves_adults_only=serves_adults_only,
            purpose=purpose or "",
            contact=contact or "",
            lookups_per_min=lookups_per_min or USUAL_LOOKUPS_PER_MIN,
            keeps_lookups_h=keeps_lookups_h or 0,
            token_days=days,
        )
    if as_json:
        told = {
            "name": partner.name,
            "kind": partner.reader.kind.value,
            "adults_only": partner.reader.serves_adults_only,
            "scopes": sorted(set(scope)),
        }
        emit({**told, "token": secret})
    else:
        out.print(secret, markup=False, soft_wrap=True)
        err.print(_ONCE)


@partner_app.command("list")
def list_all(*, data_folder: DataFolder = None, as_json: JsonFlag = False) -> None:
    """Show every partner.

    Example: haechi partner list
    """
    from haechi.workflows import list_partners

    with open_installation(data_folder) as ctx:
        views = list_partners(ctx, OPERATOR)
    for view in views:
        told = _told(view)
        if as_json:
            emit(told)
        else:
            kind = f"{told['kind']}{', adults only' if told['adults_only'] else ''}"
            state = "revoked" if told["revoked"] else " ".join(told["scopes"]) or "no good token"
            out.print(f"{clean(view.partner.name)}  {kind}  {state}", markup=False)


@partner_app.command("change")
def change(
    *,
    name: Name,
    kind: Annotated[
        PartnerKind | None, typer.Option("--kind", help="What sort of service it is.")
    ] = None,
    serves_adults_only: Annotated[
        bool | None,
        typer.Option("--adults-only/--all-ages", help="Whether it serves adults only."),
    ] = None,
    purpose: Purpose = None,
    contact: Contact = None,
    lookups_per_min: PerMin = None,
    keeps_lookups_h: KeptHours = None,
    data_folder: DataFolder = None,
) -> None:
    """Change what is known of a partner; what is not named stays as it is.

    Example: haechi partner change --name forum --lookups-per-min 6000
    """
    from haechi.workflows import change_partner

    with open_installation(data_folder) as ctx:
        change_partner(
            ctx,
            OPERATOR,
            name=name,
            kind=kind,
            serves_adults_only=serves_adults_only,
            purpose=purpose,
            contact=contact,
            lookups_per_min=lookups_per_min,
            keeps_lookups_h=keeps_lookups_h,
        )
    err.print("Changed.")


@partner_app.command("tokens")
def tokens(*, name: Name, data_folder: DataFolder = None, as_json: JsonFlag = False) -> None:
    """Show the tokens of a partner, without the tokens themselves.

    Example: haechi partner tokens --name forum
    """
    from haechi.workflows import list_partners

    with open_installation(data_folder) as ctx:
        found = [view for view in list_partners(ctx, OPERATOR) if view.partner.name == name]
    for token in found[0].tokens if found else ():
        told = _token_told(token)
        if as_json:
            emit(told)
        else:
            out.print(f"{token.id}  {told['state']}  {' '.join(told['scopes'])}", markup=False)


@partner_app.command("token")
def token(
    *,
    name: Name,
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help="What it allows; without: what the others allow together."),
    ] = None,
    days: Days = None,
    replace_in_h: Annotated[
        int | None,
        typer.Option("--replace-in-h", help="The others end after so many hours; 0: now.", min=0),
    ] = None,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Give a partner one more token, or a new one in place of the others.

    Example: haechi partner token --name forum --replace-in-h 24
    """
    from haechi.workflows import issue_token

    with open_installation(data_folder) as ctx:
        made, secret = issue_token(
            ctx,
            OPERATOR,
            name=name,
            scopes=scope or (),
            token_days=days,
            ends_others_in_h=replace_in_h,
        )
    if as_json:
        emit({**_token_told(made), "token": secret})
    else:
        out.print(secret, markup=False, soft_wrap=True)
        err.print(_ONCE)


@partner_app.command("revoke")
def revoke(
    *,
    name: Name,
    token_id: Annotated[
        str | None, typer.Option("--token", help="Only this token, by its id; without: all.")
    ] = None,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """End a partner's tokens at once, and what was kept for it; or one token alone.

    Example: haechi partner revoke --name forum
    """
    from haechi.workflows import dismiss_partner, revoke_token

    with open_installation(data_folder) as ctx:
        if token_id is None:
            dismiss_partner(ctx, OPERATOR, name=name)
        else:
            revoke_token(ctx, OPERATOR, name=name, token_id=token_id)
    if as_json:
        emit({"name": name, "revoked": True})
    else:
        err.print("The token has ended." if token_id else "Its tokens have ended.")


@partner_app.command("leak")
def leak(
    *,
    file: Annotated[Path, typer.Argument(help="A list of hashes that turned up somewhere.")],
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Name the partner whose list this is, by the values that were made up for it alone.

    Example: haechi partner leak found.txt
    """
    from haechi.workflows import trace_leak

    with open_installation(data_folder) as ctx:
        found = trace_leak(ctx, OPERATOR, path=file)
    for each in found:
        if as_json:
            emit({"name": each.partner, "values": each.values, "of": each.of})
        else:
            out.print(
                f"{clean(each.partner)}  {each.values} of its {each.of} made-up values",
                markup=False,
            )
    if not found and not as_json:
        err.print("No value in this list was made up for a partner.")


def _told(view: PartnerView) -> dict[str, Any]:
    partner = view.partner
    return {
        "name": partner.name,
        "kind": partner.reader.kind.value,
        "adults_only": partner.reader.serves_adults_only,
        "scopes": sorted(view.scopes),
        "purpose": partner.purpose,
        "contact": partner.contact,
        "lookups_per_min": partner.lookups_per_min,
        "keeps_lookups_h": partner.keeps_lookups_h,
        "revoked": partner.revoked_at is not None,
    }


def _token_told(token: Token) -> dict[str, Any]:
    from haechi.values import utc_now

    ends_at = token.revoked_at or token.expires_at
    return {
        "id": token.id,
        "scopes": sorted(token.scopes),
        "state": "good" if token.is_good(utc_now()) else "ended",
        "created_at": token.created_at.isoformat(),
        "ends_at": ends_at.isoformat() if ends_at else None,
    }
