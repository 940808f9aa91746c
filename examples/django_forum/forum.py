# SPDX-License-Identifier: Apache-2.0
"""A small forum in Django, in one file: a picture is looked at before it is published.

    HAECHI_URL=… HAECHI_PARTNER_TOKEN=… python forum.py runserver --noreload

In a project of yours, the form below is what to take over: its field looks at what was sent.
"""

from __future__ import annotations

import secrets
import sys
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template import Context, Engine
from django.urls import path

from haechi.gates import Action, GateSettings, Reason, Screener

UPLOAD_MAX_BYTES = 64 * 1024 * 1024

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    SECRET_KEY=secrets.token_urlsafe(),
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"],
    # Uploads never touch the disk before they have been looked at.
    FILE_UPLOAD_HANDLERS=["django.core.files.uploadhandler.MemoryFileUploadHandler"],
    FILE_UPLOAD_MAX_MEMORY_SIZE=UPLOAD_MAX_BYTES,
)

PAGE = Engine().from_string("""<!doctype html><html lang="en"><title>A small forum</title>
<h1>A small forum</h1>
{% if notice %}<p role="status">{{ notice }}</p>{% endif %}
<form method="post" enctype="multipart/form-data">
  <input type="hidden" name="csrfmiddlewaretoken" value="{{ csrf }}">
  {{ form.as_p }}<button>Publish</button>
</form>
{% for post in posts %}<article><h2>{{ post.title }}</h2>
<img src="/pictures/{{ forloop.counter0 }}" alt=""></article>{% endfor %}
</html>""")

screener = Screener(GateSettings.from_environment())
posts: list[dict[str, Any]] = []
waiting: list[dict[str, Any]] = []


class ScreenedField(forms.FileField):
    """A file that is known is refused; one to look at by hand has `needs_review`."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        """The file, looked at.

        Raises:
            ValidationError: it is a known copy, or cannot be checked and the gate fails closed.
        """
        file = super().clean(data, initial)
        decision = screener.screen(file.read())
        file.seek(0)
        if decision.action is Action.BLOCK and decision.reason is Reason.ANSWERED:
            raise ValidationError(
                "This was not published. To appeal, name %(reference)s.",
                code="blocked",
                params={"reference": decision.reference},
            )
        if decision.action is Action.BLOCK:
            raise ValidationError("This cannot be checked right now. Please try again in a moment.")
        file.needs_review = decision.action is Action.REVIEW
        return file


class PostForm(forms.Form):
    """What somebody wants to publish."""

    title = forms.CharField(max_length=80)
    picture = ScreenedField()


def index(request: HttpRequest) -> HttpResponse:
    """The board, and the form that adds to it."""
    form, notice, status = PostForm(), "", 200
    if request.method == "POST":
        form = PostForm(request.POST, request.FILES)
        status = 403
        if form.is_valid():
            file = form.cleaned_data["picture"]
            post = {
                "title": form.cleaned_data["title"],
                "kind": file.content_type,
                "data": file.read(),
            }
            (waiting if file.needs_review else posts).append(post)
            notice = "A moderator looks at this first." if file.needs_review else "Published."
            form, status = PostForm(), 202 if file.needs_review else 201
    words = {"form": form, "posts": posts, "notice": notice, "csrf": get_token(request)}
    return HttpResponse(PAGE.render(Context(words)), status=status)


def picture(_request: HttpRequest, number: int) -> HttpResponse:
    """A published picture."""
    if number >= len(posts):
        raise Http404
    post = posts[number]
    headers = {"X-Content-Type-Options": "nosniff"}
    return HttpResponse(post["data"], content_type=post["kind"], headers=headers)


urlpatterns = [path("", index), path("pictures/<int:number>", picture)]
application = get_wsgi_application()

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
