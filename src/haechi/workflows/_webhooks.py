# SPDX-License-Identifier: Apache-2.0
"""Webhooks: a partner says where it wants to be called, and is called until it answers."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

import httpx

from haechi import audit, exchange
from haechi.errors import HaechiError, MalformedField
from haechi.exchange import Delivery, Webhook
from haechi.values import Actor, utc_now
from haechi.workflows._context import Context
from haechi.workflows._permissions import Scope, require_partner

_AT_ONCE: Final = 8
_WHOLE_S: Final = 15
"""A call and its answer; Standard Webhooks says 15 to 30. Twice that is less than others wait to try it."""
_FORGET_AFTER: Final = timedelta(days=30)
_MOST_URL_CHARS: Final = 500


def add_webhook(
    ctx: Context, actor: Actor, *, url: str, events: Collection[str]
) -> tuple[Webhook, str]:
    """A new webhook of this partner, and the secret that its calls are signed with, shown this once.

    A call of the kind `trial` is made at once, to see that it arrives.

    Raises:
        NeedsAccess, NotYours: no partner with the scope `webhooks`. MalformedField: no address on the
            web that may be called, an event that is none, or webhooks enough.
    """
    require_partner(actor, Scope.WEBHOOKS)
    _check_url(url, may_be_private=ctx.settings.may_reach_private)
    with ctx.database.write() as tx:
        made, secret = exchange.add_webhook(
            tx, ctx.vault, actor.id, url=url, events={*events, "trial"}
        )
        exchange.enqueue_event(tx, ctx.vault, actor.id, "trial", {"webhook": made.id})
        audit.record(tx, actor, "add_webhook", made.id)
    return made, secret


def list_webhooks(ctx: Context, actor: Actor) -> list[Webhook]:
    """This partner's webhooks.

    Raises:
        NeedsAccess, NotYours: no partner with the scope `webhooks`.
    """
    require_partner(actor, Scope.WEBHOOKS)
    with ctx.database.read() as tx:
        return exchange.webhooks_of(tx, ctx.vault, actor.id)


def end_webhook(ctx: Context, actor: Actor, *, webhook_id: str) -> None:
    """End a webhook of this partner, with every call that is still due.

    Raises:
        NeedsAccess, NotYours: no partner with the scope `webhooks`. NotFound: it has no such webhook.
    """
    require_partner(actor, Scope.WEBHOOKS)
    with ctx.database.write() as tx:
        exchange.end_webhook(tx, actor.id, webhook_id)
        audit.record(tx, actor, "end_webhook", webhook_id)


def deliver_webhooks(ctx: Context) -> int:
    """Make every call that is due; how many those were. Of several processes each makes some.

    A partner may be called twice with one `webhook-id`, when a process ends between call and note.
    """
    at = utc_now()
    with ctx.database.read() as tx:
        if not exchange.has_due_deliveries(tx, at=at):
            return 0
    with ctx.database.write() as tx:
        due = exchange.claim_deliveries(tx, ctx.vault, at=at)
    with (
        exchange.guarded_client(
            allow_private=ctx.settings.may_reach_private, timeout_s=5, whole_s=_WHOLE_S
        ) as client,
        ThreadPoolExecutor(_AT_ONCE, "webhook") as pool,
    ):
        statuses = list(pool.map(lambda delivery: _call(client, delivery), due))
    with ctx.database.write() as tx:
        for delivery, status in zip(due, statuses, strict=True):
            exchange.note_delivery(tx, delivery, status=status, at=utc_now())
    return len(due)


def forget_old_deliveries(ctx: Context) -> None:
    """Forget calls of a month ago; a verb of upkeep."""
    with ctx.database.write() as tx:
        exchange.forget_deliveries(tx, before=utc_now() - _FORGET_AFTER)


def _call(client: httpx.Client, delivery: Delivery) -> int | None:
    # No answer, an address that is refused or is none, or one that breaks off: all are tried again.
    with (
        suppress(httpx.HTTPError, httpx.InvalidURL, HaechiError, OSError, ValueError),
        client.stream(
            "POST", delivery.url, content=delivery.body, headers=dict(delivery.headers)
        ) as answer,
    ):
        return answer.status_code
    return None


def _check_url(url: str, *, may_be_private: bool) -> None:
    try:
        # As it will be read when it is called, too: what one of the two takes, the other may not.
        _ = httpx.URL(url).host
        parts = urlsplit(url)
        port = parts.port
    except (ValueError, httpx.InvalidURL):
        parts, port = urlsplit(""), None
    schemes = ("https", "http") if may_be_private else ("https",)
    is_good = (
        len(url) <= _MOST_URL_CHARS
        and parts.scheme in schemes
        and parts.hostname
        and parts.username is None
        and not parts.fragment
        and port != 0
    )
    if not is_good:
        raise MalformedField(
            field="url",
            reason="A webhook needs an https address without a name or passphrase in it.",
        )
