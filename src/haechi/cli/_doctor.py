# SPDX-License-Identifier: Apache-2.0
"""`haechi doctor`: is this installation as it should be?"""

from __future__ import annotations

import typer

from haechi.cli._installation import DataFolder, settings_for
from haechi.cli._output import JsonFlag, emit, out
from haechi.errors import ExitCode


def doctor(*, data_folder: DataFolder = None, as_json: JsonFlag = False) -> None:
    """Look at everything this installation needs, and say what to do where something is wrong.

    Changes nothing. Ends with 1 if anything is wrong.

    Example: haechi doctor
    """
    from haechi.workflows import examine

    findings = examine(settings_for(data_folder))
    for finding in findings:
        if as_json:
            emit(
                {
                    "name": finding.name,
                    "is_right": finding.is_right,
                    "detail": finding.detail,
                    "advice": finding.advice,
                }
            )
            continue
        mark, style = ("ok  ", "green") if finding.is_right else ("look", "bold yellow")
        out.print(f"[{style}]{mark}[/]  [bold]{finding.name:13}[/] ", end="")
        out.print(finding.detail, markup=False)
        if finding.advice:
            out.print(f"                     → {finding.advice}", markup=False)
    if not all(finding.is_right for finding in findings):
        raise typer.Exit(ExitCode.FAILED)
