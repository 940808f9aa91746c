# SPDX-License-Identifier: Apache-2.0
"""Notices as they are kept: sealed text, status, and the times its clock is counted from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from haechi.notices._clock import Clock, clock_of
from haechi.notices._draft import NoticeText
from haechi.notices._laws import law_named
from haechi.notices._tables import notice
from haechi.storage import KeyId, Vault, new_id
from haechi.values import utc_now


@dataclass(frozen=True, slots=True)
class Notice:
    """One demand to one service under one law."""

    id: str
    sighting_id: str
    law_id: str
    service: str
    status: str
    text: NoticeText
    drafted_at: datetime
    clock: Clock


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
    found = []
    for row in rows:
        body = json.loads(vault.open(tx, key_id, row.sealed, context=f"notice:{row.id}"))
        found.append(
            Notice(
                row.id,
                row.sighting_id,
                row.law_id,
                body["service"],
                row.status,
                NoticeText(body["text"], body["sha256"], tuple(body["missing"])),
                row.drafted_at,
                clock_of(law_named(row.law_id), sent_at=row.sent_at, received_at=row.received_at),
            )
        )
    return found
