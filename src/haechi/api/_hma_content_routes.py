# SPDX-License-Identifier: Apache-2.0
"""HMA's `/c/bank/…/content` and `/signal`: what is in a bank, by number."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from anyio import to_thread
from litestar import Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.status_codes import HTTP_200_OK

from haechi import workflows
from haechi.api._hma_answers import answer, as_bool, problem, unusable, words
from haechi.api._hma_bank_routes import READS, WRITES, found_bank, json_body, told_bank
from haechi.api._hma_match_routes import NOT_FETCHED
from haechi.api._hma_signals import CONTENT_TYPES, signal_of, wanted_types
from haechi.api._hma_upload import Req, a_turn, one_file, read_form
from haechi.errors import NotFound, NotYours
from haechi.values import Actor, Signal
from haechi.workflows import HMA_SIGNAL_TYPES, Context, HmaContent

_METADATA: Final = frozenset({"content_id", "content_uri", "json"})
_SIGNAL_MAX_BYTES: Final = 2 * 1024 * 1024
_NOT_YOURS: Final = "This content was put in by another: only who put it in may change it."


@post(
    "/c/bank/{name:str}/content",
    opt=WRITES,
    status_code=HTTP_200_OK,
    request_max_body_size=None,
    summary="HMA: put one file into a bank",
)
async def add_file(
    name: FromPath[str], request: Req, ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Response[Any]:
    """A form with one file, as `/h/hash` takes it; `note`. Only its hashes are kept.

    `metadata` is looked at and not kept: it can say where a picture is.
    """
    if request.query_params.get("url"):
        raise problem(403, NOT_FETCHED)
    async with a_turn(request):
        form = await read_form(request, max_mib=ctx.settings.upload_max_mib)
        kind, data = one_file(form, tuple(CONTENT_TYPES))
        fields = {**request.query_params, **form.fields}
        _check_metadata(fields.get("metadata"))
        wanted = wanted_types(kind, words(request.query_params.get("types", "")))
        kinds = [HMA_SIGNAL_TYPES[one] for one in wanted]

        def add() -> dict[str, Any]:
            found_bank(ctx, actor, name)
            signals = workflows.hash_upload(ctx, actor, data, kinds=kinds)
            kept = [signal for signal in signals if signal.is_trusted]
            if not kept:
                raise problem(400, "This picture shows too little to be told from others")
            return _add(ctx, actor, name, kept, str(fields.get("note", "")))

        return answer(await to_thread.run_sync(add))


@post(
    "/c/bank/{name:str}/signal",
    opt=WRITES,
    status_code=HTTP_200_OK,
    request_max_body_size=_SIGNAL_MAX_BYTES,
    summary="HMA: put hashes into a bank",
)
async def add_signal(
    name: FromPath[str], request: Req, ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Response[Any]:
    """Values by the names of their sorts, of one content; `note`."""
    body = await json_body(request)
    note = body.pop("note", "") or ""
    body.pop("metadata", None)
    if not body or not all(isinstance(text, str) for text in (*body.values(), note)):
        raise problem(400, "This needs at least one value by the name of its sort")

    def add() -> dict[str, Any]:
        signals = [signal_of(kind, text) for kind, text in body.items()]
        found_bank(ctx, actor, name)
        return _add(ctx, actor, name, signals, note)

    return answer(await to_thread.run_sync(add))


@get(
    "/c/bank/{name:str}/content/{number:str}",
    opt=READS,
    sync_to_thread=True,
    summary="HMA: one content of a bank",
)
def read_content(
    name: FromPath[str],
    number: FromPath[str],
    request: Req,
    ctx: NamedDependency[Context],
    actor: NamedDependency[Actor],
) -> Response[Any]:
    """By its number in this bank. Hashes only of what you put in, or with the scope `changes`."""
    asked = request.query_params
    with_signals = as_bool(asked.get("include_signals", "true"), "include_signals")
    with_metadata = as_bool(asked.get("include_metadata", "false"), "include_metadata")
    found_bank(ctx, actor, name)
    try:
        found = workflows.read_hma_content(ctx, actor, bank_name=name, number=_number(number))
    except NotFound:
        raise _no_content(number, name) from None
    told: dict[str, Any] = {
        "id": found.number,
        "disable_until_ts": found.disable_until_s,
        "original_media_uri": None,
        "bank": told_bank(found.bank),
    }
    if with_signals:
        told["signals"] = found.signals
    if with_metadata:
        told["metadata"] = {"content_id": None, "content_uri": None, "json": None, "collab": {}}
        told["note"] = found.note or None
    return answer(told)


@put("/c/bank/{name:str}/content/{number:str}", opt=WRITES, summary="HMA: hold or release")
async def change_content(
    name: FromPath[str],
    number: FromPath[str],
    request: Req,
    ctx: NamedDependency[Context],
    actor: NamedDependency[Actor],
) -> Response[Any]:
    """`disable_until_ts`: 0 holds it, 1 lets it go, a moment holds it until then; `note`."""
    body = await json_body(request)
    until_s, note = body.get("disable_until_ts"), body.get("note")
    if until_s is not None and (isinstance(until_s, bool) or not isinstance(until_s, int)):
        raise unusable("disable_until_ts", "Input should be a valid integer")
    if note is not None and not isinstance(note, str):
        raise unusable("note", "Input should be a valid string")
    if until_s is not None and until_s < 0:
        raise problem(400, "disable_until_ts must be at least 0")

    def change() -> HmaContent:
        try:
            return workflows.change_hma_content(
                ctx,
                actor,
                bank_name=name,
                number=_number(number),
                disable_until_s=until_s,
                note=note,
            )
        except NotFound:
            raise _no_content(number, name) from None
        except NotYours:
            raise problem(403, _NOT_YOURS) from None

    changed = await to_thread.run_sync(change)
    return answer(
        {
            "id": changed.number,
            "disable_until_ts": changed.disable_until_s,
            "note": changed.note or None,
            "bank": told_bank(changed.bank),
            "collab_metadata": {},
            "user_metadata": None,
            "original_media_uri": None,
        }
    )


@delete(
    "/c/bank/{name:str}/content/{number:str}",
    opt=WRITES,
    status_code=HTTP_200_OK,
    sync_to_thread=True,
    summary="HMA: withdraw a content",
)
def withdraw_content(
    name: FromPath[str],
    number: FromPath[str],
    ctx: NamedDependency[Context],
    actor: NamedDependency[Actor],
) -> Response[Any]:
    """1 if there was one in this bank that you put in, else 0. Its hashes are erased."""
    try:
        gone = workflows.withdraw_hma_content(ctx, actor, bank_name=name, number=_number(number))
    except NotYours:
        raise problem(403, _NOT_YOURS) from None
    return answer({"deleted": int(gone)})


def _add(ctx: Context, actor: Actor, name: str, signals: list[Signal], note: str) -> dict[str, Any]:
    try:
        number = workflows.add_hma_content(ctx, actor, bank_name=name, signals=signals, note=note)
    except NotYours:
        raise problem(403, "This token may not write into that bank.") from None
    return {"id": number, "signals": workflows.hma_signals(signals)}


def _check_metadata(text: object) -> None:
    if not text:
        return
    try:
        metadata = msgspec.json.decode(str(text), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise problem(400, "metadata needs a JSON object") from None
    if metadata.keys() - _METADATA:
        raise problem(400, "metadata has only content_id, content_uri and json")


def _no_content(number: str, name: str) -> HTTPException:
    return problem(404, f"content '{number[:20]}' not found in bank '{name[:80]}'")


def _number(text: str) -> int:
    """The number; 0, which no content has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0


HANDLERS = [add_file, add_signal, read_content, change_content, withdraw_content]
