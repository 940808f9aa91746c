# SPDX-License-Identifier: Apache-2.0
"""A platform that asks as fast as it is answered, and what came of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from haechi.errors import OutsideServiceFailed

__all__ = ["Load", "Order", "ask_as_fast_as_answered"]

_SENDER: Final = Path(__file__).parent / "_api_sender.py"


@dataclass(frozen=True, slots=True)
class Order:
    """What to ask: on how many connections, how many signals a question, for how long.

    One value in `known_every` is of those in `known`; 0: none is.
    """

    port: int
    token: str
    connections: int
    signals_each: int
    seconds: float
    warm_up_s: float
    known: Sequence[str] = ()
    known_every: int = 0


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it: answers, those that were an error, uploads that were known; times in seconds.

    `planted_share` is the share of known values among those that were made to be asked; `cpu_s` is what
    asking took of a core.
    """

    count: int
    failed: int
    matched: int
    planted_share: float
    took_s: float
    cpu_s: float
    median_s: float
    p99_s: float
    slowest_s: float


def ask_as_fast_as_answered(order: Order) -> Load:
    """Ask from a process of its own on this machine.

    Raises:
        OutsideServiceFailed: it ended with an error, or an answer was one.
    """
    done = subprocess.run(  # noqa: S603
        [sys.executable, str(_SENDER)],
        input=json.dumps(asdict(order)),
        capture_output=True,
        text=True,
        check=False,
    )
    failed = OutsideServiceFailed(service="The sender", reason="it ended with an error")
    if done.returncode:
        raise failed
    try:
        load = Load(**json.loads(done.stdout))
    except ValueError as error:
        raise failed from error
    if load.failed or not load.count:
        reason = f"{load.failed} of {load.count} answers were errors"
        raise OutsideServiceFailed(service="The server", reason=reason)
    return load
