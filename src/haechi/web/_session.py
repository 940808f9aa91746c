# SPDX-License-Identifier: Apache-2.0
"""The session of a case, as the pages see it: its cookie, and what a wrong try has to wait."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.datastructures import Cookie

from haechi.errors import WrongPassphrase
from haechi.settings import SESSION_COOKIE, Settings

Req = Request[Any, Any, Any]


def session_cookie(settings: Settings, token: str) -> Cookie:
    """The cookie that carries this session; with an empty token, the one that takes it back."""
    return Cookie(**settings.session_cookie(token))


def session_token(request: Req) -> str:
    """The token of the session that the browser holds; empty if there is none."""
    return request.cookies.get(SESSION_COOKIE, "")


def hold_back(request: Req, error: WrongPassphrase) -> None:
    """Let the application wait before it sends the answer to this wrong try."""
    request.scope["state"]["hold_back_s"] = error.hold_back_s
