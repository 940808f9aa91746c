# SPDX-License-Identifier: Apache-2.0
"""Webhooks: what a partner wants to be called for, and each call until it was taken or given up.

Address, secret and bodies are sealed under the partner's own key: when the partner goes, they do. The
signature is that of Standard Webhooks (standardwebhooks.com, version 1.0.0): HMAC-SHA256 over
`id.timestamp.body`, which libraries in most languages check.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from haechi.errors import MalformedField, NotFound
from haechi.exchange._partners import partner_key
from haechi.exchange._tables import partner, webhook, webhook_delivery
from haechi.storage import KeyId, Vault, new_id
from haechi.values import utc_now

EVENTS: Final = frozenset({"match.found_later", "match.ended", "appeal.decided", "trial"})
"""`match.found_later`: an upload that was asked about earlier is known now. `match.ended`: a content that
an upload matched was withdrawn or is held. `appeal.decided`: an uploader's appeal is decided."""

_PAUSES: Final = (5, 30, 120, 600, 3600, 3 * 3600, 8 * 3600, 24 * 3600)
"""Seconds after each try that failed; after the last it is given up."""

_LEASE: Final = timedelta(seconds=60)
_MOST_WEBHOOKS: Final = 10
_SECRET_BYTES: Final = 32
_GONE: Final = 410


