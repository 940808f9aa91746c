# SPDX-License-Identifier: Apache-2.0
"""A client of the HTTP API, for the commands that speak with a service."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

import httpx

from haechi.errors import (
    BadInput,
    BadSetting,
    HaechiError,
    MalformedField,
    NeedsAccess,
    NotYours,
    OutsideServiceFailed,
)
from haechi.values import MediaKind, Signal

_TIMEOUT_S: Final = 60.0


class ServiceClient:
    """Speaks with one Haechi service; a person's session travels in its cookies.

    Raises, from every method:
        OutsideServiceFailed: no answer, or one that is none of ours.
        NeedsAccess, NotYours: the service does not let this token or session in.
        BadInput: the service cannot use what was sent; with its own sentence.
        BadSetting: the token can be no token; from the constructor only.
    """

    def __init__(self, address: str, token: str = "") -> None:
        if not (token.isascii() and token.isprintable()) or " " in token:
            raise BadSetting(
                name="--token", reason="a partner token has no spaces and only ASCII characters"
            )
        headers = {"authorization": f"Bearer {token}"} if token else {}
        try:
            self._http = httpx.Client(base_url=address, headers=headers, timeout=_TIMEOUT_S)
        except httpx.InvalidURL as error:
            raise OutsideServiceFailed(
                service="The service", reason="its address is not a web address"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def is_ready(self) -> bool:
        """Whether the service answers and its index has caught up; never raises."""
        try:
            return self._http.get("/readyz").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def open_case(
        self,
        items: Iterable[tuple[MediaKind, Sequence[Signal]]],
        sightings: Sequence[dict[str, str]],
        language: str,
    ) -> dict[str, Any]:
        """Open a case with the signals of these items, as the page does; the answer as JSON.

        The person in them is an adult, and shares them with every kind of service.
        """
        body = {
            "language": language,
            "under_18_when_taken": False,
            "under_19_kr": False,
            "send_key": secrets.token_urlsafe(24),
            "items": [
                {"kind": kind.value, "signals": [_signal(signal) for signal in signals]}
                for kind, signals in items
            ],
            "sightings": sightings,
        }
        return self._json("POST", "/v1/cases", json=body)

    def withdraw_item(self, item_id: str) -> dict[str, Any]:
        """Withdraw an item of the case that this client's session is in."""
        return self._json("POST", f"/v1/case/items/{item_id}/withdraw")

    def receipt_key(self) -> bytes:
        """The public key of the service's receipts, as PEM."""
        return self._send("GET", "/v1/receipt-key").content

    def match_signals(self, signals: Sequence[Signal]) -> list[dict[str, Any]]:
        """The matches of an upload that is known by its signals only."""
        body = {"signals": [_signal(signal) for signal in signals]}
        return list(self._json("POST", "/v1/match", json=body)["matches"])

    def match_file(self, data: bytes) -> list[dict[str, Any]]:
        """The matches of one picture, sent as it is."""
        headers = {"content-type": "application/octet-stream"}
        return list(self._json("POST", "/v1/match", content=data, headers=headers)["matches"])

    def _json(self, method: str, path: str, **sent: Any) -> dict[str, Any]:
        try:
            answer = self._send(method, path, **sent).json()
        except ValueError as error:
            raise OutsideServiceFailed(
                service="The service", reason="its answer is not JSON"
            ) from error
        return dict(answer)

    def _send(self, method: str, path: str, **sent: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **sent)
        except httpx.HTTPError as error:
            raise OutsideServiceFailed(
                service="The service", reason="it cannot be reached"
            ) from error
        if response.is_success:
            return response
        if response.status_code == httpx.codes.UNAUTHORIZED:
            raise NeedsAccess
        if response.status_code == httpx.codes.FORBIDDEN:
            raise NotYours
        if response.is_client_error:
            raise _refusal(response)
        raise OutsideServiceFailed(
            service="The service", reason=f"it answered with status {response.status_code}"
        )


def _signal(signal: Signal) -> dict[str, object]:
    body: dict[str, object] = {"type": signal.type.value, "value": signal.hex}
    return body if signal.quality is None else body | {"quality": signal.quality}


def _refusal(response: httpx.Response) -> HaechiError:
    """The service's own sentence, where it has one."""
    with suppress(ValueError, KeyError, TypeError):
        return MalformedField(reason=str(response.json()["error"]["message"]))
    if response.status_code in (httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED):
        return OutsideServiceFailed(service="The service", reason="it is no Haechi service")
    return BadInput()
