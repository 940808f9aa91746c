# SPDX-License-Identifier: Apache-2.0
"""`haechi partner`: who may ask, and what they may learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from haechi.cli._installation import OPERATOR, DataFolder, open_installation
from haechi.cli._output import JsonFlag, clean, emit, err, out
from haechi.values import PartnerKind

if TYPE_CHECKING:
    from haechi.workflows import Partner

partner_app = typer.Typer(
    help="Organisations with a token.\n\nExample: haechi partner list", no_args_is_help=True
)

Name = Annotated[str, typer.Option("--name", help="The organisation's name.")]


@partner_app.command("add")
def add(
    *,
    name: Name,
    scope: Annotated[
        list[str], typer.Option("--scope", help="match, distance, metrics; may be repeated.")
    ],
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
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Admit a partner and show its token, this once.

    Example: haechi partner add --name forum --scope match --kind community
    """
    from haechi.workflows import admit_partner

    with open_installation(data_folder, may_create=True) as ctx:
        partner, token = admit_partner(
            ctx,
            OPERATOR,
            name=name,
            scopes=scope,
            kind=kind,
            serves_adults_only=serves_adults_only,
        )
    if as_json:
        emit({**_told(partner), "token": token})
    else:
        out.print(token, markup=False, soft_wrap=True)
        err.print("This token is shown once. Give it to the partner over a safe channel.")


@partner_app.command("list")
def list_all(*, data_folder: DataFolder = None, as_json: JsonFlag = False) -> None:
    """Show every partner.

    Example: haechi partner list
    """
    from haechi.workflows import list_partners

    with open_installation(data_folder) as ctx:
        partners = list_partners(ctx, OPERATOR)
    for partner in partners:
        told = _told(partner)
        if as_json:
            emit({**told, "revoked": partner.revoked_at is not None})
        else:
            kind = f"{told['kind']}{', adults only' if told['adults_only'] else ''}"
            state = "revoked" if partner.revoked_at else " ".join(told["scopes"])
            out.print(f"{clean(partner.name)}  {kind}  {state}", markup=False)


@partner_app.command("revoke")
def revoke(*, name: Name, data_folder: DataFolder = None, as_json: JsonFlag = False) -> None:
    """End a partner's token at once.

    Example: haechi partner revoke --name forum
    """
    from haechi.workflows import dismiss_partner

    with open_installation(data_folder) as ctx:
        dismiss_partner(ctx, OPERATOR, name=name)
    if as_json:
        emit({"name": name, "revoked": True})
    else:
        err.print("The token has ended.")


def _told(partner: Partner) -> dict[str, Any]:
    return {
        "name": partner.name,
        "kind": partner.reader.kind.value,
        "adults_only": partner.reader.serves_adults_only,
        "scopes": sorted(partner.scopes),
    }
