# SPDX-License-Identifier: Apache-2.0
"""`haechi demo`: the whole journey once, on real photographs, over real HTTP on this machine."""

from __future__ import annotations

import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Final

import typer

from haechi.cli._output import JsonFlag, err
from haechi.errors import ExitCode
from haechi.settings import load_settings

_END: Final = (signal.SIGTERM, signal.SIGHUP)
_KILLED: Final = 128


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
    """Report two photos, screen about thirty uploads, draft a notice, withdraw one photo.

    Everything is real; the photos come with installed packages and are harmless. Ends with 1 if
    anything came out other than it should. Settings count with --stay only: then the data is kept
    where they say. Without it nothing is kept, and nothing of an installation is touched.

    Example: haechi demo
    """
    from haechi.cli._demo_journey import Journey
    from haechi.cli._demo_server import DemoServer

    with ExitStack() as stack:
        stack.enter_context(_ends_in_order())
        workspace = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="haechi-demo-")))
        settings = load_settings() if stay else load_settings({}, data_folder=workspace / "data")
        server = stack.enter_context(DemoServer(settings, port=port))
        is_right = Journey(server, workspace, as_json=as_json).walk()
        if stay and is_right:
            err.print(
                f"\nThe site stays open. Open [bold cyan]{server.address}[/] in a browser; "
                "Ctrl-C stops it."
            )
            server.wait()
    if not is_right:
        raise typer.Exit(ExitCode.FAILED)


@contextmanager
def _ends_in_order() -> Iterator[None]:
    """A signal that ends this process stops the server and removes the workspace on the way out."""

    def end(number: int, _frame: FrameType | None) -> None:
        for each in _END:
            signal.signal(each, signal.SIG_IGN)
        sys.exit(_KILLED + number)

    before = [(number, signal.signal(number, end)) for number in _END]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
