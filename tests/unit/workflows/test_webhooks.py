# SPDX-License-Identifier: Apache-2.0
"""Calling partners over a real connection: signed, again when it fails, and never where it must not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from installations import OPERATOR, context_on
from sqlalchemy import select, update
from webhook_receiver import Receiver, receiving

from haechi import exchange
from haechi.errors import MalformedField, NotFound
from haechi.exchange._tables import webhook_delivery
from haechi.values import Actor, ActorKind, utc_now
from haechi.workflows import (
    Context,
    add_webhook,
    admit_partner,
    dismiss_partner,
    end_webhook,
    list_webhooks,
)
from haechi.workflows._webhooks import deliver_webhooks


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


@pytest.fixture
def trial(store_url: str, tmp_path: Path) -> Iterator[Context]:
    """An installation that may call private addresses, as for a trial."""
    with context_on(store_url, tmp_path, reach_private=1) as ctx:
        yield ctx


def _partner(ctx: Context, name: str = "forum") -> Actor:
    partner, _ = admit_partner(ctx, OPERATOR, name=name, scopes=["webhooks"])
    return Actor(ActorKind.PARTNER, partner.id, frozenset({"webhooks"}), partner.reader)


def _due_again(ctx: Context) -> None:
    with ctx.database.write() as tx:
        tx.execute(
            update(webhook_delivery)
            .where(webhook_delivery.c.next_try_at.is_not(None))
            .values(next_try_at=utc_now())
        )


def test_a_trial_call_comes_at_once_and_is_signed(trial: Context, receiver: Receiver) -> None:
    forum = _partner(trial)
    _, secret = add_webhook(
        trial, forum, url=f"{receiver.address}/hook", events=["match.found_later"]
    )
    assert deliver_webhooks(trial) == 1
    ((headers, body),) = receiver.calls
    told = json.loads(body)
    assert told["type"] == "trial"
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    code = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{code}"
    assert deliver_webhooks(trial) == 0


def test_one_that_failed_comes_again_with_the_same_id(trial: Context, receiver: Receiver) -> None:
    receiver.statuses = [500, 429, 204]
    add_webhook(trial, _partner(trial), url=receiver.address, events=["appeal.decided"])
    for _ in range(4):
        deliver_webhooks(trial)
        _due_again(trial)
    assert len(receiver.calls) == 3
    assert len({headers["webhook-id"] for headers, _ in receiver.calls}) == 1


def test_a_redirect_is_not_followed(trial: Context, receiver: Receiver) -> None:
    receiver.statuses = [302]
    add_webhook(trial, _partner(trial), url=receiver.address, events=["appeal.decided"])
    deliver_webhooks(trial)
    assert len(receiver.calls) == 1
    with trial.database.read() as tx:
        assert tx.scalar(select(webhook_delivery.c.last_status)) == 302


def test_nobody_there_is_tried_again(trial: Context) -> None:
    add_webhook(trial, _partner(trial), url="http://127.0.0.1:9", events=["appeal.decided"])
    assert deliver_webhooks(trial) == 1
    with trial.database.read() as tx:
        row = tx.execute(select(webhook_delivery)).one()
    assert (row.tries, row.last_status) == (1, None)
    assert row.next_try_at is not None


def test_a_private_address_is_never_called_unless_it_is_a_trial(
    trial: Context, receiver: Receiver, store_url: str, tmp_path: Path
) -> None:
    """It was named while trials were allowed; then they were not any more."""
    add_webhook(trial, _partner(trial), url=receiver.address, events=["appeal.decided"])
    with context_on(store_url, tmp_path) as ctx:
        assert deliver_webhooks(ctx) == 1
    assert receiver.calls == []


@pytest.mark.parametrize(
    "url",
    [
        "http://forum.example/",
        "ftp://forum.example/",
        "https://",
        "https://user:word@forum.example/",
        "https://forum.example/#part",
        "https://forum.example:notaport/",
        "https://[::1",
        "//forum.example/",
        "forum.example",
        "https://forum.example/\x00",
        "https://fo\trum.example/",
        "https://xn--/",
        "https://forum.example/" + "x" * 500,
    ],
)
def test_what_is_no_address_to_call_is_refused(ctx: Context, url: str) -> None:
    with pytest.raises(MalformedField) as caught:
        add_webhook(ctx, _partner(ctx), url=url, events=["appeal.decided"])
    assert caught.value.field == "url"
    assert "forum" not in caught.value.sentence


def test_an_address_that_is_none_fails_by_itself(trial: Context, receiver: Receiver) -> None:
    """However it came there: the other calls of the round are made, and noted."""
    forum = _partner(trial)
    with trial.database.write() as tx:
        for url in ("https://xn--/", "https://forum.example/\x00"):
            exchange.add_webhook(tx, trial.vault, forum.id, url=url, events=["trial"])
    add_webhook(trial, forum, url=receiver.address, events=["appeal.decided"])
    assert deliver_webhooks(trial) == 3
    assert len(receiver.calls) == 1
    with trial.database.read() as tx:
        rows = tx.execute(select(webhook_delivery.c.last_status, webhook_delivery.c.tries)).all()
    assert sorted(rows, key=str) == [(204, 1), (None, 1), (None, 1)]


def test_a_partner_that_goes_keeps_no_other_waiting(trial: Context, receiver: Receiver) -> None:
    add_webhook(trial, _partner(trial), url=receiver.address, events=["appeal.decided"])
    dismiss_partner(trial, OPERATOR, name="forum")
    add_webhook(trial, _partner(trial, "other"), url=receiver.address, events=["appeal.decided"])
    assert deliver_webhooks(trial) == 1
    assert len(receiver.calls) == 1


def test_each_partner_sees_and_ends_its_own(ctx: Context) -> None:
    forum, other = _partner(ctx), _partner(ctx, "other")
    made, _ = add_webhook(ctx, forum, url="https://forum.example/", events=["appeal.decided"])
    assert list_webhooks(ctx, other) == []
    with pytest.raises(NotFound):
        end_webhook(ctx, other, webhook_id=made.id)
    assert [one.id for one in list_webhooks(ctx, forum)] == [made.id]
    end_webhook(ctx, forum, webhook_id=made.id)
    assert list_webhooks(ctx, forum) == []
