# SPDX-License-Identifier: Apache-2.0
"""`haechi serve`: the site, until it is told to stop."""

from __future__ import annotations

from typing import Annotated

import typer

from haechi.cli._handed import Handed
from haechi.cli._installation import DataFolder
from haechi.cli._ports import check_port
from haechi.settings import load_settings


def serve(
    given: typer.Context,
    *,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on.", show_default=False)
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.", show_default=False)] = None,
    data_folder: DataFolder = None,
) -> None:
    """Run the site. Stop it with Ctrl-C.

    Example: haechi serve --port 8000
    """
    settings = load_settings(host=host, port=port, data_folder=data_folder)
    # Before anything is opened, so that a port that is taken is one sentence.
    check_port(settings.host, settings.port)
    handed: Handed = given.obj
    handed.run_site(settings)
