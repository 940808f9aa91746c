# SPDX-License-Identifier: Apache-2.0
"""A list in the shape of StopNCII's: for clients that can be pointed at another address than its own.

The partner's token comes in the header `x-functions-key`; the subscription key that clients send beside it
is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.status_codes import HTTP_200_OK

from haechi import workflows
from haechi.api._hma_answers import answer, missing, problem
from haechi.api._stopncii_shapes import page_body, page_token, read_judged, read_submitted
from haechi.errors import NotFound, TooMuchAtOnce
from haechi.values import Actor
from haechi.workflows import MOST_SUBMITTED, Context, Gate, Scope, Taken

_KEY: Final = "x-functions-key"
_BODY_MAX_BYTES: Final = 8 * 1024 * 1024
_USUAL_PAGE: Final = 800
_MOST_DIGITS: Final = 15

Req = Request[Any, Any, Any]


@get(
    "/stopncii/v1/FetchHashes",
    opt={"gate": Gate.PARTNER, "scope": Scope.CHANGES, "token_header": _KEY},
    sync_to_thread=True,
    summary="StopNCII: the list since a moment",
)
def fetch_hashes(
    request: Req, ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Response[Any]:
    """`startTimestamp` in seconds; `pageSize`; `nextPageToken` of the page before.

    Go on from `nextSetTimestamp` next time. A record replaces an earlier one of the same value; a
    `Withdrawn` or `Deleted` one takes it back.
    """
    asked = request.query_params
    if not asked.get("startTimestamp"):
        raise missing("startTimestamp")
    position, reached_s = None, 0
    if asked.get("nextPageToken"):
        try:
            position, reached_s = page_token(asked["nextPageToken"])
        except ValueError:
            raise problem(400, "nextPageToken is none that was given here") from None
    page = workflows.hand_out(
        ctx,
        actor,
        since_s=_number(asked["startTimestamp"], "startTimestamp"),
        position=position,
        reached_s=reached_s,
        limit=max(1, _number(asked.get("pageSize", str(_USUAL_PAGE)), "pageSize")),
    )
    return answer(page_body(page))


@post(
    "/stopncii/v1/SubmitHashes",
    opt={"gate": Gate.PARTNER, "scope": Scope.CONTRIBUTE, "token_header": _KEY},
    status_code=HTTP_200_OK,
    request_max_body_size=_BODY_MAX_BYTES,
    summary="StopNCII: hashes of your own",
)
async def submit_hashes(
    request: Req, ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Response[Any]:
    """`hashRecords`, as the client sends them. What cannot be used is set aside and counted."""
    sent = await _records(request, "hashRecords")

    def submit() -> Taken:
        records = [read_submitted(one) for one in sent]
        try:
            return workflows.submit_values(ctx, actor, records)
        except NotFound:
            raise problem(403, "This token may write into no bank. Ask for one.") from None

    return await _taken(submit)


@post(
    "/stopncii/v1/SubmitFeedback",
    opt={"gate": Gate.PARTNER, "scope": Scope.OPINIONS, "token_header": _KEY},
    status_code=HTTP_200_OK,
    request_max_body_size=_BODY_MAX_BYTES,
    summary="StopNCII: what you found of our hashes",
)
async def submit_feedback(
    request: Req, ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Response[Any]:
    """`hashFeedbacks`, as the client sends them: `Blocked` confirms, `NotBlocked` says it is not this."""
    sent = await _records(request, "hashFeedbacks")
    return await _taken(
        lambda: workflows.judge_values(ctx, actor, [read_judged(one) for one in sent])
    )


async def _records(request: Req, name: str) -> list[Any]:
    try:
        body = msgspec.json.decode(await request.body(), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise problem(400, "This needs a JSON object") from error
    records = body.get(name)
    if not isinstance(records, list):
        raise missing(name, where="body")
    if len(records) > MOST_SUBMITTED:
        # Before each of them is looked at: a body holds millions of what is no record.
        raise TooMuchAtOnce
    return records


async def _taken(take: Callable[[], Taken]) -> Response[Any]:
    taken = await to_thread.run_sync(take)
    return answer(
        {"received": taken.received, "accepted": taken.taken, "setAside": taken.set_aside}
    )


def _number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise problem(400, f"{name} needs a whole number")
    return int(text)


HANDLERS = [fetch_hashes, submit_hashes, submit_feedback]
