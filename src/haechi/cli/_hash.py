# SPDX-License-Identifier: Apache-2.0
"""`haechi hash`: the fingerprints of files, computed here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli._output import JsonFlag, clean, emit, err, out
from haechi.errors import ExitCode, HaechiError

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


def error_line(error: HaechiError | None) -> dict[str, str] | None:
    """The error of a file as JSON; None where there is none."""
    return None if error is None else {"code": error.code, "message": error.sentence}


def print_error(path: Path, error: HaechiError | None) -> None:
    """The error of a file in one line of standard error; nothing where there is none."""
    if error is not None:
        text = f"{clean(path)}: {clean(error.sentence)}"
        err.print(text, style="red", markup=False, soft_wrap=True)


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
        "error": error_line(hashed.error),
    }


def _print(hashed: HashedFile) -> None:
    print_error(hashed.path, hashed.error)
    for signal in hashed.signals:
        quality = "" if signal.quality is None else f"  quality {signal.quality}"
        out.print(
            f"{clean(hashed.path)}  {signal.type.value:6}  {signal.hex}{quality}",
            markup=False,
            soft_wrap=True,
        )
