# SPDX-License-Identifier: Apache-2.0
"""`haechi bank import` and `export`: hash lists in and out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, TextIO

import typer

from haechi.cli._bank import BankName
from haechi.cli._bank_contents import bank_app
from haechi.cli._installation import OPERATOR, DataFolder, open_installation
from haechi.cli._output import JsonFlag, emit, err, out
from haechi.errors import FileNotReadable, MalformedField
from haechi.values import ListForm

if TYPE_CHECKING:
    from haechi.workflows import ImportReport

__all__ = ["bank_app"]

_INTIMATE = "This list tells of people's bodies. Keep it sealed, and give it to nobody else."


@bank_app.command("import")
def import_list(
    name: BankName,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The list; - is standard input.")],
    *,
    form: Annotated[ListForm, typer.Option("--format", help="How it is written.")] = ListForm.AUTO,
    adults: Annotated[
        bool,
        typer.Option(
            "--adults", help="It surely shows adults only: services for adults are told of it too."
        ),
    ] = False,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Put the contents of a list into a bank; what is in it already stays as it is.

    Lines that cannot be read are set aside and named. An import that was interrupted is done again.

    Example: haechi bank import school-cases list.csv --format csv
    """
    from haechi.workflows import import_bank

    with _opened(file) as stream, open_installation(data_folder) as ctx:
        report = import_bank(
            ctx, OPERATOR, name=name, stream=stream, form=form, shows_adults_only=adults
        )
    if as_json:
        emit(
            {
                "import": report.import_id,
                "added": report.added,
                "known": report.known,
                "set_aside": report.set_aside,
                "named": [{"place": place, "reason": reason} for place, reason in report.named],
            }
        )
    else:
        _print(report)


@bank_app.command("export")
def export(
    name: BankName,
    *,
    form: Annotated[
        ListForm, typer.Option("--format", help="How it is written; auto is jsonl.")
    ] = ListForm.AUTO,
    to: Annotated[
        str | None,
        typer.Option("--for", help="Only what this partner may be handed, by its name."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--out", help="A new file; without: standard output.")
    ] = None,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Write what is active in a bank as a list; regional signals never leave.

    Example: haechi bank export reports --for forum --format csv --out list.csv
    """
    from haechi.workflows import export_bank

    with open_installation(data_folder) as ctx:
        pieces = export_bank(ctx, OPERATOR, name=name, form=form, partner=to)
        with _created(file) as stream:
            for piece in pieces:
                stream.write(piece)
    if as_json and file is not None:
        emit({"name": name, "out": str(file)})
    err.print(_INTIMATE)


@bank_app.command("aside")
def aside(
    import_id: Annotated[str, typer.Argument(metavar="IMPORT", help="The import's id.")],
    *,
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Show where the lines of an import stand that could not be read, and why; never what they hold.

    Example: haechi bank aside imp_x
    """
    from haechi.workflows import read_set_aside

    with open_installation(data_folder) as ctx:
        found = read_set_aside(ctx, OPERATOR, origin_id=import_id)
    for one in found:
        if as_json:
            emit({"place": one.place, "reason": one.reason, "noted_at": one.noted_at.isoformat()})
        else:
            out.print(f"{one.place}: {one.reason}", markup=False)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = path.open("rb")
    except OSError as error:
        raise FileNotReadable from error
    with stream:
        yield stream


@contextmanager
def _created(path: Path | None) -> Iterator[TextIO]:
    """A new file that only its owner reads; gone again if the list is not whole."""
    if path is None:
        yield sys.stdout
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        reason = "This file cannot be made. Check the folder, and that there is none of that name."
        raise MalformedField(field="out", reason=reason) from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            yield stream
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _print(report: ImportReport) -> None:
    aside = sum(report.set_aside.values())
    out.print(f"{report.added} added, {report.known} known already, {aside} set aside")
    for place, reason in report.named:
        err.print(f"  {place}: {reason}", markup=False)
    if aside > len(report.named):
        err.print(f"  and {aside - len(report.named)} more: haechi bank aside {report.import_id}")
