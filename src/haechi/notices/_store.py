# SPDX-License-Identifier: Apache-2.0
"""Notices as they are kept: sealed text, status, and the times its clock is counted from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from haechi.errors import MalformedField, NotFound
from haechi.notices._clock import Clock, clock_of
from haechi.notices._draft import NoticeText
from haechi.notices._laws import law_named
from haechi.notices._tables import notice
from haechi.storage import KeyId, Vault, new_id
from haechi.values import utc_now


@dataclass(frozen=True, slots=True)
class Notice:
    """One demand to one service under one law; its statutory clock counts from what is recorded."""

    id: str
    sighting_id: str
    law_id: str
    service: str
    status: str
    text: NoticeText
    drafted_at: datetime
    clock: Clock
    sent_at: datetime | None = None
    received_at: datetime | None = None


def add_notice(
    tx: Connection,
    vault: Vault,
    key_id: KeyId,
    *,
    case_id: str,
    sighting_id: str,
    law_id: str,
    service: str,
    text: NoticeText,
) -> Notice:
    """Keep a draft. Its clock has not started: only a received notice starts one."""
    notice_id = new_id("ntc")
    now = utc_now()
    body = {
        "service": service,
        "text": text.text,
        "sha256": text.sha256,
        "missing": text.missing,
    }
    tx.execute(
        insert(notice).values(
            id=notice_id,
            case_id=case_id,
            sighting_id=sighting_id,
            law_id=law_id,
            status="draft",
            sealed=vault.seal(tx, key_id, json.dumps(body).encode(), context=f"notice:{notice_id}"),
            drafted_at=now,
        )
    )
    clock = clock_of(law_named(law_id))
    return Notice(notice_id, sighting_id, law_id, service, "draft", text, now, clock)


def notices_of(tx: Connection, vault: Vault, key_id: KeyId, case_id: str) -> list[Notice]:
    """Every notice of a case, oldest first, each with its clock as it stands."""
    rows = tx.execute(
        select(notice).where(notice.c.case_id == case_id).order_by(notice.c.drafted_at)
    ).all()
    return [_read(tx, vault, key_id, row) for row in rows]


def mark_sent(
    tx: Connection, vault: Vault, key_id: KeyId, *, case_id: str, notice_id: str, at: datetime
) -> Notice:
    """Record when a notice went out; its clock then counts from there, unconfirmed.

    The same time again is no change. A typed minute is taken to be the minute of the draft, where that
    is the same: nothing is sent before it is written.

    Raises:
        NotFound: no such notice in this case.
        MalformedField: what the law requires is still missing from it, it was recorded with another
            time, or the time is in the future or before the draft.
        ValueError: a time without a zone.
    """
    kept = _find(tx, vault, key_id, case_id, notice_id)
    if kept.text.missing:
        raise MalformedField(
            field="notice",
            reason=f"This notice is not complete and cannot go out. Missing: {', '.join(kept.text.missing)}.",
        )
    at = _moment(
        at, kept.drafted_at, "A notice is sent after it is drafted, and not in the future."
    )
    if kept.sent_at is None:
        values: dict[str, Any] = {"status": "sent", "sent_at": at}
        tx.execute(update(notice).where(notice.c.id == notice_id).values(**values))
    elif kept.sent_at != at:
        # A time that could be changed afterwards would move a clock that the law runs.
        raise MalformedField(
            field="at", reason="This notice is recorded already, as sent at another time."
        )
    return _find(tx, vault, key_id, case_id, notice_id)


def mark_received(
    tx: Connection, vault: Vault, key_id: KeyId, *, case_id: str, notice_id: str, at: datetime
) -> Notice:
    """Record when the service received a notice, by its own word; its clock then counts from there.

    The same time again is no change.

    Raises:
        NotFound: no such notice in this case.
        MalformedField: it is not recorded as sent, it was recorded with another time, or the time is
            in the future or before the sending.
        ValueError: a time without a zone.
    """
    kept = _find(tx, vault, key_id, case_id, notice_id)
    if kept.sent_at is None:
        raise MalformedField(
            field="notice", reason="This notice is not recorded as sent. Record the sending first."
        )
    at = _moment(at, kept.sent_at, "A notice is received after it is sent, and not in the future.")
    if kept.received_at is None:
        tx.execute(update(notice).where(notice.c.id == notice_id).values(received_at=at))
    elif kept.received_at != at:
        raise MalformedField(
            field="at", reason="This notice is recorded already, as received at another time."
        )
    return _find(tx, vault, key_id, case_id, notice_id)


def _moment(at: datetime, earlier: datetime, wanted: str) -> datetime:
    """The time in UTC, not before `earlier`; within the minute of `earlier` it is `earlier`."""
    if at.tzinfo is None:
        raise ValueError("a notice needs times with a zone")
    at = at.astimezone(UTC)
    if not earlier.replace(second=0, microsecond=0) <= at <= utc_now():
        raise MalformedField(field="at", reason=wanted)
    return max(at, earlier)


def _find(tx: Connection, vault: Vault, key_id: KeyId, case_id: str, notice_id: str) -> Notice:
    # Locked until the commit: of two recordings at once the second sees the first.
    row = tx.execute(
        select(notice)
        .where(notice.c.id == notice_id, notice.c.case_id == case_id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound
    return _read(tx, vault, key_id, row)


def _read(tx: Connection, vault: Vault, key_id: KeyId, row: Row[Any]) -> Notice:
    body = json.loads(vault.open(tx, key_id, row.sealed, context=f"notice:{row.id}"))
    return Notice(
        row.id,
        row.sighting_id,
        row.law_id,
        body["service"],
        row.status,
        NoticeText(body["text"], body["sha256"], tuple(body["missing"])),
        row.drafted_at,
        clock_of(law_named(row.law_id), sent_at=row.sent_at, received_at=row.received_at),
        row.sent_at,
        row.received_at,
    )
