# SPDX-License-Identifier: Apache-2.0
"""`haechi demo`: the whole journey once, on real photographs, over real HTTP on this machine."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from haechi.cli._output import JsonFlag, err
from haechi.errors import ExitCode
from haechi.settings import load_settings


def demo(
    *,
    stay: Annotated[
        bool, typer.Option("--stay", help="Keep the site open afterwards, with its data kept.")
    ] = False,
    port: Annotated[
        int | None, typer.Option(help="Port of the site; any free one by default.", min=1)
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Report two photos, screen 30 uploads, draft a notice, withdraw one photo; everything is real.

    The photos come with installed packages and are harmless. Ends with 1 if anything came out other
    than it should. With --stay the data is kept in the data folder; without, nothing is kept.

    Example: haechi demo
    """
    from haechi.cli._demo_journey import Journey
    from haechi.cli._demo_server import DemoServer

    with ExitStack() as stack:
        workspace = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="haechi-demo-")))
        data_folder = load_settings().data_folder if stay else workspace / "data"
        server = stack.enter_context(DemoServer(data_folder, port=port))
        is_right = Journey(server, workspace, as_json=as_json).walk()
        if stay and is_right:
            err.print(
                f"\nThe site stays open. Open [bold cyan]{server.address}[/] in a browser; "
                "Ctrl-C stops it."
            )
            server.wait()
    if not is_right:
        raise typer.Exit(ExitCode.FAILED)
