# SPDX-License-Identifier: Apache-2.0
"""`haechi partner`: who may ask, and what they may learn."""

from __future__ import annotations

from typing import Annotated

import typer

from haechi.cli._installation import OPERATOR, DataFolder, open_installation
from haechi.cli._output import JsonFlag, clean, emit, err, out

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
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Admit a partner and show its token, this once.

    Example: haechi partner add --name forum --scope match
    """
    from haechi.workflows import admit_partner

    with open_installation(data_folder, may_create=True) as ctx:
        partner, token = admit_partner(ctx, OPERATOR, name=name, scopes=scope)
    if as_json:
        emit({"name": partner.name, "scopes": sorted(partner.scopes), "token": token})
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
        scopes = sorted(partner.scopes)
        if as_json:
            emit(
                {"name": partner.name, "scopes": scopes, "revoked": partner.revoked_at is not None}
            )
        else:
            state = "revoked" if partner.revoked_at else " ".join(scopes)
            out.print(f"{clean(partner.name)}  {state}", markup=False)


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
