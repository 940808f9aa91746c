# SPDX-License-Identifier: Apache-2.0
"""`haechi follow`: a folder that holds what a service's change feed tells, kept level with it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from haechi.cli._output import JsonFlag, emit, err, out
from haechi.errors import FileNotReadable
from haechi.settings import PARTNER_TOKEN_VARIABLE

if TYPE_CHECKING:
    from haechi.workflows import FollowerState

_LOOK_EVERY_S: Final = 0.2
_FOLDER: Final = Path("haechi-follower")


def follow(
    url: Annotated[str, typer.Argument(help="The address of a Haechi service.")],
    *,
    token: Annotated[
        str,
        typer.Option(
            "--token", envvar=PARTNER_TOKEN_VARIABLE, help="A token with the scope `changes`."
        ),
    ] = "",
    folder: Annotated[
        Path, typer.Option("--folder", help="Where it is kept; for this follower alone.")
    ] = _FOLDER,
    key: Annotated[
        Path | None,
        typer.Option(
            "--key",
            help="The service's public key, as PEM; without it, the one that it names at the first "
            "contact is the only one from then on.",
            show_default=False,
        ),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Read to the end of the feed, and end.")] = (
        False
    ),
    as_json: JsonFlag = False,
) -> None:
    """Hold what a service knows on this machine, and forget what it withdraws, within a second.

    Goes on until Ctrl-C, whatever happens to the service. Killed at any moment, it goes on where it was.
    `haechi match FILE --bank FOLDER` looks for files in it.

    Example: haechi follow http://127.0.0.1:8000 --token hp_…
    """
    from haechi.workflows import Follower

    follower = Follower(url, token, folder=folder, public_key=_read(key))
    try:
        if once:
            _print(follower.sync(), as_json=as_json)
            return
        follower.start()
        follower.wait_ready()
        last = None
        while True:
            state = follower.state
            if _shown(state) != last:
                _print(state, as_json=as_json)
                last = _shown(state)
            time.sleep(_LOOK_EVERY_S)
    finally:
        follower.stop()


def _read(key: Path | None) -> bytes | None:
    try:
        return None if key is None else key.read_bytes()
    except OSError as error:
        raise FileNotReadable from error


def _shown(state: FollowerState) -> dict[str, object]:
    return {
        "contents": state.contents,
        "cursor": state.cursor,
        "behind": state.behind,
        "ready": state.is_ready,
        "problem": state.problem,
        "resyncs": state.resyncs,
        "unreadable": state.unreadable,
    }


def _print(state: FollowerState, *, as_json: bool) -> None:
    if as_json:
        heard = None if state.heard_at is None else state.heard_at.isoformat(timespec="seconds")
        emit({**_shown(state), "heard_at": heard})
        return
    out.print(
        f"{state.contents:,} contents  step {state.cursor:,}  {state.behind:,} behind",
        markup=False,
    )
    if state.problem:
        err.print(f"haechi: the service does not answer ({state.problem}); trying again")
