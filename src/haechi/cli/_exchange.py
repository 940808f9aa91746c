# SPDX-License-Identifier: Apache-2.0
"""`haechi exchange`: whom we pull from, and what we send back."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from haechi.cli._installation import OPERATOR, DataFolder, open_installation
from haechi.cli._output import JsonFlag, clean, emit, err, out
from haechi.errors import FileNotReadable, HaechiError, MalformedField
from haechi.values import BankPolicy

if TYPE_CHECKING:
    from haechi.workflows import SourceView

exchange_app = typer.Typer(
    help="Sources that we pull from, and opinions that go back to them.\n\n"
    "Example: haechi exchange list",
    no_args_is_help=True,
)

_MOST_BYTES: Final = 64 * 1024

Name = Annotated[str, typer.Option("--name", help="Your name for the source; its bank has it too.")]
Address = Annotated[
    str | None,
    typer.Option(
        "--address",
        help="Where it is, if not at the usual place of its protocol; for a file its whole path.",
    ),
]
Credentials = Annotated[
    Path | None,
    typer.Option(
        "--credentials",
        help="A file of JSON with what the source asks for, such as "
        '{"subscription_key": "…", "fetch_function_key": "…"}; - for standard input.',
    ),
]
Options = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        help="NAME=VALUE; may be repeated. privacy_group, only_members, negative_reason, form, "
        "signal_type, public_key, only_confirmed.",
    ),
]
SendsOpinions = Annotated[
    bool | None,
    typer.Option(
        "--send-opinions/--keep-opinions", help="Whether it is told what we say of its hashes."
    ),
]


@exchange_app.command("add")
def add(
    *,
    name: Name,
    protocol: Annotated[
        str,
        typer.Option("--protocol", help="stopncii, ncmec, threatexchange, haechi or file."),
    ],
    address: Address = None,
    credentials: Credentials = None,
    option: Options = None,
    policy: Annotated[
        BankPolicy, typer.Option("--policy", help="What a match with one of its hashes means.")
    ] = BankPolicy.REVIEW,
    sends_opinions: SendsOpinions = None,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Add a source. It is pulled by the running service from then on, and by `exchange pull`.

    Example: haechi exchange add --name stopncii --protocol stopncii --credentials keys.json
    """
    from haechi.workflows import add_source

    secrets = _credentials(credentials)
    with open_installation(data_folder, may_create=True) as ctx:
        made = add_source(
            ctx,
            OPERATOR,
            name=name,
            protocol=protocol,
            address=address or "",
            credentials=secrets,
            options=_options(option),
            policy=policy,
            sends_opinions=bool(sends_opinions),
        )
    _show(made, as_json=as_json)
    if not as_json:
        err.print("Its bank is told to no partner until you give one access.")


