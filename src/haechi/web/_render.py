# SPDX-License-Identifier: Apache-2.0
"""Rendering: what every page has, and what a template may use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie
from litestar.status_codes import HTTP_200_OK

from haechi.settings import Settings
from haechi.web._words import Words, choose_words, language_names

STATIC_FOLDER: Final = Path(__file__).parent / "static"

_LANGUAGE_COOKIE: Final = "lang"


@dataclass(frozen=True, slots=True)
class Page:
    """One answer to one reader.

    A template may use `t` (the words), `page` (this object), `languages` ((tag, name) each) and
    what its handler gives it. A name that is not given is an error, not a gap.
    """

    settings: Settings
    words: Words
    path: str
    remembers_language: bool

    def show(
        self,
        template: str,
        *,
        status_code: int = HTTP_200_OK,
        cookies: Sequence[Cookie] = (),
        **values: object,
    ) -> Response[str]:
        """The template, filled. A language asked for is remembered until the browser closes."""
        html = (
            environment()
            .get_template(template)
            .render(t=self.words, page=self, languages=language_names(), **values)
        )
        kept = [self._language_cookie()] if self.remembers_language else []
        return Response(
            html, status_code=status_code, media_type=MediaType.HTML, cookies=[*cookies, *kept]
        )

    def _language_cookie(self) -> Cookie:
        return Cookie(
            key=_LANGUAGE_COOKIE,
            value=self.words.language,
            path="/",
            httponly=True,
            samesite="lax",
            secure=self.settings.wants_secure_cookies,
        )


def page_for(request: Request[Any, Any, Any], settings: Settings) -> Page:
    """The page that answers this request, in the language of its reader."""
    asked = request.query_params.get("lang")
    words = choose_words(
        asked=asked,
        remembered=request.cookies.get(_LANGUAGE_COOKIE),
        accepted=request.headers.get("accept-language", ""),
    )
    return Page(settings, words, request.url.path, remembers_language=asked == words.language)


@cache
def environment() -> Environment:
    """The templates."""
    return Environment(
        loader=PackageLoader("haechi.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
