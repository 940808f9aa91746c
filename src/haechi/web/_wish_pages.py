# SPDX-License-Identifier: Apache-2.0
"""What she decides: with whom each item is shared, who may act, how often there is news, erasing."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER

from haechi import workflows
from haechi.errors import BadInput, NotFound
from haechi.values import Actor
from haechi.web._case_pages import item_names
from haechi.web._forms import (
    SHARING_DAYS,
    Form,
    age_answer,
    ages_of,
    new_send_key,
    send_key_of,
    wish_of,
)
from haechi.web._render import Page
from haechi.web._session import session_cookie, session_token
from haechi.workflows import Context, Gate, NewsEvery

Req = Request[Any, Any, Any]


@get("/case/items/{item_id:str}", opt={"gate": Gate.CASE}, sync_to_thread=True)
def item_page(
    item_id: FromPath[str],
    page: NamedDependency[Page],
    ctx: NamedDependency[Context],
    actor: NamedDependency[Actor],
) -> Response[str]:
    """One photo or video: with whom it is shared, and for how long."""
    case = workflows.read_case(ctx, actor)
    for name, item in zip(item_names(page.words, case), case.items, strict=True):
        if item.id == item_id and item.withdrawn_at is None:
            return page.show(
                "item.html",
                name=name,
                item=item,
                age=age_answer(item.ages),
                days=SHARING_DAYS,
            )
    raise NotFound


@post(
    "/case/items/{item_id:str}",
    opt={"gate": Gate.CASE, "body": "form"},
    status_code=HTTP_303_SEE_OTHER,
    sync_to_thread=True,
)
def share_item(
    item_id: FromPath[str],
    form: NamedDependency[Form],
    ctx: NamedDependency[Context],
    actor: NamedDependency[Actor],
) -> Redirect:
    """Share one photo or video as she wishes from now on."""
    workflows.share_item(ctx, actor, item_id=item_id, wish=wish_of(form), ages=ages_of(form))
    return Redirect("/case", status_code=HTTP_303_SEE_OTHER)


@get("/case/wishes", opt={"gate": Gate.CASE}, sync_to_thread=True)
def wishes_page(
    page: NamedDependency[Page], ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Response[str]:
    """May the centre act for her, how often is there news, should anybody look again."""
    case = workflows.read_case(ctx, actor)
    return page.show("wishes.html", number=case.number, wishes=case.wishes)


@post(
    "/case/wishes",
    opt={"gate": Gate.CASE, "body": "form"},
    status_code=HTTP_303_SEE_OTHER,
    sync_to_thread=True,
)
def set_wishes(
    form: NamedDependency[Form], ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Redirect:
    """Set what the page offers; what it did not send stays as it is."""
    workflows.require_case(ctx, actor, case_number=form.get("case", ""))
    wishes = workflows.read_case(ctx, actor).wishes
    agent = form.get("agent", "")
    if agent in ("yes", "no") and agent != wishes.agency.value:
        workflows.say_agency(ctx, actor, may_act=agent == "yes")
    try:
        news_every = NewsEvery(form.get("news_every", wishes.news_every.value))
    except ValueError as error:
        raise BadInput from error
    is_watched = form.get("watch", "yes" if wishes.is_watched else "no") == "yes"
    if (news_every, is_watched) != (wishes.news_every, wishes.is_watched):
        workflows.set_quiet(ctx, actor, news_every=news_every, is_watched=is_watched)
    return Redirect("/case", status_code=HTTP_303_SEE_OTHER)


@get("/case/erase", opt={"gate": Gate.CASE}, sync_to_thread=True)
def erase_page(
    page: NamedDependency[Page], ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Response[str]:
    """What erasing means, and the button for it."""
    case = workflows.read_case(ctx, actor)
    return page.show("erase.html", case=case, send_key=new_send_key())


@post(
    "/case/erase",
    # Open, since the session ends with the case: sent twice, it must show the same both times.
    opt={"gate": Gate.OPEN, "body": "form"},
    status_code=HTTP_200_OK,
    sync_to_thread=True,
)
def erase_case(
    request: Req,
    page: NamedDependency[Page],
    form: NamedDependency[Form],
    ctx: NamedDependency[Context],
) -> Response[str]:
    """Erase the case of the session, and show the signed statement of it."""
    actor = workflows.actor_of_session(ctx, session_token(request))
    if actor is not None:
        workflows.require_case(ctx, actor, case_number=form.get("case", ""))
    statement = workflows.erase_case(ctx, actor, send_key=send_key_of(form))
    return page.show(
        "erased.html",
        cookies=[session_cookie(ctx.settings, "")],
        erased=statement["statement"],
        erased_at=datetime.fromisoformat(statement["statement"]["erased_at"]),
        text=json.dumps(statement, ensure_ascii=False, indent=2),
    )


HANDLERS: Final = (
    item_page,
    share_item,
    wishes_page,
    set_wishes,
    erase_page,
    erase_case,
)
