# SPDX-License-Identifier: Apache-2.0
"""HMA's `/c/banks` and `/c/bank`: banks by their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from anyio import to_thread
from litestar import Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from haechi import workflows
from haechi.api._hma_answers import answer, as_bool, missing, problem, unusable
from haechi.api._hma_upload import Req
from haechi.errors import NotFound, NotYours
from haechi.values import Actor
from haechi.workflows import Context, Gate, HmaBank, Scope

READS: Final = {"gate": Gate.PARTNER, "scope": None}
"""The verbs ask for one of two scopes."""

WRITES: Final = {"gate": Gate.PARTNER, "scope": Scope.CONTRIBUTE}
_NOT_OWN: Final = "This bank was not made by this token: it can be read, and its maker changes it."


@get("/c/banks", opt=READS, sync_to_thread=True, summary="HMA: the banks you may be told of")
def list_banks(ctx: NamedDependency[Context], actor: NamedDependency[Actor]) -> Response[Any]:
    """Each by a name of capitals."""
    return answer([told_bank(one) for one in workflows.hma_banks(ctx, actor)])


@post("/c/banks", opt=WRITES, status_code=HTTP_201_CREATED, summary="HMA: a bank of your own")
async def create_bank(
    request: Req, ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Response[Any]:
    """Only who makes it is told of it and writes into it. `enabled: false` makes one that is off."""
    body = await json_body(request)
    if not isinstance(body.get("name"), str):
        raise missing("name", where="body")
    is_on = _switched(body)

    def create() -> HmaBank | None:
        return workflows.create_hma_bank(
            ctx, actor, name=body["name"], is_on=True if is_on is None else is_on
        )

    made = await to_thread.run_sync(create)
    if made is None:
        raise problem(403, "Bank already exists")
    return answer(told_bank(made), status=HTTP_201_CREATED)


@get("/c/bank/{name:str}", opt=READS, sync_to_thread=True, summary="HMA: one bank")
def read_bank(
    name: FromPath[str], ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Response[Any]:
    """By its name."""
    return answer(told_bank(found_bank(ctx, actor, name)))


@put("/c/bank/{name:str}", opt=WRITES, summary="HMA: rename or switch a bank of your own")
async def change_bank(
    name: FromPath[str], request: Req, ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Response[Any]:
    """`name`, `enabled`, `enabled_ratio` (0 or 1)."""
    body = await json_body(request)
    new_name = body.get("name")
    if new_name is not None and not isinstance(new_name, str):
        raise unusable("name", "Input should be a valid string")
    is_on = _switched(body)

    def change() -> HmaBank:
        try:
            return workflows.change_hma_bank(ctx, actor, name=name, new_name=new_name, is_on=is_on)
        except NotFound:
            raise _no_bank(name) from None
        except NotYours:
            raise problem(403, _NOT_OWN) from None

    return answer(told_bank(await to_thread.run_sync(change)))


@delete(
    "/c/bank/{name:str}",
    opt=WRITES,
    status_code=HTTP_200_OK,
    sync_to_thread=True,
    summary="HMA: withdraw a bank of your own",
)
def drop_bank(
    name: FromPath[str], ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Response[Any]:
    """All that is in it is withdrawn. A bank that is not there is no error."""
    try:
        workflows.drop_hma_bank(ctx, actor, name=name)
    except NotYours:
        raise problem(403, _NOT_OWN) from None
    return answer({"message": "Done"})


async def json_body(request: Req) -> dict[str, Any]:
    """The JSON object in the body.

    Raises:
        HTTPException: there is none.
    """
    try:
        return msgspec.json.decode(await request.body(), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise problem(400, "This needs a JSON object") from error


def _switched(body: Mapping[str, Any]) -> bool | None:
    """On or off, as `enabled` and a ratio of matches say together; None if neither is there.

    HMA lets a coin decide for a ratio in between: a match that is sometimes told is none that a person can
    rely on, so there is none here.
    """
    ratio = body.get("enabled_ratio", body.get("matching_enabled_ratio"))
    enabled = body.get("enabled")
    is_on = None if enabled is None else as_bool(enabled, "enabled")
    if ratio is None:
        return is_on
    try:
        share = float(ratio)
    except (TypeError, ValueError, OverflowError):
        raise unusable("enabled_ratio", "Input should be a valid number") from None
    if not 0 <= share <= 1:
        raise problem(400, "enabled_ratio must lie between 0 and 1")
    if 0 < share < 1:
        raise problem(400, "enabled_ratio must be 0 or 1 here: a bank is matched always or never")
    return share == 1 and is_on is not False


def found_bank(ctx: Context, actor: Actor, name: str) -> HmaBank:
    """The bank that this partner knows by that name.

    Raises:
        HTTPException: there is none.
    """
    for one in workflows.hma_banks(ctx, actor):
        if one.name == name:
            return one
    raise _no_bank(name)


def told_bank(one: HmaBank) -> dict[str, Any]:
    """A bank as HMA writes it."""
    return {"name": one.name, "matching_enabled_ratio": 1.0 if one.is_on else 0.0}


def _no_bank(name: str) -> Exception:
    return problem(404, f"bank '{name[:80]}' not found")


HANDLERS = [list_banks, create_bank, read_bank, change_bank, drop_bank]
