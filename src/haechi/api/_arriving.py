# SPDX-License-Identifier: Apache-2.0
"""The body of a request as it comes: whoever sends in drops holds no turn that others wait for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, Final

from litestar import Request

from haechi.errors import BadInput

_GRACE_S: Final = 30.0
_LEAST_BYTES_PER_S: Final = 16 * 1024
"""So much a second arrives on any line by which a platform sends."""


async def arriving(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    """The parts of the body.

    Raises:
        BadInput: it comes so slowly that it is not waited for any longer.
    """
    parts = request.stream()
    begun_at_s, size = time.monotonic(), 0
    while True:
        left_s = begun_at_s + _GRACE_S + size / _LEAST_BYTES_PER_S - time.monotonic()
        try:
            async with asyncio.timeout(left_s):
                part = await anext(parts)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise BadInput from error
        size += len(part)
        yield part
