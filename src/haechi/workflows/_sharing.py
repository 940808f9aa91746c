# SPDX-License-Identifier: Apache-2.0
"""The end of sharing: what a person shared for a time is shared with nobody when that has passed."""

from __future__ import annotations

from typing import Final

from haechi import audit, bank
from haechi.values import Actor, ActorKind, utc_now
from haechi.workflows._context import Context

_UPKEEP: Final = Actor(ActorKind.OPERATOR, "upkeep")


def end_expired_sharing(ctx: Context) -> int:
    """Write down and tell every follower what has ended by now; how many items that were.

    No partner is told of such an item from the moment itself on, whether or not this runs. It runs in
    pieces, each a transaction of its own: nobody waits long for their turn to write. Nothing is
    written when nothing has ended.
    """
    at = utc_now()
    total = 0
    while True:
        with ctx.database.write() as tx:
            ended = bank.end_expired_sharing(tx, at=at)
            if ended:
                audit.record(tx, _UPKEEP, "end_expired_sharing", "")
        total += ended
        if not ended:
            break
    if total:
        ctx.changed()
    return total
