# SPDX-License-Identifier: Apache-2.0
"""The change feed: every change of a content, numbered, in the order of the commits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, literal, select, update

from haechi.bank._tables import content, content_signal, feed_change, feed_head
from haechi.storage import UtcDateTime, Vault
from haechi.values import ContentStatus, Signal, SignalType, utc_now

_MOST_SEALED_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Change:
    """One step of the feed: what the content is *now*, so that steps may be applied twice.

    `signals` is empty unless the content is active. `is_readable` is False when a stored signal does
    not open or is none: it is left out of `signals`, and the follower counts the content.
    """

    seq: int
    entry_id: int
    content_id: str
    bank_id: str
    status: ContentStatus
    signals: tuple[Signal, ...]
    is_readable: bool


def lock_feed(tx: Connection) -> None:
    """Wait for the turn to change contents; it lasts until the commit.

    Whoever takes it before it locks a content never waits for somebody who waits for the feed.
    """
    tx.execute(select(feed_head.c.seq).where(feed_head.c.id == 1).with_for_update())


def record_change(tx: Connection, entry_id: int, status: ContentStatus, at: datetime) -> int:
    """Write one step and return its number.

    The head's row stays locked until the commit: numbers become visible in order.
    """
    seq = tx.execute(
        update(feed_head)
        .where(feed_head.c.id == 1)
        .values(seq=feed_head.c.seq + 1)
        .returning(feed_head.c.seq)
    ).scalar_one()
    tx.execute(
        insert(feed_change).values(seq=seq, entry_id=entry_id, status=status.value, changed_at=at)
    )
    return int(seq)


def touch_access(tx: Connection) -> None:
    """Note that partners, their tokens or their access to banks changed: what is remembered of them ends."""
    tx.execute(update(feed_head).where(feed_head.c.id == 2).values(seq=feed_head.c.seq + 1))


def access_version(tx: Connection) -> int:
    """A number that is another one after every change of partners, tokens, banks or access."""
    return int(tx.scalar(select(feed_head.c.seq).where(feed_head.c.id == 2)) or 0)


def touch_bank(tx: Connection, bank_id: str) -> int:
    """Write one step for every active content of a bank, so that every follower looks again.

    For a change of the bank itself: on or off, policy, radius, or who may read it. How many there were.
    """
    now = utc_now()
    lock_feed(tx)
    head = feed_position(tx)
    numbered = (
        literal(head) + func.row_number().over(order_by=content.c.entry_id),
        content.c.entry_id,
        content.c.status,
        literal(now, UtcDateTime),
    )
    chosen = select(*numbered).where(
        content.c.bank_id == bank_id, content.c.status == ContentStatus.ACTIVE.value
    )
    columns = ["seq", "entry_id", "status", "changed_at"]
    tx.execute(insert(feed_change).from_select(columns, chosen))
    # Not every driver counts the rows of such a statement.
    count = int(tx.scalar(select(func.max(feed_change.c.seq))) or 0) - head
    if count > 0:
        tx.execute(update(feed_head).where(feed_head.c.id == 1).values(seq=head + count))
    return max(count, 0)


def feed_position(tx: Connection) -> int:
    """The number of the newest step; 0 before the first."""
    return int(tx.scalar(select(feed_head.c.seq).where(feed_head.c.id == 1)) or 0)


def changes_after(tx: Connection, vault: Vault, seq: int, *, limit: int = 5000) -> list[Change]:
    """The steps after number `seq`, oldest first, at most `limit`; empty when there are none.

    Fewer where they are of long videos, so that what they hold fits into memory: one at least.
    """
    steps = tx.execute(
        select(
            feed_change.c.seq,
            content.c.entry_id,
            content.c.id,
            content.c.bank_id,
            content.c.status,
        )
        .join(content, content.c.entry_id == feed_change.c.entry_id)
        .where(feed_change.c.seq > seq)
        .order_by(feed_change.c.seq)
        .limit(limit)
    ).all()
    if not steps:
        return []
    steps = steps[: _fitting(tx, steps)]
    signals = _signals_of(tx, vault, steps[0].seq, steps[-1].seq)
    changes = []
    for step in steps:
        read = signals.get(step.entry_id, [])
        changes.append(
            Change(
                seq=step.seq,
                entry_id=step.entry_id,
                content_id=step.id,
                bank_id=step.bank_id,
                status=ContentStatus(step.status),
                signals=tuple(signal for signal in read if signal is not None),
                is_readable=None not in read,
            )
        )
    return changes


def _fitting(tx: Connection, steps: Sequence[Row[*tuple[Any, ...]]]) -> int:
    """How many of these steps, one at least, hold no more of videos than is read at once."""
    between = feed_change.c.seq.between(steps[0].seq, steps[-1].seq)
    rows = tx.execute(
        select(content_signal.c.entry_id, func.length(content_signal.c.sealed).label("size"))
        .join(content, content.c.entry_id == content_signal.c.entry_id)
        .where(
            content_signal.c.entry_id.in_(select(feed_change.c.entry_id).where(between)),
            content_signal.c.type == SignalType.VPDQ.value,
            content.c.status == ContentStatus.ACTIVE.value,
        )
    )
    sizes: dict[int, int] = defaultdict(int)
    for row in rows:
        sizes[row.entry_id] += row.size
    left = _MOST_SEALED_BYTES
    for place, step in enumerate(steps):
        left -= sizes.pop(step.entry_id, 0)
        if left < 0 and place:
            return place
    return len(steps)


def _signals_of(
    tx: Connection, vault: Vault, first_seq: int, last_seq: int
) -> dict[int, list[Signal | None]]:
    """The signals of every active content with a step in the range; None for one that is broken."""
    touched = (
        select(feed_change.c.entry_id)
        .where(feed_change.c.seq.between(first_seq, last_seq))
        .distinct()
    )
    rows = tx.execute(
        select(
            content.c.entry_id,
            content.c.key_id,
            content_signal.c.type,
            content_signal.c.sealed,
            content_signal.c.quality,
        )
        .join(content, content.c.entry_id == content_signal.c.entry_id)
        .where(content.c.entry_id.in_(touched), content.c.status == ContentStatus.ACTIVE.value)
    ).all()
    values = vault.open_many(
        tx, [(row.key_id, row.sealed, f"content:{row.entry_id}") for row in rows]
    )
    found: dict[int, list[Signal | None]] = defaultdict(list)
    for row, value in zip(rows, values, strict=True):
        found[row.entry_id].append(_signal(row.type, value, row.quality))
    return found


def _signal(type_name: str, value: bytes | None, quality: int | None) -> Signal | None:
    if value is None:
        return None
    try:
        return Signal(SignalType(type_name), value, quality)
    except (ValueError, TypeError):
        return None