@dataclass(frozen=True, slots=True)
class Webhook:
    """One address that a partner gave; `url` is its own."""

    id: str
    url: str = field(repr=False)
    events: frozenset[str]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One call that is due: where to, what with, and which try it is."""

    id: str
    webhook_id: str
    url: str = field(repr=False)
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    tries: int


def add_webhook(
    tx: Connection, vault: Vault, partner_id: str, *, url: str, events: Collection[str]
) -> tuple[Webhook, str]:
    """A new webhook, and its secret, which is shown this once. Does not check where the address leads.

    Raises:
        MalformedField: an event is none, or there are enough webhooks. NotFound: no such partner.
    """
    if not events or not EVENTS.issuperset(events):
        raise MalformedField(
            field="events", reason=f"An event is one of: {', '.join(sorted(EVENTS))}."
        )
    if len(webhooks_of(tx, vault, partner_id)) >= _MOST_WEBHOOKS:
        raise MalformedField(field="url", reason=f"At most {_MOST_WEBHOOKS} webhooks.")
    key_id = partner_key(tx, vault, partner_id)
    made = Webhook(new_id("whk"), url, frozenset(events), utc_now())
    secret = secrets.token_bytes(_SECRET_BYTES)
    tx.execute(
        insert(webhook).values(
            id=made.id,
            partner_id=partner_id,
            sealed_url=vault.seal(tx, key_id, url.encode(), context=f"webhook_url:{made.id}"),
            sealed_secret=vault.seal(tx, key_id, secret, context=f"webhook_secret:{made.id}"),
            events=" ".join(sorted(made.events)),
            created_at=made.created_at,
        )
    )
    return made, f"whsec_{base64.b64encode(secret).decode()}"


def webhooks_of(tx: Connection, vault: Vault, partner_id: str) -> list[Webhook]:
    """The webhooks of a partner that have not ended, oldest first."""
    rows = tx.execute(
        select(webhook, partner.c.key_id)
        .join(partner, partner.c.id == webhook.c.partner_id)
        .where(
            webhook.c.partner_id == partner_id,
            webhook.c.ended_at.is_(None),
            partner.c.key_id.is_not(None),
        )
        .order_by(webhook.c.created_at, webhook.c.id)
    ).all()
    return [
        Webhook(
            row.id,
            _url_of(tx, vault, row),
            frozenset(row.events.split()),
            row.created_at,
        )
        for row in rows
    ]


def end_webhook(tx: Connection, partner_id: str, webhook_id: str) -> None:
    """End one webhook of this partner, with every call that is still due.

    Raises:
        NotFound: it has none of this id.
    """
    ended = tx.execute(
        update(webhook)
        .where(
            webhook.c.id == webhook_id,
            webhook.c.partner_id == partner_id,
            webhook.c.ended_at.is_(None),
        )
        .values(ended_at=utc_now())
    )
    if not ended.rowcount:
        raise NotFound
    _drop_due(tx, webhook_id)


def end_webhooks_of(tx: Connection, partner_id: str) -> None:
    """End every webhook of a partner that goes, with every call that is still due."""
    ids = tx.scalars(
        update(webhook)
        .where(webhook.c.partner_id == partner_id, webhook.c.ended_at.is_(None))
        .values(ended_at=utc_now())
        .returning(webhook.c.id)
    ).all()
    for webhook_id in ids:
        _drop_due(tx, webhook_id)


def enqueue_event(
    tx: Connection, vault: Vault, partner_id: str, event: str, body: Mapping[str, Any]
) -> int:
    """Note an event for each webhook of the partner that wants it; how many those are.

    It is called after the caller's commit, by whoever delivers.
    """
    rows = tx.execute(
        select(webhook.c.id, webhook.c.events, partner.c.key_id)
        .join(partner, partner.c.id == webhook.c.partner_id)
        .where(
            webhook.c.partner_id == partner_id,
            webhook.c.ended_at.is_(None),
            partner.c.revoked_at.is_(None),
        )
    ).all()
    wanting = [row for row in rows if event in row.events.split()]
    for row in wanting:
        now = utc_now()
        delivery_id = new_id("evt")
        told = {"type": event, "timestamp": now.isoformat(), "data": dict(body)}
        sealed = vault.seal(
            tx, KeyId(row.key_id), json.dumps(told).encode(), context=f"event:{delivery_id}"
        )
        tx.execute(
            insert(webhook_delivery).values(
                id=delivery_id,
                webhook_id=row.id,
                event=event,
                sealed_body=sealed,
                made_at=now,
                next_try_at=now,
            )
        )
    return len(wanting)


def has_due_deliveries(tx: Connection, *, at: datetime) -> bool:
    """Whether any call is due."""
    return (
        tx.scalar(
            select(webhook_delivery.c.id).where(webhook_delivery.c.next_try_at <= at).limit(1)
        )
        is not None
    )


def claim_deliveries(
    tx: Connection, vault: Vault, *, at: datetime, limit: int = 16
) -> list[Delivery]:
    """The calls that are due, oldest first; nobody else gets them for a minute.

    One that nobody can make is given up, and keeps no other waiting: its webhook has ended, or what it was
    to say does not open any more.
    """
    rows = tx.execute(
        select(
            webhook_delivery,
            webhook.c.sealed_url,
            webhook.c.sealed_secret,
            webhook.c.ended_at,
            partner.c.key_id,
        )
        .join(webhook, webhook.c.id == webhook_delivery.c.webhook_id)
        .join(partner, partner.c.id == webhook.c.partner_id)
        .where(webhook_delivery.c.next_try_at <= at)
        .order_by(webhook_delivery.c.next_try_at)
        .limit(limit)
        .with_for_update(of=webhook_delivery, skip_locked=True)
    ).all()
    claimed = []
    for row in rows:
        delivery = None if row.ended_at is not None else _opened(tx, vault, row, at)
        over = {"next_try_at": None, "sealed_body": None}
        tx.execute(
            update(webhook_delivery)
            .where(webhook_delivery.c.id == row.id)
            .values(**(over if delivery is None else {"next_try_at": at + _LEASE}))
        )
        if delivery is not None:
            claimed.append(delivery)
    return claimed


def _opened(tx: Connection, vault: Vault, row: Row[Any], at: datetime) -> Delivery | None:
    """The call with its signature; None if anything of it does not open."""
    sealed = {
        f"webhook_url:{row.webhook_id}": row.sealed_url,
        f"event:{row.id}": row.sealed_body,
        f"webhook_secret:{row.webhook_id}": row.sealed_secret,
    }
    if row.key_id is None or None in sealed.values():
        return None
    key_id = KeyId(row.key_id)
    opened = vault.open_many(tx, [(key_id, value, context) for context, value in sealed.items()])
    url, body, secret = opened
    if url is None or body is None or secret is None:
        return None
    headers = _signed(secret, row.id, at, body)
    return Delivery(row.id, row.webhook_id, url.decode(), body, headers, row.tries)


def note_delivery(tx: Connection, delivery: Delivery, *, status: int | None, at: datetime) -> None:
    """What came of a call: taken (any 2xx), to be tried again, or given up; None: no answer.

    An address that says that it is gone (410) ends its webhook. What is over meanwhile stays over: another
    process made the call, or the webhook was ended.
    """
    values: dict[str, Any] = {"tries": delivery.tries + 1, "last_status": status}
    if status is not None and 200 <= status < 300:
        values |= {"delivered_at": at, "next_try_at": None, "sealed_body": None}
    elif delivery.tries >= len(_PAUSES) or status == _GONE:
        values |= {"next_try_at": None, "sealed_body": None}
    else:
        values["next_try_at"] = at + timedelta(seconds=_PAUSES[delivery.tries])
    tx.execute(
        update(webhook_delivery)
        .where(webhook_delivery.c.id == delivery.id, webhook_delivery.c.next_try_at.is_not(None))
        .values(**values)
    )
    if status == _GONE:
        tx.execute(update(webhook).where(webhook.c.id == delivery.webhook_id).values(ended_at=at))
        _drop_due(tx, delivery.webhook_id)


def forget_deliveries(tx: Connection, *, before: datetime) -> None:
    """Forget calls that were made, or given up, before a moment."""
    tx.execute(
        delete(webhook_delivery).where(
            webhook_delivery.c.next_try_at.is_(None), webhook_delivery.c.made_at < before
        )
    )


def _url_of(tx: Connection, vault: Vault, row: Row[Any]) -> str:
    key_id = KeyId(row.key_id)
    return vault.open(tx, key_id, row.sealed_url, context=f"webhook_url:{row.id}").decode()


def _drop_due(tx: Connection, webhook_id: str) -> None:
    tx.execute(
        update(webhook_delivery)
        .where(
            webhook_delivery.c.webhook_id == webhook_id,
            webhook_delivery.c.next_try_at.is_not(None),
        )
        .values(next_try_at=None, sealed_body=None)
    )


def _signed(secret: bytes, delivery_id: str, at: datetime, body: bytes) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    told = f"{delivery_id}.{stamp}.".encode() + body
    code = base64.b64encode(hmac.digest(secret, told, "sha256")).decode()
    return {
        "content-type": "application/json",
        "webhook-id": delivery_id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{code}",
    }
