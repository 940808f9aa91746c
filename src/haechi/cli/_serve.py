# SPDX-License-Identifier: Apache-2.0
"""`haechi serve`: the site, until it is told to stop."""

from __future__ import annotations

import os
import socket
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli._installation import DataFolder, open_installation
from haechi.cli._output import err
from haechi.errors import BadSetting
from haechi.settings import ENV_PREFIX, load_settings

if TYPE_CHECKING:
    from haechi.settings import Settings

_APP = "haechi.asgi:create_app_from_environment"


def serve(
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
    # Before the server starts, so that what is wrong is one sentence and not a worker's traceback.
    open_installation(data_folder).close()
    _check_port(settings)
    _tell_worker(settings)
    from granian import Granian
    from granian.constants import Interfaces

    err.print(f"Open http://{settings.host}:{settings.port}  (Ctrl-C stops it)", highlight=False)
    Granian(
        _APP,
        factory=True,
        interface=Interfaces.ASGI,
        address=settings.host,
        port=settings.port,
        # One process holds the index; DESIGN.md §8 measures per core. More hosts follow the feed.
        workers=1,
        log_access=False,
        log_level="warning",  # type: ignore[arg-type]  # Granian takes its own enum or its value
        workers_kill_timeout=10,
    ).serve()


def _check_port(settings: Settings) -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise BadSetting(
                name="port",
                reason=f"{settings.host}:{settings.port} is taken or not ours to use; "
                "choose another with --port",
            ) from error


def _tell_worker(settings: Settings) -> None:
    """The server's worker is a process of its own and reads its settings from the environment."""
    for name, value in (
        ("HOST", settings.host),
        ("PORT", str(settings.port)),
        ("DATA_FOLDER", str(Path(settings.data_folder).absolute())),
    ):
        os.environ[ENV_PREFIX + name] = value
