# SPDX-License-Identifier: Apache-2.0
"""Runs the site in this process until a signal ends it."""

from __future__ import annotations

import asyncio
import signal
import sys

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from haechi.asgi._app import create_app
from haechi.settings import Settings
from haechi.workflows import Context, open_context


def serve(settings: Settings) -> None:
    """Serve the site on the host and port of the settings; return when SIGINT or SIGTERM ended it.

    One process: it holds the database and the live index, so a killed server leaves nothing behind.
    Requests under way are answered first.

    Raises:
        BrokenStore, BadSetting: the data folder cannot be used.
    """
    with open_context(settings, follows=True) as context:
        asyncio.run(_serve(context))


async def _serve(context: Context) -> None:
    settings = context.settings
    server = Server(
        create_app(context),
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        # Its warning level says at each start that embedding is experimental (docs/decisions/003).
        log_level=LogLevels.error,
        log_access=False,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.stop)
    sys.stderr.write(f"Open http://{settings.host}:{settings.port}  (Ctrl-C stops it)\n")
    await server.serve()
