# SPDX-License-Identifier: Apache-2.0
"""`haechi match`: are these files known, by a list of hashes or by a Haechi service?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from haechi.cli._hash import Paths, error_line, print_error
from haechi.cli._output import JsonFlag, clean, emit, err, out
from haechi.errors import (
    FileNotReadable,
    HaechiError,
    NeedsAccess,
    NotYours,
    OutsideServiceFailed,
)
from haechi.settings import PARTNER_TOKEN_VARIABLE
from haechi.values import MediaKind

if TYPE_CHECKING:
    from haechi.workflows import HashedFile, Match

Ask = Callable[["HashedFile"], list[dict[str, Any]]]


def match_paths(
    paths: Paths,
    *,
    bank: Annotated[
        str,
        typer.Option(
            "--bank",
            help="A file of hashes, the folder of a follower, or the address of a Haechi service.",
        ),
    ],
    token: Annotated[
        str,
        typer.Option("--token", envvar=PARTNER_TOKEN_VARIABLE, help="Partner token for a service."),
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Look for files among known contents: also turned, cut, framed, and among other things.

    A match is a result, not a failure: the command ends with 0 either way. A file that the service
    refuses is answered with its error; only a service that fails or does not let us in ends it.

    Example: haechi match upload.jpg --bank hashes.txt
    """
    from haechi.workflows import hash_files

    is_service = bank.startswith(("http://", "https://"))
    ask = _service(bank, token) if is_service else _file(Path(bank))
    for hashed in hash_files(paths, looks_closely=True):
        matches, error = _answer(ask, hashed)
        if as_json:
            line: dict[str, object] = {"path": str(hashed.path), "matches": matches}
            if error is not None:
                line["error"] = error_line(error)
            emit(line)
        else:
            print_error(hashed.path, error)
            _print(hashed, matches, is_answered=error is None)


def _answer(ask: Ask, hashed: HashedFile) -> tuple[list[dict[str, Any]], HaechiError | None]:
    if not hashed.signals:
        return [], hashed.error
    try:
        return ask(hashed), hashed.error
    except (OutsideServiceFailed, NeedsAccess, NotYours):
        raise  # the next file would fare no better
    except HaechiError as error:
        return [], error


def _file(path: Path) -> Ask:
    if path.is_dir():
        return _folder(path)
    from haechi.workflows import load_local_bank

    known = load_local_bank(path)
    if known.skipped:
        lines = "1 line" if known.skipped == 1 else f"{known.skipped} lines"
        err.print(f"haechi: {lines} of the bank could not be read", style="yellow")
    return lambda hashed: [_line(match) for match in known.matches(hashed)]


def _folder(path: Path) -> Ask:
    from haechi.workflows import load_followed_bank

    followed = load_followed_bank(path)
    return lambda hashed: [_line(match) for match in followed.matches(hashed)]


def _service(address: str, token: str) -> Ask:
    from haechi.cli._client import ServiceClient

    client = ServiceClient(address, token)

    def ask(hashed: HashedFile) -> list[dict[str, Any]]:
        if hashed.kind is not MediaKind.IMAGE or hashed.error is not None:
            return client.match_signals(hashed.signals)
        try:
            data = hashed.path.read_bytes()
        except OSError as error:
            raise FileNotReadable from error
        return client.match_file(data)

    return ask


def _line(match: Match) -> dict[str, Any]:
    return {
        "content": match.content_id,
        "bank": match.bank,
        "signal": match.signal_type.value,
        "distance": match.distance_bits,
        "radius": match.radius_bits,
        "evidence": match.evidence,
        "verdict": match.verdict.value,
    }


def _print(hashed: HashedFile, matches: list[dict[str, Any]], *, is_answered: bool) -> None:
    if not matches and is_answered:
        out.print(f"{clean(hashed.path)}  not known", markup=False, soft_wrap=True)
    for match in matches:
        near = f"  {match['distance']} of {match['radius']} bits" if "distance" in match else ""
        out.print(
            f"{clean(hashed.path)}  {match['verdict']}  {clean(match['content'])}  "
            f"{match['signal']}{near}",
            markup=False,
            soft_wrap=True,
        )
