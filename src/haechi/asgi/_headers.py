# SPDX-License-Identifier: Apache-2.0
"""The headers of every answer: nothing kept, nothing from elsewhere, nothing told to others."""

from __future__ import annotations

from typing import Final

from litestar.types import Message, Scope

# A video is fingerprinted by a player of its own, which reads the chosen file as `blob:`. Nothing comes
# from elsewhere by that, and nothing goes there.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self'; "
    "media-src blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

_ALWAYS: Final = {
    "content-security-policy": _POLICY,
    "cache-control": "no-store",
    # Not "no-referrer": with it a browser names no origin with our own forms either (Fetch standard),
    # and the gate could not tell them from those of another site.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


_ALWAYS_RAW: Final = [(name.encode(), value.encode()) for name, value in _ALWAYS.items()]
_ALWAYS_NAMES: Final = frozenset(name for name, _ in _ALWAYS_RAW)


async def protect(message: Message, scope: Scope) -> None:  # noqa: ARG001  # a Litestar hook
    """Set the headers on an answer that begins."""
    if message["type"] == "http.response.start":
        given = [one for one in message["headers"] if one[0].lower() not in _ALWAYS_NAMES]
        message["headers"] = given + _ALWAYS_RAW
