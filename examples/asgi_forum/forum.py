# SPDX-License-Identifier: Apache-2.0
"""A small forum in Litestar behind the middleware, which any ASGI application can stand behind.

    HAECHI_URL=… HAECHI_PARTNER_TOKEN=… granian --interface asgi forum:app

The forum itself knows nothing of known copies: they never reach it. It only holds what is to be looked
at by a person.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Annotated, Any

from litestar import Litestar, MediaType, Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body

from haechi.gates import Action, GateSettings, ScreeningGate

FORM = """<!doctype html><html lang="en"><title>A small forum</title><h1>A small forum</h1>
<p role="status">{notice}</p><form method="post" enctype="multipart/form-data">
<label>Title <input name="title" required></label>
<label>Picture <input name="picture" type="file" required></label><button>Publish</button></form>"""


@dataclass
class Board:
    """What is published, and what waits for a moderator."""

    posts: list[tuple[str, str, bytes]] = field(default_factory=list)
    waiting: list[tuple[str, str, bytes]] = field(default_factory=list)


@dataclass
class PostForm:
    """What somebody wants to publish."""

    title: str
    picture: UploadFile


board = Board()


def page(notice: str = "") -> str:
    """The board, and the form that adds to it."""
    shown = "".join(
        f'<article><h2>{escape(title)}</h2><img src="/pictures/{number}" alt=""></article>'
        for number, (title, _, _) in enumerate(board.posts)
    )
    return FORM.format(notice=notice) + shown


@get("/", media_type=MediaType.HTML, sync_to_thread=False)
def index() -> str:
    """The board."""
    return page()


@post("/", media_type=MediaType.HTML)
async def publish(
    request: Request[Any, Any, Any],
    data: Annotated[PostForm, Body(media_type=RequestEncodingType.MULTI_PART)],
) -> Response[str]:
    """Publish, or hold for a moderator, as the middleware says."""
    sent = (data.title, data.picture.content_type, await data.picture.read())
    if request.scope["haechi.screening"].action is Action.REVIEW:  # type: ignore[typeddict-item]
        board.waiting.append(sent)
        return Response(page("A moderator looks at this first."), status_code=202)
    board.posts.append(sent)
    return Response(page("Published."), status_code=201)


@get("/pictures/{number:int}", sync_to_thread=False)
def picture(number: int) -> Response[bytes]:
    """A published picture."""
    if not 0 <= number < len(board.posts):
        raise NotFoundException
    _, kind, data = board.posts[number]
    return Response(data, media_type=kind, headers={"x-content-type-options": "nosniff"})


forum = Litestar([index, publish, picture], request_max_body_size=64 * 1024 * 1024)
app = ScreeningGate(forum, GateSettings.from_environment())
