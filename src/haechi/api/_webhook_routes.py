# SPDX-License-Identifier: Apache-2.0
"""The routes by which a partner says where it wants to be called."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from anyio import to_thread
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_201_CREATED
from msgspec import UNSET, Meta, Struct, UnsetType

from haechi import workflows
from haechi.values import Actor
from haechi.workflows import Context, Gate, Scope

_OPT = {"gate": Gate.PARTNER, "scope": Scope.WEBHOOKS}


_EXAMPLE = {"url": "https://forum.example/haechi", "events": ["match.found_later"]}


class WebhookBody(Struct, forbid_unknown_fields=True):
    """Where to call, and what for."""

    url: Annotated[str, Meta(min_length=1, max_length=500)]
    events: Annotated[
        list[Literal["match.found_later", "match.ended", "appeal.decided"]],
        Meta(min_length=1, max_length=3),
    ]


class WebhookAnswer(Struct, omit_defaults=True):
    """One webhook; its secret is shown when it is made, and never again."""

    id: str
    url: str
    events: list[str]
    created_at: datetime
    secret: str | UnsetType = UNSET

    @classmethod
    def of(cls, webhook: workflows.Webhook, secret: str | UnsetType = UNSET) -> WebhookAnswer:
        """The shape of a webhook."""
        return cls(webhook.id, webhook.url, sorted(webhook.events), webhook.created_at, secret)


class WebhooksAnswer(Struct):
    """Every webhook of the partner that asks."""

    webhooks: list[WebhookAnswer]


@post(
    "/v1/webhooks",
    opt={**_OPT, "body": "json", "example": _EXAMPLE},
    status_code=HTTP_201_CREATED,
    summary="Be called when something is found later",
)
async def add_webhook(
    data: JSONBody[WebhookBody], ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> WebhookAnswer:
    """Calls are signed as Standard Webhooks says; a `trial` call is made at once."""

    def add() -> WebhookAnswer:
        made, secret = workflows.add_webhook(ctx, actor, url=data.url, events=data.events)
        return WebhookAnswer.of(made, secret)

    return await to_thread.run_sync(add)


@get("/v1/webhooks", opt=_OPT, sync_to_thread=True, summary="Your webhooks")
def list_webhooks(ctx: NamedDependency[Context], actor: NamedDependency[Actor]) -> WebhooksAnswer:
    """Every webhook of yours that has not ended."""
    return WebhooksAnswer([WebhookAnswer.of(one) for one in workflows.list_webhooks(ctx, actor)])


@delete("/v1/webhooks/{webhook_id:str}", opt=_OPT, sync_to_thread=True, summary="End a webhook")
def end_webhook(
    webhook_id: FromPath[str], ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> None:
    """No call is made to it any more, nor those that were due."""
    workflows.end_webhook(ctx, actor, webhook_id=webhook_id)


HANDLERS = [add_webhook, list_webhooks, end_webhook]
