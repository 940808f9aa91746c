# SPDX-License-Identifier: Apache-2.0
"""A coroutine in an event loop of its own: the browser's driver keeps one running in the test's thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def run_apart(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What the coroutine returns, run to its end in another thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def call_apart(function: Callable[..., Coroutine[Any, Any, Any]], *arguments: Any) -> Any:
    """As `run_apart`, for an asynchronous function and its arguments."""
    return run_apart(function(*arguments))
