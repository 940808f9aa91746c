# SPDX-License-Identifier: Apache-2.0
"""Runs the site in this process until a signal ends it."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from contextlib import suppress
from typing import Final

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from haechi.asgi._app import create_app
from haechi.settings import Settings
from haechi.workflows import Context, open_context

_FINISH_WITHIN_S: Final = 5.0
_GIVES_WAY_AFTER_S: Final = 0.001


def serve(settings: Settings) -> None:
    """Serve the site on the host and port of the settings; return when SIGINT or SIGTERM ended it.

    One process: it holds the database and the live index, so a killed server leaves nothing behind.
    Requests under way are answered first, for at most five seconds; a second signal ends it at once.

    Raises:
        BrokenStore, BadSetting: the data folder cannot be used.
    """
    with open_context(settings, follows=True) as context:
        _settle()
        asyncio.run(_serve(context))


def _settle() -> None:
    """What was loaded by now stays: the collector need not go over it again and again.

    A thread that works (the follower, a decoder's answer) gives way to the event loop after a millisecond.
    """
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(_GIVES_WAY_AFTER_S)


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
    serving = asyncio.ensure_future(server.serve())
    loop = asyncio.get_running_loop()

    def stop() -> None:
        context.let_go()
        server.stop()  # type: ignore[no-untyped-call]  # Granian gives it no types
        # What is cut off from here on is cut off on purpose: no tracebacks about it.
        logging.disable(logging.CRITICAL)
        loop.set_exception_handler(lambda _loop, _context: None)
        # A half-sent request never ends by itself; and whoever asks twice does not want to wait.
        loop.call_later(0 if stop_asked.is_set() else _FINISH_WITHIN_S, serving.cancel)
        stop_asked.set()

    stop_asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    sys.stderr.write(f"Open http://{settings.host}:{settings.port}  (Ctrl-C stops it)\n")
    with suppress(asyncio.CancelledError):
        await serving