@exchange_app.command("change")
def change(
    *,
    name: Name,
    is_enabled: Annotated[
        bool | None, typer.Option("--on/--off", help="Whether the service pulls it.")
    ] = None,
    address: Address = None,
    credentials: Credentials = None,
    option: Options = None,
    sends_opinions: SendsOpinions = None,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Change how a source is reached, or turn it on or off; what is not named stays as it is.

    Example: haechi exchange change --name stopncii --off
    """
    from haechi.workflows import change_source

    secrets = _credentials(credentials) if credentials else None
    with open_installation(data_folder) as ctx:
        made = change_source(
            ctx,
            OPERATOR,
            name=name,
            is_enabled=is_enabled,
            sends_opinions=sends_opinions,
            address=address,
            credentials=secrets,
            options=_options(option) if option else None,
        )
    _show(made, as_json=as_json)


@exchange_app.command("list")
def list_all(*, data_folder: DataFolder = None, as_json: JsonFlag = False) -> None:
    """Show every source.

    Example: haechi exchange list
    """
    for view in _views(data_folder):
        _show(view, as_json=as_json)


@exchange_app.command("status")
def status(
    *,
    name: Annotated[
        str | None, typer.Option("--name", help="Only this source; without: all.")
    ] = None,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Show how each source stands: when it was read to its end, what went wrong, what waits.

    Example: haechi exchange status --name stopncii
    """
    found = [view for view in _views(data_folder) if name is None or view.name == name]
    if name is not None and not found:
        raise MalformedField(field="name", reason="There is no source of that name.")
    for view in found:
        if as_json:
            emit(_told(view))
            continue
        _show(view, as_json=False)
        at = view.complete_at.isoformat(timespec="seconds") if view.complete_at else "never"
        out.print(f"  read to its end: {at}", markup=False)
        if view.last_error:
            out.print(f"  {_WORDS.get(view.last_error, view.last_error)}", markup=False)
        for reason, number in sorted(view.set_aside.items()):
            out.print(f"  set aside: {number} ({clean(reason)})", markup=False)
        if view.opinions_waiting or view.opinions_given_up:
            out.print(
                f"  opinions: {view.opinions_waiting} to be sent, {view.opinions_given_up} given up",
                markup=False,
            )


@exchange_app.command("pull")
def pull(
    *,
    name: Annotated[
        str | None, typer.Option("--name", help="Only this source; without: every one that is on.")
    ] = None,
    accepts_losses: Annotated[
        bool,
        typer.Option(
            "--accept-losses",
            help="Withdraw all that the source no longer has, however much that is.",
        ),
    ] = False,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Pull now: what is new comes in, what was withdrawn goes.

    Example: haechi exchange pull --name stopncii
    """
    from haechi.workflows import list_sources, pull_source

    failed: HaechiError | None = None
    with open_installation(data_folder) as ctx:
        every = [view.name for view in list_sources(ctx, OPERATOR) if view.is_enabled]
        for each in every if name is None else [name]:
            try:
                done = pull_source(ctx, OPERATOR, name=each, accepts_losses=accepts_losses)
            except HaechiError as error:
                if name is not None:
                    raise
                err.print(f"{clean(each)}: {error.sentence}", markup=False, soft_wrap=True)
                failed = error
                continue
            if as_json:
                emit(
                    {
                        "name": each,
                        "new": done.new,
                        "gone": done.gone,
                        "set_aside": done.set_aside,
                        "held_back": done.is_held_back,
                    }
                )
            else:
                out.print(f"{clean(each)}  {done.new} new, {done.gone} gone", markup=False)
                if done.is_held_back:
                    err.print(_HELD_BACK, markup=False, soft_wrap=True)
    if failed is not None:
        raise typer.Exit(int(failed.exit_code))


@exchange_app.command("push")
def push(*, name: Name, data_folder: DataFolder = None, as_json: JsonFlag = False) -> None:
    """Send a source the opinions that wait for it.

    Example: haechi exchange push --name stopncii
    """
    from haechi.workflows import send_opinions

    with open_installation(data_folder) as ctx:
        done = send_opinions(ctx, OPERATOR, name=name)
    if as_json:
        emit({"name": name, "sent": done.sent, "failed": done.failed})
    else:
        out.print(f"{done.sent} sent, {done.failed} not taken", markup=False)


@exchange_app.command("remove")
def remove(*, name: Name, data_folder: DataFolder = None, as_json: JsonFlag = False) -> None:
    """Withdraw all that came from a source, and forget it with its credentials.

    Example: haechi exchange remove --name stopncii
    """
    from haechi.workflows import remove_source

    with open_installation(data_folder) as ctx:
        withdrawn = remove_source(ctx, OPERATOR, name=name)
    if as_json:
        emit({"name": name, "withdrawn": withdrawn})
    else:
        err.print(f"{withdrawn} contents were withdrawn.")


_HELD_BACK: Final = (
    "Much of it seems to have gone, so nothing was withdrawn. Look at the source; if it is right, "
    "pull with --accept-losses."
)
_WORDS: Final = {
    "shrunk": _HELD_BACK,
    "doubtful": _HELD_BACK,
    "denied": "The source did not accept the credentials.",
    "no_answer": "The source did not answer.",
    "no_file": "The file is not there, or cannot be read.",
    "changed": "The file changed while it was read.",
    "truncated": "An answer was cut off on the way.",
    "too_many": "The source asked us to come back later.",
}


def _views(data_folder: Path | None) -> list[SourceView]:
    from haechi.workflows import list_sources

    with open_installation(data_folder) as ctx:
        return list_sources(ctx, OPERATOR)


def _show(view: SourceView, *, as_json: bool) -> None:
    if as_json:
        emit(_told(view))
        return
    state = "on" if view.is_enabled else "off"
    out.print(f"{clean(view.name)}  {view.protocol}  {state}  {view.records} records", markup=False)


def _told(view: SourceView) -> dict[str, Any]:
    return {
        "name": view.name,
        "protocol": view.protocol,
        "bank": view.bank,
        "on": view.is_enabled,
        "sends_opinions": view.sends_opinions,
        "pulled_now": view.is_pulled_now,
        "records": view.records,
        "set_aside": dict(view.set_aside),
        "opinions_waiting": view.opinions_waiting,
        "opinions_given_up": view.opinions_given_up,
        "complete_at": view.complete_at.isoformat() if view.complete_at else None,
        "last_error": view.last_error,
    }


def _credentials(path: Path | None) -> dict[str, str]:
    """What stands in the file, or comes in: never an argument, which others on the machine can see."""
    if path is None:
        return {}
    try:
        if str(path) == "-":
            text = sys.stdin.read(_MOST_BYTES)
        else:
            with path.open(encoding="utf-8") as stream:
                text = stream.read(_MOST_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        raise FileNotReadable from error
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or not all(isinstance(value, str) for value in told.values()):
        # From nothing: what was read is secret.
        raise MalformedField(
            field="credentials", reason="The credentials are a JSON object of texts."
        ) from None
    return told


def _options(given: list[str] | None) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for pair in given or ():
        name, equals, value = pair.partition("=")
        if not equals:
            raise MalformedField(field="options", reason="An option is NAME=VALUE.")
        if name == "only_members":
            options[name] = [member.strip() for member in value.split(",")]
        elif name == "only_confirmed":
            options[name] = value.lower() in {"1", "yes", "true"}
        else:
            options[name] = value
    return options
