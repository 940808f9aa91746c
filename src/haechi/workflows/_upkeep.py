# SPDX-License-Identifier: Apache-2.0
"""What a running service does by itself, once a minute, whoever asks for what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog

from haechi.workflows._context import Context
from haechi.workflows._once import forget_old_answers
from haechi.workflows._sharing import end_expired_sharing

_log = structlog.get_logger(__name__)


def _clear_log(ctx: Context) -> None:
    """What was erased leaves the write-ahead log too, at the latest when nobody reads."""
    ctx.database.clear_log()


_VERBS: Final[tuple[Callable[[Context], object], ...]] = (
    # Each may run at any time, on several servers at once, and again: it does what is left to do.
    end_expired_sharing,
    forget_old_answers,
    _clear_log,
)


def upkeep(ctx: Context) -> None:
    """Run every verb of upkeep once; never raises: what fails is logged and tried again next time."""
    for verb in _VERBS:
        try:
            verb(ctx)
        except Exception as error:  # noqa: BLE001  # one that fails must not stop the others
            _log.warning("upkeep_failed", verb=verb.__name__, error_class=type(error).__name__)
