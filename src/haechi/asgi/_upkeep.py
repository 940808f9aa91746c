# SPDX-License-Identifier: Apache-2.0
"""The service's own clock: once a minute and once a second, in a thread, what is due is done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from anyio import to_thread
from litestar import Litestar

from haechi.workflows import Context, courier, postman, upkeep

_EVERY_S: Final = 60.0
_SOON_S: Final = 1.0


@asynccontextmanager
async def keep_up(app: Litestar) -> AsyncIterator[None]:
    """Do the upkeep at the start and once a minute, and what is waited for once a second.

    A round that is under way when the site stops is waited for: the context is closed after it.
    """
    context: Context = app.state.context

    stop = asyncio.Event()

    async def tick(work: Callable[[Context], None], every_s: float) -> None:
        while not stop.is_set():
            await to_thread.run_sync(work, context)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), every_s)

    tasks = [
        asyncio.create_task(tick(upkeep, _EVERY_S)),
        asyncio.create_task(tick(courier, _SOON_S)),
        asyncio.create_task(tick(postman, _SOON_S)),
    ]
    try:
        yield
    finally:
        # Not cancelled: that would leave the thread at work on a database that is being closed.
        stop.set()
        await asyncio.gather(*tasks)
