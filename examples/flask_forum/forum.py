# SPDX-License-Identifier: Apache-2.0
"""A small forum in Flask: a picture is looked at before it is published.

    HAECHI_URL=… HAECHI_PARTNER_TOKEN=… flask --app forum run

Pictures are kept in memory, as this is an example; a forum of yours has a place for them.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import IO

from flask import Flask, Request, Response, abort, render_template_string, request

from haechi.gates import Action, GateSettings, Reason, Screener

PAGE = """<!doctype html><html lang="en"><title>A small forum</title>
<h1>A small forum</h1>
{% if notice %}<p role="status">{{ notice }}</p>{% endif %}
<form method="post" enctype="multipart/form-data">
  <label>Title <input name="title" required maxlength="80"></label>
  <label>Picture <input name="picture" type="file" accept="image/*,video/*" required></label>
  <button>Publish</button>
</form>
{% for post in posts %}<article><h2>{{ post.title }}</h2>
<img src="/pictures/{{ loop.index0 }}" alt=""></article>{% endfor %}
</html>"""


@dataclass
class Post:
    """What somebody published, or wants to."""

    title: str
    kind: str
    picture: bytes


@dataclass
class Board:
    """What is published, and what waits for a moderator."""

    posts: list[Post] = field(default_factory=list)
    waiting: list[Post] = field(default_factory=list)


class InMemory(Request):
    """A request whose uploads never touch the disk before they have been looked at."""

    def _get_file_stream(
        self,
        total_content_length: int | None,  # noqa: ARG002
        content_type: str | None,  # noqa: ARG002
        filename: str | None = None,  # noqa: ARG002
        content_length: int | None = None,  # noqa: ARG002
    ) -> IO[bytes]:
        return io.BytesIO()


def create_app(settings: GateSettings | None = None) -> Flask:
    """The forum; `flask --app forum run` calls this."""
    app = Flask(__name__)
    app.request_class = InMemory
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024 * 1024
    screener = Screener(settings or GateSettings.from_environment())
    board = Board()

    @app.get("/")
    def index() -> str:
        return render_template_string(PAGE, posts=board.posts)

    @app.post("/")
    def publish() -> tuple[str, int]:
        sent = request.files["picture"]
        post = Post(request.form["title"], sent.mimetype, sent.read())
        decision = screener.screen(post.picture)
        if decision.action is Action.BLOCK and decision.reason is Reason.ANSWERED:
            notice, status = f"This was not published. To appeal, name {decision.reference}.", 403
        elif decision.action is Action.BLOCK:
            notice, status = "This cannot be checked right now. Please try again in a moment.", 503
        elif decision.action is Action.REVIEW:
            board.waiting.append(post)
            notice, status = "Thank you. A moderator looks at this first.", 202
        else:
            board.posts.append(post)
            notice, status = "Published.", 201
        return render_template_string(PAGE, posts=board.posts, notice=notice), status

    @app.get("/pictures/<int:number>")
    def picture(number: int) -> Response:
        if number >= len(board.posts):
            abort(404)
        post = board.posts[number]
        return Response(
            post.picture, mimetype=post.kind, headers={"X-Content-Type-Options": "nosniff"}
        )

    return app
