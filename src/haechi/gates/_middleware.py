# SPDX-License-Identifier: Apache-2.0
"""ASGI middleware: a picture or video is looked at before the application sees the request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import anyio

from haechi.gates._body import Body, Gone, Message, Receive
from haechi.gates._decision import Action, Decision, Reason, strictest
from haechi.gates._refusal import Answer, Refusal, code_for, usual_answer
from haechi.gates._screener import AsyncScreener
from haechi.gates._settings import GateSettings
from haechi.gates._uploads import (
    HEAD_BYTES,
    Unscreenable,
    Upload,
    boundary_of,
    looks_like_media,
    uploads_in_form,
)
from haechi.gates._words import language_of

Scope = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Respond = Callable[[Refusal], Answer]

SCOPE_KEY: Final = "haechi.screening"
_HEADER: Final = b"x-haechi-screening"


@dataclass(frozen=True, slots=True)
class ScreenedFile:
    """One file of a request, by the name of its form field, and what was decided."""

    field: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class Screening:
    """What the application finds in `scope["haechi.screening"]` of a request that was looked at.

    `action` is the strictest of all files; where it is `review`, hold what is published. The same word
    is in the request header `x-haechi-screening`, which nobody outside can set.
    """

    files: tuple[ScreenedFile, ...]

    @property
    def action(self) -> Action:
        """The strictest action of all files."""
        return strictest(file.decision.action for file in self.files)


class _Refused(Exception):
    """The request is not let through."""

    def __init__(self, code: str, reference: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.reference = reference


def _is_ours(name: bytes) -> bool:
    # Where a header becomes a variable, `_` and `-` are one.
    return name.lower().replace(b"_", b"-") == _HEADER


def _passed_unseen(reason: Reason) -> Screening:
    return Screening((ScreenedFile("", Decision(Action.REVIEW, (), reason)),))


class ScreeningGate:
    """Stands in front of an ASGI application and asks a Haechi about every picture and video.

    Looks at `multipart/form-data` and at raw bodies of the methods and paths in the settings. A request
    is read into memory, looked at, and handed on byte for byte; nothing of it is kept or logged. An
    upload to be blocked is answered here, and the application never sees it. What is not a picture or
    video by its first bytes passes, and so does a picture inside something else (JSON, an archive).

    `respond` makes the answer to a refusal; without it, one sentence as a page or as JSON.
    """

    def __init__(
        self,
        app: App,
        settings: GateSettings,
        *,
        respond: Respond = usual_answer,
        screener: AsyncScreener | None = None,
    ) -> None:
        self._app = app
        self._settings = settings
        self._respond = respond
        self._screener = screener or AsyncScreener(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            try:
                await self._app(scope, receive, send)
            finally:
                await self._screener.aclose()
        elif scope["type"] != "http":
            await self._app(scope, receive, send)
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name, value) for name, value in scope["headers"] if not _is_ours(name)]
        scope = {**scope, "headers": headers}
        if not self._settings.covers(scope["method"], scope["path"]):
            await self._app(scope, receive, send)
            return
        body = Body(receive)
        try:
            screening = await self._screen(headers, body)
        except Gone:
            return
        except _Refused as refused:
            await self._refuse(refused, headers, send)
            return
        if screening.files:
            scope["headers"] = [*headers, (_HEADER, screening.action.value.encode())]
        scope[SCOPE_KEY] = screening
        await self._app(scope, body, send)

    async def _screen(self, headers: Sequence[tuple[bytes, bytes]], body: Body) -> Screening:
        try:
            uploads = await self._uploads(headers, body)
        except Unscreenable as error:
            if self._settings.refuses_unscreenable:
                raise _Refused("form_unreadable") from error
            return _passed_unseen(Reason.UNREADABLE)
        if uploads is None:
            return _passed_unseen(Reason.TOO_LARGE)
        screening = Screening(await self._ask(uploads))
        blocked = [file for file in screening.files if file.decision.action is Action.BLOCK]
        if blocked:
            # A known copy is said before a file that could not be checked.
            worst = min(blocked, key=lambda file: not file.decision.is_answer).decision
            raise _Refused(code_for(worst), worst.reference)
        return screening

    async def _uploads(
        self, headers: Sequence[tuple[bytes, bytes]], body: Body
    ) -> list[Upload] | None:
        """What is to be looked at; None where the request is too large and passes nevertheless.

        Raises:
            Unscreenable: nobody can say what is in it. _Refused: it is too large.
        """
        kinds = [value.decode("latin-1") for name, value in headers if name == b"content-type"]
        codings = [value.lower() for name, value in headers if name == b"content-encoding"]
        if len(kinds) > 1:
            raise Unscreenable
        kind = "".join(kinds)
        is_form = kind.strip().lower().startswith("multipart/")
        if not is_form and not await self._is_media(kind, body):
            return []
        if codings not in ([], [b"identity"]):
            raise Unscreenable
        if not await body.read(self._settings.most_body_bytes):
            if self._settings.refuses_unscreenable:
                raise _Refused("upload_too_large")
            return None
        data = body.read_so_far()
        if not is_form:
            return [Upload("", data)] if data else []
        limits = {"most_parts": self._settings.most_parts, "most_files": self._settings.most_files}
        # Long forms take a moment: other requests go on meanwhile.
        return await anyio.to_thread.run_sync(
            lambda: uploads_in_form(data, boundary_of(kind), **limits)
        )

    @staticmethod
    async def _is_media(kind: str, body: Body) -> bool:
        await body.read(HEAD_BYTES)
        return looks_like_media(body.read_so_far()[:HEAD_BYTES], kind)

    async def _ask(self, uploads: Sequence[Upload]) -> tuple[ScreenedFile, ...]:
        found: dict[int, Decision] = {}

        async def ask(number: int, data: bytes) -> None:
            found[number] = await self._screener.screen(data)

        async with anyio.create_task_group() as group:
            for number, upload in enumerate(uploads):
                group.start_soon(ask, number, upload.data)
        return tuple(
            ScreenedFile(upload.field, found[number]) for number, upload in enumerate(uploads)
        )

    async def _refuse(
        self, refused: _Refused, headers: Sequence[tuple[bytes, bytes]], send: Send
    ) -> None:
        said = {name: value.decode("latin-1") for name, value in headers}
        refusal = Refusal(
            refused.code,
            refused.reference,
            language_of(said.get(b"accept-language")),
            wants_html="text/html" in said.get(b"accept", "").lower(),
            appeal_url=self._settings.appeal_url,
        )
        status, answer_headers, answer = self._respond(refusal)
        await send({"type": "http.response.start", "status": status, "headers": answer_headers})
        await send({"type": "http.response.body", "body": answer})
