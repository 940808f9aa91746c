# SPDX-License-Identifier: Apache-2.0
"""Contents: one thing in a bank with its signals and a status."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, insert, or_, select, update

from haechi.bank._feed import lock_feed, record_change
from haechi.bank._notes import sealed_note
from haechi.bank._sharing import to_columns
from haechi.bank._tables import bank, content, content_signal
from haechi.bank._visible import told_to
from haechi.errors import NotFound
from haechi.storage import KeyId, Vault, new_id
from haechi.values import (
    BankPolicy,
    ContentStatus,
    Reader,
    Sharing,
    Signal,
    SignalType,
    utc_now,
)

_MOST_NUMBERS: Final = 500
"""So many go into one statement: engines have a limit."""

_WITH_ALL: Final = Sharing()


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose an entry of the index is: its content and bank.

    What a quarantined content matches is only for review, whatever its bank says.
    """

    content_id: str
    bank_id: str
    is_quarantined: bool


def add_content(
    tx: Connection,
    vault: Vault,
    *,
    bank_id: str,
    key_id: KeyId,
    signals: Sequence[Signal],
    sharing: Sharing = _WITH_ALL,
    origin_kind: str = "case",
    origin_id: str = "",
    note: str | None = None,
) -> str:
    """Put a content with its signals into a bank, active at once; returns its opaque id.

    The values and the note are sealed under `key_id`: destroying that key erases them. The change is in
    the feed when the caller's transaction commits. Does not look for an equal content that is there
    already: two people may report the same picture, and each withdraws only her own.

    Where nothing is said it is shared with every kind of partner without an end, but for those that
    serve adults only: whoever adds what shows nobody under age says so in `sharing`.

    `origin_kind` is `case`, `staff`, `partner`, `source` or `canary`, and `origin_id` which one: no id of
    a case, for a bank tells nobody whose a content is.

    Raises:
        ValueError: no signals: such a content could never be matched. MalformedField: a note that is too
            long.
    """
    if not signals:
        raise ValueError("a content needs at least one signal")
    lock_feed(tx)
    now = utc_now()
    content_id = new_id("con")
    entry_id = tx.execute(
        insert(content)
        .values(
            id=content_id,
            bank_id=bank_id,
            key_id=key_id,
            status=ContentStatus.ACTIVE.value,
            created_at=now,
            changed_at=now,
            origin_kind=origin_kind,
            origin_id=origin_id,
            sealed_note=sealed_note(tx, vault, key_id, content_id, note or ""),
            **to_columns(sharing),
        )
        .returning(content.c.entry_id)
    ).scalar_one()
    tx.execute(
        insert(content_signal),
        [
            {
                "entry_id": entry_id,
                "type": signal.type.value,
                "sealed": vault.seal(tx, key_id, signal.value, context=f"content:{entry_id}"),
                "quality": signal.quality,
            }
            for signal in signals
        ],
    )
    record_change(tx, entry_id, ContentStatus.ACTIVE, now)
    return content_id


def set_status(tx: Connection, content_id: str, status: ContentStatus) -> None:
    """Change the status of a content; the same status again is no change.

    One that is no longer held has no end of a hold. A withdrawn content stays withdrawn, is shared with
    nobody, and all its signals and its note are deleted: whoever wants it back reports it anew.

    Raises:
        NotFound: no such content, or it is withdrawn.
    """
    lock_feed(tx)
    row = tx.execute(
        select(content.c.entry_id, content.c.status).where(content.c.id == content_id)
    ).one_or_none()
    if row is None or (
        row.status == ContentStatus.WITHDRAWN.value and status is not ContentStatus.WITHDRAWN
    ):
        raise NotFound
    if row.status == status.value:
        return
    now = utc_now()
    tx.execute(
        update(content)
        .where(content.c.entry_id == row.entry_id)
        .values(status=status.value, changed_at=now, held_until=None)
    )
    if status is ContentStatus.WITHDRAWN:
        _erase_signals(tx, row.entry_id)
    record_change(tx, row.entry_id, status, now)


def _erase_signals(tx: Connection, entry_id: int) -> None:
    """Nothing that tells of the content stays, though its key may still be there for other items."""
    tx.execute(delete(content_signal).where(content_signal.c.entry_id == entry_id))
    tx.execute(
        update(content)
        .where(content.c.entry_id == entry_id)
        .values(
            shared_with="",
            shared_until=None,
            reaches_adult_services=False,
            sealed_note=None,
            quarantined_at=None,
        )
    )


def forget_regions(tx: Connection, content_id: str) -> None:
    """Delete a content's regional signal, which is nearly a copy of the picture (docs/threat-model.md).

    A step of the feed takes it out of every live index; the other signals stay. Where there is none,
    nothing is changed.

    Raises:
        NotFound: no such content, or it is withdrawn.
    """
    lock_feed(tx)
    row = tx.execute(
        select(content.c.entry_id, content.c.status).where(content.c.id == content_id)
    ).one_or_none()
    if row is None or row.status == ContentStatus.WITHDRAWN.value:
        raise NotFound
    deleted = tx.execute(
        delete(content_signal).where(
            content_signal.c.entry_id == row.entry_id,
            content_signal.c.type == SignalType.RPDQ.value,
        )
    )
    if deleted.rowcount:
        record_change(tx, row.entry_id, ContentStatus(row.status), utc_now())


def content_statuses(tx: Connection, content_ids: Iterable[str]) -> dict[str, ContentStatus]:
    """The status of each of these contents that exists, by id."""
    rows = tx.execute(
        select(content.c.id, content.c.status).where(content.c.id.in_(list(content_ids)))
    )
    return {row.id: ContentStatus(row.status) for row in rows}


def active_contents(
    tx: Connection, entry_ids: Iterable[int], *, reader: Reader | None, at: datetime
) -> dict[int, Owner]:
    """Whose each of these entries is that is active and reaches the reader, by number.

    Reader None is the operator, whom all of them reach but values made up for a partner. Banks that are
    off reach nobody, limited ones only the partners that may read them. What is in an `allow` bank
    reaches each of its readers, however it is shared: it is never told, it only keeps something else from
    being told; a quarantined one does not even do that.
    """
    conditions = [
        content.c.status == ContentStatus.ACTIVE.value,
        told_to(reader, at),
        or_(content.c.quarantined_at.is_(None), bank.c.policy != BankPolicy.ALLOW.value),
    ]
    numbers = list(entry_ids)
    found = {}
    for first in range(0, len(numbers), _MOST_NUMBERS):
        rows = tx.execute(
            select(content.c.entry_id, content.c.id, content.c.bank_id, content.c.quarantined_at)
            .join(bank, bank.c.id == content.c.bank_id)
            .where(content.c.entry_id.in_(numbers[first : first + _MOST_NUMBERS]), *conditions)
        )
        found.update(
            {
                row.entry_id: Owner(row.id, row.bank_id, row.quarantined_at is not None)
                for row in rows
            }
        )
    return found
