# SPDX-License-Identifier: Apache-2.0
"""Asks a service for pages of its change feed."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import httpx

from haechi.errors import (
    BadSetting,
    FeedCompacted,
    NeedsAccess,
    NotYours,
    OutsideServiceFailed,
    TooManyRequests,
)
from haechi.follower._wire import SIGNATURE_HEADER, FeedPage, check_page, key_of_pem, read_page

__all__ = ["FeedClient"]

_CONNECT_S: Final = 5.0
_READ_S: Final = 30.0
_MOST_BYTES: Final = 64 * 1024 * 1024
_KEY_MOST_BYTES: Final = 4096
_WAIT_A_MINUTE_S: Final = 60


class FeedClient:
    """Speaks with one service, for one thread. `public_key` is what its pages must be signed by.

    Raises, from every method:
        OutsideServiceFailed: no answer, or none of a feed. NeedsAccess, NotYours: the token is not let
            in. FeedCompacted: the feed does not go on from there. VerificationFailed: not signed by this
            key. TooManyRequests: too many wait with this token.
        BadSetting: the address or the token can be none; from the constructor only.
    """

    def __init__(self, url: str, token: str, *, public_key: bytes | None = None) -> None:
        try:
            parts = urlsplit(url)
            is_address = parts.scheme in {"http", "https"} and bool(parts.hostname)
        except ValueError:
            is_address = False
        if not is_address:
            raise BadSetting(name="url", reason="it begins with http:// or https:// and a host")
        if not token or not (token.isascii() and token.isprintable()) or " " in token:
            raise BadSetting(
                name="token", reason="a partner token has no spaces and only ASCII characters"
            )
        self.public_key = public_key
        self._http = httpx.Client(
            base_url=url.rstrip("/"),
            headers={"authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(_READ_S, connect=_CONNECT_S),
            follow_redirects=False,
        )

    def close(self) -> None:
        """Give the connection back; a request under way fails."""
        self._http.close()

    def fetch_key(self) -> bytes:
        """The public key that the service says it signs by, 32 raw bytes."""
        data, _ = self._get("/v1/receipt-key", {}, _READ_S, _KEY_MOST_BYTES)
        try:
            return key_of_pem(data)
        except BadSetting as error:
            raise OutsideServiceFailed(
                service="The feed", reason="its key cannot be read"
            ) from error

    def fetch(self, after: str, feed: str, *, wait_s: int, limit: int) -> FeedPage:
        """The next page; empty when nothing has changed within `wait_s` seconds."""
        asked: dict[str, str | int] = {"wait": wait_s, "limit": limit}
        if after:
            asked["after"] = after
        if feed:
            asked["feed"] = feed
        data, signature = self._get("/v1/changes", asked, _READ_S + wait_s, _MOST_BYTES)
        if self.public_key is not None:
            check_page(self.public_key, data, signature)
        page = read_page(data)
        if page.after != (after or "0") or (feed and page.feed != feed):
            # Signed, but at another time or for another partner.
            raise OutsideServiceFailed(
                service="The feed", reason="its answer is not to this question"
            )
        return page

    def _get(
        self, path: str, asked: dict[str, str | int], timeout_s: float, most_bytes: int
    ) -> tuple[bytes, str]:
        timeout = httpx.Timeout(timeout_s, connect=_CONNECT_S)
        try:
            with self._http.stream("GET", path, params=asked, timeout=timeout) as answer:
                _check_status(answer.status_code)
                data = bytearray()
                for part in answer.iter_bytes():
                    data += part
                    if len(data) > most_bytes:
                        raise OutsideServiceFailed(
                            service="The feed", reason="its answer is too long"
                        )
                return bytes(data), answer.headers.get(SIGNATURE_HEADER, "")
        except (httpx.HTTPError, httpx.InvalidURL, RuntimeError) as error:
            # RuntimeError: the client was closed by another thread.
            raise OutsideServiceFailed(service="The feed", reason="it cannot be reached") from error


def _check_status(status: int) -> None:
    match status:
        case httpx.codes.OK:
            return
        case httpx.codes.UNAUTHORIZED:
            raise NeedsAccess
        case httpx.codes.FORBIDDEN:
            raise NotYours
        case httpx.codes.GONE:
            raise FeedCompacted
        case httpx.codes.TOO_MANY_REQUESTS:
            raise TooManyRequests(seconds=_WAIT_A_MINUTE_S)
    raise OutsideServiceFailed(service="The feed", reason=f"it answered with status {status}")
