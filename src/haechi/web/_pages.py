# SPDX-License-Identifier: Apache-2.0
"""The router of the pages, and errors as pages."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, Router
from litestar.di import Provide
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

from haechi.errors import BadInput, HaechiError, NeedsAccess, NeedsSignIn
from haechi.settings import Settings
from haechi.web import (
    _appeal_pages,
    _case_pages,
    _design_page,
    _first_pages,
    _guide_pages,
    _keys_pages,
    _receipt_pages,
    _wish_pages,
    _work_account_pages,
    _work_bank_pages,
    _work_content_pages,
    _work_entry_pages,
    _work_pages,
    _work_partner_pages,
    _work_review_pages,
    _work_source_pages,
)
from haechi.web._console import console_of
from haechi.web._forms import read_form
from haechi.web._render import Page, page_for
from haechi.workflows import Context

_READING: Final = ("GET", "HEAD")

Req = Request[Any, Any, Any]


def error_page(request: Req, error: HaechiError) -> Response[Any]:
    """An error as a page in the reader's language; who has to come in first gets the form for it, or is
    led there.

    Needs the running application's context, for the address of the exit.
    """
    context: Context = request.app.state.context
    page = page_for(request, context.settings)
    if isinstance(error, NeedsSignIn):
        if request.method in _READING:
            return Redirect("/work/enter", status_code=HTTP_303_SEE_OTHER)
        return _work_entry_pages.show_enter(page, error=error)
    if isinstance(error, NeedsAccess):
        note = page.words("Please come in first, with your case number and passphrase.")
        return page.show("enter.html", status_code=error.http_status, number="", problem=note)
    if error.code == BadInput.code:
        # The error's own sentence sends programmers to the documentation.
        sentence = page.words("This could not be read. Please go back and try again.")
    else:
        sentence = page.words.sentence(error)
    is_console = f"{request.url.path}/".startswith("/work/")
    template = "work/error.html" if is_console else "error.html"
    return page.show(template, status_code=error.http_status, sentence=sentence)


def create_router(settings: Settings) -> Router:
    """Every page. The application gives handlers `ctx` and `actor`, and guards the gates."""

    def page(request: Req) -> Page:
        return page_for(request, settings)

    return Router(
        path="/",
        dependencies={
            "page": Provide(page, sync_to_thread=False),
            "form": Provide(read_form),
            "console": Provide(console_of, sync_to_thread=False),
        },
        include_in_schema=False,
        route_handlers=[
            *_first_pages.HANDLERS,
            *_case_pages.HANDLERS,
            *_wish_pages.HANDLERS,
            *_keys_pages.HANDLERS,
            *_receipt_pages.HANDLERS,
            *_guide_pages.HANDLERS,
            *_appeal_pages.HANDLERS,
            *_design_page.HANDLERS,
            *_work_entry_pages.HANDLERS,
            *_work_account_pages.HANDLERS,
            *_work_pages.HANDLERS,
            *_work_review_pages.HANDLERS,
            *_work_bank_pages.HANDLERS,
            *_work_content_pages.HANDLERS,
            *_work_partner_pages.HANDLERS,
            *_work_source_pages.HANDLERS,
        ],
    )
