# SPDX-License-Identifier: Apache-2.0
"""Calls to the Bot API that wait when they are told to, and answer instead of raising."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from enum import Enum
from typing import Any, Final

from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError

_MOST_TRIES: Final = 4
_LONGEST_WAIT_S: Final = 60.0
_SHORT_WAIT_S: Final = 1.0


class Outcome(Enum):
    """How a call ended."""

    DONE = "done"
    GONE = "gone"
    """What it was about is not there any more."""
    FORBIDDEN = "forbidden"
    FAILED = "failed"


async def call(make: Callable[[], Awaitable[Any]]) -> Outcome:
    """Make a call, again if the Bot API says later or is away for a moment; how it ended."""
    for _ in range(_MOST_TRIES):
        try:
            await make()
        except RetryAfter as error:
            await asyncio.sleep(min(_seconds(error.retry_after), _LONGEST_WAIT_S))
        except Forbidden:
            return Outcome.FORBIDDEN
        except BadRequest as error:
            return _refused(error)
        except NetworkError:
            await asyncio.sleep(_SHORT_WAIT_S)
        except TelegramError:
            return Outcome.FAILED
        else:
            return Outcome.DONE
    return Outcome.FAILED


def _refused(error: BadRequest) -> Outcome:
    said = str(error).lower()
    if "not found" in said and "message" in said:
        return Outcome.GONE
    if "can't be deleted" in said or "rights" in said or "chat not found" in said:
        return Outcome.FORBIDDEN
    return Outcome.FAILED


def _seconds(wait: int | timedelta) -> float:
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
