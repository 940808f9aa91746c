# SPDX-License-Identifier: Apache-2.0
"""The router of the pages, and errors as pages."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router
from litestar.di import Provide

from haechi.errors import BadInput, HaechiError, NeedsAccess
from haechi.settings import Settings
from haechi.web import (
    _case_pages,
    _design_page,
    _first_pages,
    _guide_pages,
    _keys_pages,
    _receipt_pages,
    _wish_pages,
)
from haechi.web._forms import read_form
from haechi.web._render import Page, page_for
from haechi.workflows import Context

Req = Request[Any, Any, Any]


def error_page(request: Req, error: HaechiError) -> Response[str]:
    """An error as a page in the reader's language; who has to come in first gets the form for it.

    Needs the running application's context, for the address of the exit.
    """
    context: Context = request.app.state.context
    page = page_for(request, context.settings)
    if isinstance(error, NeedsAccess):
        note = page.words("Please come in first, with your case number and passphrase.")
        return page.show("enter.html", status_code=error.http_status, number="", problem=note)
    if error.code == BadInput.code:
        # The error's own sentence sends programmers to the documentation.
        sentence = page.words("This could not be read. Please go back and try again.")
    else:
        sentence = page.words.sentence(error)
    return page.show("error.html", status_code=error.http_status, sentence=sentence)


def create_router(settings: Settings) -> Router:
    """Every page. The application gives handlers `ctx` and `actor`, and guards the gates."""

    def page(request: Req) -> Page:
        return page_for(request, settings)

    return Router(
        path="/",
        dependencies={"page": Provide(page, sync_to_thread=False), "form": Provide(read_form)},
        include_in_schema=False,
        route_handlers=[
            *_first_pages.HANDLERS,
            *_case_pages.HANDLERS,
            *_wish_pages.HANDLERS,
            *_keys_pages.HANDLERS,
            *_receipt_pages.HANDLERS,
            *_guide_pages.HANDLERS,
            *_design_page.HANDLERS,
        ],
    )
