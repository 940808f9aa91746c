# SPDX-License-Identifier: Apache-2.0
"""Answers as HMA writes them: keys in order, and every error as one message."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import MediaType, Response
from litestar.exceptions import HTTPException
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_400_BAD_REQUEST,
    HTTP_413_REQUEST_ENTITY_TOO_LARGE,
    HTTP_422_UNPROCESSABLE_ENTITY,
)

from haechi.errors import HaechiError, MediaError

HMA_PATHS: Final = ("/h/", "/m/", "/c/", "/status", "/site-map", "/stopncii/")
"""Paths whose errors have HMA's shape."""

_TRUE: Final = frozenset({"true", "1", "yes", "on", "t", "y"})
_FALSE: Final = frozenset({"false", "0", "no", "off", "f", "n", ""})


def answer(value: Any, *, status: int = HTTP_200_OK) -> Response[Any]:
    """A JSON answer with its keys in order."""
    written = msgspec.json.encode(value, order="sorted")
    return Response(written, status_code=status, media_type=MediaType.JSON)


def problem(status: int, message: str) -> HTTPException:
    """An error with a message, to be raised."""
    return HTTPException(status_code=status, detail=message)


def missing(*names: str, where: str = "query") -> HTTPException:
    """An error that names parameters that are missing, to be raised: a list, as HMA's validation writes it."""
    items = [
        {"type": "missing", "loc": [name], "msg": "Field required", "input": {}, "url": ""}
        for name in names
    ]
    return HTTPException(
        status_code=HTTP_422_UNPROCESSABLE_ENTITY, detail=f"missing in {where}", extra=items
    )


def unusable(name: str, message: str) -> HTTPException:
    """An error that names a parameter that cannot be used, to be raised; see `missing`."""
    item = {"type": "value_error", "loc": [name], "msg": message, "input": None, "url": ""}
    return HTTPException(status_code=HTTP_422_UNPROCESSABLE_ENTITY, detail=message, extra=[item])


def hma_error(error: HaechiError | HTTPException) -> Response[Any]:
    """The answer for an error on one of `HMA_PATHS`.

    A file that cannot be read is the sender's mistake: 400, unless it is too large.
    """
    if isinstance(error, HTTPException):
        if error.status_code == HTTP_422_UNPROCESSABLE_ENTITY and isinstance(error.extra, list):
            return answer(error.extra, status=error.status_code)
        return answer({"message": error.detail}, status=error.status_code)
    status = error.http_status
    if isinstance(error, MediaError) and status != HTTP_413_REQUEST_ENTITY_TOO_LARGE:
        status = HTTP_400_BAD_REQUEST
    return answer({"message": error.sentence}, status=status)


def as_bool(value: object, name: str) -> bool:
    """The yes or no that clients write in many ways.

    Raises:
        HTTPException: it is neither.
    """
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise unusable(name, "Input should be a valid boolean")


def words(text: str) -> list[str]:
    """The words of a list with commas between."""
    return [word.strip() for word in text.split(",") if word.strip()]
