# SPDX-License-Identifier: Apache-2.0
"""What a running service does by itself, once a minute, whoever asks for what."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import structlog

from haechi.workflows._audit import note_audit_head
from haechi.workflows._canaries import note_canaries
from haechi.workflows._changes import compact_feed
from haechi.workflows._contents import end_holds
from haechi.workflows._context import Context
from haechi.workflows._handed import forget_stale_lists
from haechi.workflows._metering import forget_old_usage, write_usage
from haechi.workflows._note_matches import forget_old_matches
from haechi.workflows._once import forget_old_answers
from haechi.workflows._pull import pull_due_sources
from haechi.workflows._replay import forget_partner_answers
from haechi.workflows._retroactive import match_back, write_lookups
from haechi.workflows._send_opinions import send_waiting_opinions
from haechi.workflows._sharing import end_expired_sharing
from haechi.workflows._webhooks import deliver_webhooks, forget_old_deliveries

_log = structlog.get_logger(__name__)


def _clear_log(ctx: Context) -> None:
    """What was erased leaves the write-ahead log too, at the latest when nobody reads."""
    ctx.database.clear_log()


_VERBS: Final[tuple[Callable[[Context], object], ...]] = (
    # Each may run at any time, on several servers at once, and again: it does what is left to do.
    end_expired_sharing,
    end_holds,
    forget_old_answers,
    forget_old_deliveries,
    forget_old_matches,
    forget_partner_answers,
    forget_old_usage,
    write_usage,
    note_audit_head,
    compact_feed,
    forget_stale_lists,
    _clear_log,
    # Last, as they wait for others.
    send_waiting_opinions,
    pull_due_sources,
)


_SOON: Final[tuple[Callable[[Context], object], ...]] = (
    # What somebody waits for; each looks quickly whether there is anything to do.
    write_lookups,
    match_back,
    note_canaries,
)


def courier(ctx: Context) -> None:
    """Run once what is done every second; never raises, as `upkeep`."""
    _run(ctx, _SOON)


def postman(ctx: Context) -> None:
    """Make the calls that are due; never raises, as `upkeep`. By itself: slow ones keep nobody else waiting."""
    _run(ctx, (deliver_webhooks,))


def upkeep(ctx: Context) -> None:
    """Run every verb of upkeep once; never raises: what fails is logged and tried again next time."""
    _run(ctx, _VERBS)


def _run(ctx: Context, verbs: Iterable[Callable[[Context], object]]) -> None:
    for verb in verbs:
        try:
            verb(ctx)
        except Exception as error:  # noqa: BLE001  # one that fails must not stop the others
            _log.warning("upkeep_failed", verb=verb.__name__, error_class=type(error).__name__)
