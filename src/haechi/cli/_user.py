# SPDX-License-Identifier: Apache-2.0
"""`haechi user`: who may come into the console, and as what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from haechi.cli._installation import OPERATOR, DataFolder, open_installation
from haechi.cli._output import JsonFlag, clean, emit, err, out
from haechi.values import StaffRole

if TYPE_CHECKING:
    from haechi.workflows import Invited, UserView

user_app = typer.Typer(
    help="People who work in the console.\n\nExample: haechi user list", no_args_is_help=True
)

Login = Annotated[str, typer.Option("--login", help="What the user signs in with.")]
_ONCE = "This link is shown once and counts for 48 hours. Give it to this person alone."


@user_app.command("add")
def add(
    *,
    login: Login,
    role: Annotated[
        StaffRole,
        typer.Option("--role", help="What the user is there for."),
    ],
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Add a user and show the link that lets the user choose a password, this once.

    Example: haechi user add --login min --role admin
    """
    from haechi.workflows import add_user

    with open_installation(data_folder, may_create=True) as ctx:
        _show_link(add_user(ctx, OPERATOR, login=login, role=role), as_json=as_json)


@user_app.command("invite")
def invite(*, login: Login, data_folder: DataFolder = None, as_json: JsonFlag = False) -> None:
    """Make a fresh link for a user who lost the password or the second factor.

    Example: haechi user invite --login min
    """
    from haechi.workflows import invite_user

    with open_installation(data_folder) as ctx:
        _show_link(invite_user(ctx, OPERATOR, login=login), as_json=as_json)


@user_app.command("list")
def list_all(*, data_folder: DataFolder = None, as_json: JsonFlag = False) -> None:
    """Show every user.

    Example: haechi user list
    """
    from haechi.workflows import list_users

    with open_installation(data_folder) as ctx:
        views = list_users(ctx, OPERATOR)
    for view in views:
        told = _told(view)
        if as_json:
            emit(told)
        else:
            out.print(f"{clean(told['login'])}  {told['role']}  {told['state']}", markup=False)


@user_app.command("disable")
def disable(
    *,
    login: Login,
    undo: Annotated[bool, typer.Option("--undo", help="Let the user come in again.")] = False,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Keep a user out, and end the user's sessions at once.

    Example: haechi user disable --login min
    """
    from haechi.workflows import change_user

    with open_installation(data_folder) as ctx:
        user = change_user(ctx, OPERATOR, login=login, is_disabled=not undo)
    if as_json:
        emit({"login": user.login, "disabled": user.disabled_at is not None})
    else:
        err.print("May come in again." if undo else "Kept out; every session has ended.")


def _show_link(invited: Invited, *, as_json: bool) -> None:
    if as_json:
        user = invited.user
        emit({"login": user.login, "role": user.role.value, "invitation": invited.url})
    else:
        out.print(invited.url, markup=False, soft_wrap=True)
        err.print(_ONCE)


def _told(view: UserView) -> dict[str, Any]:
    user = view.user
    if user.disabled_at is not None:
        state = "disabled"
    elif view.invited_until is not None:
        state = "invited"
    else:
        state = "active" if user.has_factor else "needs an invitation"
    return {
        "login": user.login,
        "role": user.role.value,
        "state": state,
        "app": user.has_totp,
        "passkeys": user.passkeys,
    }
