# SPDX-License-Identifier: Apache-2.0
"""The routes of a person and her case, under `/v1`."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, delete, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT

from haechi import workflows
from haechi.api._case_shapes import (
    AddBody,
    AddedAnswer,
    CaseAnswer,
    CaseBody,
    ErasedAnswer,
    NewItemAnswer,
    OpenedCaseAnswer,
    ShareBody,
)
from haechi.api._shapes import EnterBody
from haechi.settings import SESSION_COOKIE
from haechi.values import Actor, AgeFacts
from haechi.workflows import Context, Gate

_JSON_MAX_BYTES: Final = 256 * 1024
_SIGNALS_MAX_BYTES: Final = 4 * 1024 * 1024
"""A film of three hours is 800 KB of digits, a picture's regions 5."""

Req = Request[Any, Any, Any]


_CASE_EXAMPLE: Final = {
    "language": "ko",
    "items": [
        {
            "kind": "image",
            "signals": [{"type": "pdq", "value": "f8f8f0cee0f4a84f" * 4, "quality": 100}],
        }
    ],
    "sightings": [{"place": "a chat room", "told_by": "a friend"}],
}


@post(
    "/v1/cases",
    opt={"gate": Gate.OPEN, "body": "json", "limit": "report", "example": _CASE_EXAMPLE},
    request_max_body_size=_SIGNALS_MAX_BYTES,
    sync_to_thread=True,
    summary="Open a case",
)
def open_case(
    data: JSONBody[CaseBody], ctx: NamedDependency[Context]
) -> Response[OpenedCaseAnswer]:
    """Open a case from fingerprints made on the device. Files are refused.

    Sent again with the same `send_key` it opens no second case and gives the same answer.
    """
    opened = workflows.open_case(ctx, data.to_report())
    return Response(
        OpenedCaseAnswer(
            opened.case.number,
            opened.passphrase,
            opened.receipt,
            [NewItemAnswer(item.id, item.kind) for item in opened.case.items],
            opened.is_as_sent,
        ),
        cookies=[Cookie(**ctx.settings.session_cookie(opened.session_token))],
    )


@post(
    "/v1/session",
    opt={"gate": Gate.OPEN, "body": "json", "limit": "try"},
    request_max_body_size=_JSON_MAX_BYTES,
    status_code=HTTP_204_NO_CONTENT,
    sync_to_thread=True,
    summary="Come back to a case",
)
def enter_case(data: JSONBody[EnterBody], ctx: NamedDependency[Context]) -> Response[None]:
    """Begin a session with case number and passphrase; it travels in a cookie."""
    token = workflows.enter_case(ctx, case_number=data.case_number, passphrase=data.passphrase)
    return Response(None, cookies=[Cookie(**ctx.settings.session_cookie(token))])


@delete("/v1/session", opt={"gate": Gate.CASE}, sync_to_thread=True, summary="Leave a case")
def leave_case(request: Req, ctx: NamedDependency[Context]) -> Response[None]:
    """End the session."""
    workflows.leave_case(ctx, request.cookies.get(SESSION_COOKIE, ""))
    return Response(
        None, status_code=HTTP_204_NO_CONTENT, cookies=[Cookie(**ctx.settings.session_cookie(""))]
    )


@get("/v1/case", opt={"gate": Gate.CASE}, sync_to_thread=True, summary="Read one's case")
def read_case(ctx: NamedDependency[Context], actor: NamedDependency[Actor]) -> CaseAnswer:
    """The case of this session: status words, and what its holder wrote herself."""
    return CaseAnswer.of(workflows.read_case(ctx, actor))


@post(
    "/v1/case/items/{item_id:str}/withdraw",
    opt={"gate": Gate.CASE},
    status_code=HTTP_200_OK,
    sync_to_thread=True,
    summary="Withdraw an item",
)
def withdraw_item(
    item_id: FromPath[str], ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> CaseAnswer:
    """Withdraw one item of this case; doing it again changes nothing."""
    workflows.withdraw_item(ctx, actor, item_id=item_id)
    return CaseAnswer.of(workflows.read_case(ctx, actor))


@post(
    "/v1/case/items",
    opt={"gate": Gate.CASE, "body": "json"},
    request_max_body_size=_SIGNALS_MAX_BYTES,
    sync_to_thread=True,
    summary="Add to a case",
)
def add_items(
    data: JSONBody[AddBody], ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> AddedAnswer:
    """Add items and sightings to the case of this session."""
    if data.case_number:
        workflows.require_case(ctx, actor, case_number=data.case_number)
    ages = AgeFacts(data.under_18_when_taken, data.under_19_kr)
    items = [item.to_item(ages) for item in data.items]
    added = workflows.add_to_case(
        ctx,
        actor,
        items=items,
        sightings=[seen.to_sighting() for seen in data.sightings],
        send_key=data.send_key,
    )
    kinds = [item.kind for item in items]
    made = [NewItemAnswer(*new) for new in zip(added.item_ids, kinds, strict=True)]
    return AddedAnswer(made, added.receipt)


@post(
    "/v1/case/items/{item_id:str}/share",
    opt={"gate": Gate.CASE, "body": "json"},
    status_code=HTTP_200_OK,
    request_max_body_size=_JSON_MAX_BYTES,
    sync_to_thread=True,
    summary="Share an item, or stop sharing it",
)
def share_item(
    item_id: FromPath[str],
    data: JSONBody[ShareBody],
    ctx: NamedDependency[Context],
    actor: NamedDependency[Actor],
) -> CaseAnswer:
    """Share one item of this case with these kinds of partner from now on; no kinds: with nobody."""
    ages = AgeFacts(data.under_18_when_taken, data.under_19_kr)
    workflows.share_item(ctx, actor, item_id=item_id, wish=data.sharing.to_wish(), ages=ages)
    return CaseAnswer.of(workflows.read_case(ctx, actor))


@delete(
    "/v1/case",
    opt={"gate": Gate.CASE},
    status_code=HTTP_200_OK,
    sync_to_thread=True,
    summary="Erase a case",
)
def erase_case(
    ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Response[ErasedAnswer]:
    """Erase the case of this session for good; the answer is the signed statement of it."""
    statement = workflows.erase_case(ctx, actor)
    return Response(ErasedAnswer(statement), cookies=[Cookie(**ctx.settings.session_cookie(""))])


HANDLERS: Final = (
    open_case,
    enter_case,
    leave_case,
    read_case,
    add_items,
    share_item,
    withdraw_item,
    erase_case,
)
