# SPDX-License-Identifier: Apache-2.0
"""The service's own clock: once a minute, in a thread, what is due is done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from anyio import to_thread
from litestar import Litestar

from haechi.workflows import Context, upkeep

_EVERY_S: Final = 60


@asynccontextmanager
async def keep_up(app: Litestar) -> AsyncIterator[None]:
    """Do the upkeep at the start and once a minute while the site is served.

    A round that is under way when the site stops is waited for: the context is closed after it.
    """
    context: Context = app.state.context

    stop = asyncio.Event()

    async def tick() -> None:
        while not stop.is_set():
            await to_thread.run_sync(upkeep, context)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _EVERY_S)

    task = asyncio.create_task(tick())
    try:
        yield
    finally:
        # Not cancelled: that would leave the thread at work on a database that is being closed.
        stop.set()
        await task
