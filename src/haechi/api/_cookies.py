# SPDX-License-Identifier: Apache-2.0
"""The cookie of a case session: gone with the browser window, never readable by scripts."""

from __future__ import annotations

from litestar.datastructures import Cookie

from haechi.settings import SESSION_COOKIE, Settings


def session_cookie(settings: Settings, token: str) -> Cookie:
    """The cookie that carries a session token."""
    return Cookie(
        key=SESSION_COOKIE,
        value=token,
        path="/",
        httponly=True,
        samesite="strict",
        secure=settings.wants_secure_cookies,
    )


def ended_session_cookie(settings: Settings) -> Cookie:
    """The cookie that takes it back."""
    cookie = session_cookie(settings, "")
    cookie.max_age = 0
    return cookie
