# SPDX-License-Identifier: Apache-2.0
"""What of a source could not be read, for those who manage sources."""

from __future__ import annotations

from typing import Final

from haechi import exchange
from haechi.exchange import SetAside
from haechi.values import Actor
from haechi.workflows._context import Context
from haechi.workflows._permissions import Duty, require_duty

_MOST: Final = 1000


def source_set_aside(ctx: Context, actor: Actor, *, name: str) -> list[SetAside]:
    """Which records of a source could not be read, and why, oldest first; the first thousand.

    Raises:
        NeedsAccess, NotYours: not one who manages sources. NotFound: no such source.
    """
    require_duty(actor, Duty.SOURCES)
    with ctx.database.read() as tx:
        return exchange.all_set_aside(tx, exchange.source_named(tx, name).id, limit=_MOST)
