# SPDX-License-Identifier: Apache-2.0
"""Webhooks as they are kept: who is called for what, with which signature, and how often."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta

import pytest
from installations import KEYS
from sqlalchemy import select, update

from haechi.errors import MalformedField, NotFound
from haechi.exchange import (
    Delivery,
    add_partner,
    add_webhook,
    claim_deliveries,
    end_webhook,
    end_webhooks_of,
    enqueue_event,
    forget_deliveries,
    forget_partner,
    has_due_deliveries,
    note_delivery,
    revoke_partner,
    webhooks_of,
)
from haechi.exchange._tables import webhook, webhook_delivery
from haechi.storage import Database, Vault
from haechi.values import PartnerKind, utc_now

VAULT = Vault(KEYS.master)
URL = "https://forum.example/haechi"
LATER = {"match.found_later"}


@pytest.fixture
def partner_id(database: Database) -> str:
    with database.write() as tx:
        return add_partner(
            tx, VAULT, name="forum", kind=PartnerKind.COMMUNITY, serves_adults_only=False
        ).id


def _add(database: Database, partner_id: str, events: set[str] = LATER) -> tuple[str, str]:
    with database.write() as tx:
        made, secret = add_webhook(tx, VAULT, partner_id, url=URL, events=events)
    return made.id, secret


def _tell(database: Database, partner_id: str, event: str = "match.found_later") -> int:
    with database.write() as tx:
        return enqueue_event(tx, VAULT, partner_id, event, {"match": "mat_1"})


def _due(database: Database, at: datetime) -> list[Delivery]:
    with database.write() as tx:
        return claim_deliveries(tx, VAULT, at=at)


def _note(database: Database, delivery: Delivery, status: int | None, at: datetime) -> None:
    with database.write() as tx:
        note_delivery(tx, delivery, status=status, at=at)


def test_neither_address_nor_secret_is_kept_in_the_clear(
    database: Database, partner_id: str
) -> None:
    _, secret = _add(database, partner_id)
    _tell(database, partner_id)
    raw = base64.b64decode(secret.removeprefix("whsec_"))
    with database.read() as tx:
        rows = [*tx.execute(select(webhook)), *tx.execute(select(webhook_delivery))]
        (kept,) = webhooks_of(tx, VAULT, partner_id)
    told = b"".join(value for row in rows for value in row if isinstance(value, bytes))
    assert b"forum.example" not in told
    assert raw not in told
    assert b"mat_1" not in told
    assert (kept.url, kept.events) == (URL, LATER)
    assert "forum.example" not in repr(kept)


def test_a_call_is_signed_as_standard_webhooks_says(database: Database, partner_id: str) -> None:
    _, secret = _add(database, partner_id)
    assert _tell(database, partner_id) == 1
    (delivery,) = _due(database, utc_now())
    told = json.loads(delivery.body)
    assert told["type"] == "match.found_later"
    assert told["data"] == {"match": "mat_1"}
    # Worked out by hand, not by what signed it.
    key = base64.b64decode(secret.removeprefix("whsec_"))
    head = f"{delivery.headers['webhook-id']}.{delivery.headers['webhook-timestamp']}."
    code = hmac.new(key, head.encode() + delivery.body, hashlib.sha256).digest()
    assert delivery.headers["webhook-signature"] == f"v1,{base64.b64encode(code).decode()}"
    assert delivery.headers["webhook-id"] == delivery.id


def test_who_does_not_want_an_event_is_not_called_for_it(
    database: Database, partner_id: str
) -> None:
    _add(database, partner_id, {"appeal.decided"})
    assert _tell(database, partner_id) == 0
    assert _tell(database, partner_id, "appeal.decided") == 1


def test_one_that_is_claimed_is_nobody_elses_for_a_minute(
    database: Database, partner_id: str
) -> None:
    _add(database, partner_id)
    _tell(database, partner_id)
    now = utc_now()
    assert len(_due(database, now)) == 1
    assert _due(database, now + timedelta(seconds=59)) == []
    assert len(_due(database, now + timedelta(seconds=61))) == 1


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_one_that_was_taken_is_over_and_its_body_forgotten(
    database: Database, partner_id: str, status: int
) -> None:
    _add(database, partner_id)
    _tell(database, partner_id)
    (delivery,) = _due(database, utc_now())
    _note(database, delivery, status, utc_now())
    with database.read() as tx:
        assert not has_due_deliveries(tx, at=utc_now() + timedelta(days=99))
        (row,) = tx.execute(select(webhook_delivery))
    assert row.sealed_body is None
    assert row.delivered_at is not None


@pytest.mark.parametrize("status", [None, 301, 400, 404, 429, 500, 503])
def test_one_that_failed_is_tried_again_ever_later_and_then_given_up(
    database: Database, partner_id: str, status: int | None
) -> None:
    _add(database, partner_id)
    _tell(database, partner_id)
    now = utc_now()
    pauses = []
    for _ in range(20):
        due = _due(database, now)
        if not due:
            break
        _note(database, due[0], status, now)
        with database.read() as tx:
            next_at = tx.scalar(select(webhook_delivery.c.next_try_at))
        if next_at is None:
            break
        pauses.append((next_at - now).total_seconds())
        assert _due(database, next_at - timedelta(milliseconds=1)) == []
        now = next_at
    assert pauses == sorted(pauses)
    assert len(pauses) == 8
    assert sum(pauses) > 24 * 3600
    with database.read() as tx:
        (row,) = tx.execute(select(webhook_delivery))
    assert (row.tries, row.sealed_body, row.delivered_at) == (9, None, None)


def test_an_address_that_is_gone_is_called_no_more(database: Database, partner_id: str) -> None:
    _add(database, partner_id)
    _tell(database, partner_id)
    _tell(database, partner_id)
    first, _ = _due(database, utc_now())
    _note(database, first, 410, utc_now())
    assert _due(database, utc_now() + timedelta(days=1)) == []
    assert _tell(database, partner_id) == 0


def test_ending_one_ends_what_is_due(database: Database, partner_id: str) -> None:
    webhook_id, _ = _add(database, partner_id)
    _tell(database, partner_id)
    with database.write() as tx:
        end_webhook(tx, partner_id, webhook_id)
    assert _due(database, utc_now()) == []
    with pytest.raises(NotFound), database.write() as tx:
        end_webhook(tx, partner_id, webhook_id)


def test_nobody_ends_or_sees_anothers(database: Database, partner_id: str) -> None:
    webhook_id, _ = _add(database, partner_id)
    with database.write() as tx:
        other = add_partner(
            tx, VAULT, name="other", kind=PartnerKind.PLATFORM, serves_adults_only=False
        )
    with pytest.raises(NotFound), database.write() as tx:
        end_webhook(tx, other.id, webhook_id)
    with database.read() as tx:
        assert webhooks_of(tx, VAULT, other.id) == []
        assert len(webhooks_of(tx, VAULT, partner_id)) == 1


def test_a_dismissed_partner_is_told_nothing(database: Database, partner_id: str) -> None:
    _add(database, partner_id)
    with database.write() as tx:
        revoke_partner(tx, "forum")
    assert _tell(database, partner_id) == 0


def test_there_are_ten_at_most(database: Database, partner_id: str) -> None:
    for _ in range(10):
        _add(database, partner_id)
    with pytest.raises(MalformedField, match="10"):
        _add(database, partner_id)


@pytest.mark.parametrize("events", [set(), {"all"}, {"match.found_later", ""}])
def test_an_event_that_is_none_is_refused(
    database: Database, partner_id: str, events: set[str]
) -> None:
    with pytest.raises(MalformedField, match=r"match\.found_later"):
        _add(database, partner_id, events)


def test_what_is_over_is_forgotten_and_what_is_due_is_not(
    database: Database, partner_id: str
) -> None:
    _add(database, partner_id)
    _tell(database, partner_id)
    (delivery,) = _due(database, utc_now())
    _note(database, delivery, 200, utc_now())
    _tell(database, partner_id)
    with database.write() as tx:
        forget_deliveries(tx, before=utc_now() + timedelta(seconds=1))
        assert len(tx.execute(select(webhook_delivery)).all()) == 1
        assert has_due_deliveries(tx, at=utc_now())


class TestWhatNobodyCanDeliver:
    """It is given up, and keeps no other partner waiting."""

    def _other_waits(self, database: Database) -> str:
        with database.write() as tx:
            other = add_partner(
                tx, VAULT, name="other", kind=PartnerKind.PLATFORM, serves_adults_only=False
            )
        _add(database, other.id)
        _tell(database, other.id)
        return other.id

    def _only_the_others(self, database: Database) -> None:
        later = utc_now() + timedelta(days=1)
        assert len(_due(database, utc_now())) == 1
        with database.read() as tx:
            rows = tx.execute(select(webhook_delivery).order_by(webhook_delivery.c.made_at)).all()
        assert [row.next_try_at is None for row in rows] == [True, False]
        assert len(_due(database, later)) == 1

    def test_of_a_partner_whose_key_was_destroyed(
        self, database: Database, partner_id: str
    ) -> None:
        _add(database, partner_id)
        _tell(database, partner_id)
        self._other_waits(database)
        with database.write() as tx:
            forget_partner(tx, VAULT, partner_id)
        self._only_the_others(database)

    @pytest.mark.parametrize("sealed", [None, b"x", bytes(99)])
    def test_what_does_not_open(
        self, database: Database, partner_id: str, sealed: bytes | None
    ) -> None:
        _add(database, partner_id)
        _tell(database, partner_id)
        with database.write() as tx:
            tx.execute(update(webhook_delivery).values(sealed_body=sealed))
        self._other_waits(database)
        self._only_the_others(database)

    def test_of_a_webhook_that_ended_while_the_event_was_noted(
        self, database: Database, partner_id: str
    ) -> None:
        _add(database, partner_id)
        _tell(database, partner_id)
        with database.write() as tx:
            tx.execute(update(webhook).values(ended_at=utc_now()))
        self._other_waits(database)
        self._only_the_others(database)


def test_a_partner_that_goes_is_called_no_more(database: Database, partner_id: str) -> None:
    _add(database, partner_id)
    _tell(database, partner_id)
    with database.write() as tx:
        end_webhooks_of(tx, partner_id)
    with database.read() as tx:
        assert not has_due_deliveries(tx, at=utc_now() + timedelta(days=9))
        assert webhooks_of(tx, VAULT, partner_id) == []


@pytest.mark.parametrize("how", ["ended", "taken by another process"])
def test_what_is_over_meanwhile_is_not_tried_again(
    database: Database, partner_id: str, how: str
) -> None:
    webhook_id, _ = _add(database, partner_id)
    _tell(database, partner_id)
    now = utc_now()
    (slow,) = _due(database, now)
    if how == "ended":
        with database.write() as tx:
            end_webhook(tx, partner_id, webhook_id)
    else:
        (again,) = _due(database, now + timedelta(seconds=61))
        _note(database, again, 200, now)
    _note(database, slow, None, now)
    with database.read() as tx:
        assert not has_due_deliveries(tx, at=now + timedelta(days=9))
