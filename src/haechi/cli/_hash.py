# SPDX-License-Identifier: Apache-2.0
"""`haechi hash`: the fingerprints of files, computed here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli._output import JsonFlag, clean, emit, err, out
from haechi.errors import ExitCode

if TYPE_CHECKING:
    from haechi.workflows import HashedFile

Paths = Annotated[list[Path], typer.Argument(help="Files, or folders of files.", metavar="PATH…")]


def hash_paths(paths: Paths, *, as_json: JsonFlag = False) -> None:
    """Compute the fingerprints of pictures and videos. Nothing leaves this machine.

    Every file is answered. Ends with 1 if a file that was named could not be read.

    Example: haechi hash photo.jpg --json
    """
    from haechi.workflows import hash_files

    named = set(paths)
    failed = False
    for hashed in hash_files(paths):
        failed |= hashed.error is not None and hashed.path in named
        if as_json:
            emit(_line(hashed))
        else:
            _print(hashed)
    if failed:
        raise typer.Exit(ExitCode.FAILED)


def error_line(hashed: HashedFile) -> dict[str, str] | None:
    """The error of a file as JSON; None where there is none."""
    if hashed.error is None:
        return None
    return {"code": hashed.error.code, "message": hashed.error.sentence}


def _line(hashed: HashedFile) -> dict[str, object]:
    by_type = {signal.type.value: signal.hex for signal in hashed.signals}
    return {
        "path": str(hashed.path),
        "kind": None if hashed.kind is None else hashed.kind.value,
        "sha256": by_type.get("sha256"),
        "md5": by_type.get("md5"),
        "signals": [
            {"type": signal.type.value, "value": signal.hex}
            | ({} if signal.quality is None else {"quality": signal.quality})
            for signal in hashed.signals
        ],
        "error": error_line(hashed),
    }


def _print(hashed: HashedFile) -> None:
    if hashed.error is not None:
        err.print(
            f"{clean(hashed.path)}: {hashed.error.sentence}",
            style="red",
            markup=False,
        )
    for signal in hashed.signals:
        quality = "" if signal.quality is None else f"  quality {signal.quality}"
        out.print(
            f"{clean(hashed.path)}  {signal.type.value:6}  {signal.hex}{quality}",
            markup=False,
            soft_wrap=True,
        )
