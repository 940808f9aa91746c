# SPDX-License-Identifier: Apache-2.0
"""HMA's `/h` and `/m`: hashing a file, looking it or its hash up, comparing two, the index."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from anyio import to_thread
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.status_codes import HTTP_200_OK

from haechi import workflows
from haechi.api._hma_answers import answer, as_bool, missing, problem, words
from haechi.api._hma_signals import CONTENT_TYPES, signal_of, wanted_types
from haechi.api._hma_upload import Req, a_turn, one_file, read_form
from haechi.values import Actor, Signal, SignalType
from haechi.workflows import HMA_SIGNAL_TYPES, Context, Gate, Match, Question, Scope

NOT_FETCHED: Final = (
    "Addresses are not fetched here. Send the file itself, in the field photo or video of a form."
)

_OPT: Final = {"gate": Gate.PARTNER, "scope": Scope.MATCH}
_KINDS: Final = tuple(CONTENT_TYPES)
_COMPARE_MAX_BYTES: Final = 8 * 1024 * 1024


@get("/h/hash", opt=_OPT, sync_to_thread=False, summary="HMA: refuses to fetch an address")
def hash_url(request: Req, actor: NamedDependency[Actor]) -> Response[Any]:  # noqa: ARG001
    """Always an error: nothing is fetched for anybody."""
    if not request.query_params.get("url"):
        raise missing("url")
    raise problem(403, NOT_FETCHED)


@post(
    "/h/hash",
    opt=_OPT,
    status_code=HTTP_200_OK,
    request_max_body_size=None,
    summary="HMA: the hashes of one file",
)
async def hash_file(
    request: Req, ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Response[Any]:
    """A form with one file in the field `photo` or `video`; `types` with commas between."""
    async with a_turn(request):
        form = await read_form(request, max_mib=ctx.settings.upload_max_mib)
        kind, data = one_file(form, _KINDS)
        wanted = wanted_types(kind, words(request.query_params.get("types", "")))
        return answer(await to_thread.run_sync(file_hashes, ctx, actor, data, wanted))


def file_hashes(ctx: Context, actor: Actor, data: bytes, wanted: list[str]) -> dict[str, str]:
    """The wanted hashes of a file as HMA writes them: empty for a picture with too little to see."""
    kinds = [HMA_SIGNAL_TYPES[name] for name in wanted]
    signals = workflows.hash_upload(ctx, actor, data, kinds=kinds)
    written = workflows.hma_signals(signal for signal in signals if signal.is_trusted)
    return {name: written.get(name, "") for name in wanted}


@get("/m/lookup", opt=_OPT, sync_to_thread=True, summary="HMA: which banks know this hash")
def look_up_hash(
    request: Req, ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Response[Any]:
    """`signal` and `signal_type`; `banks` with commas between. `seed` and `bypass_coinflip` change nothing."""
    name, matches = _matches_of(request, ctx, actor)
    return answer(_by_bank(ctx, actor, matches, _banks(request), signal_type=name))


@get("/m/raw_lookup", opt=_OPT, sync_to_thread=True, summary="HMA: the contents near this hash")
def look_up_raw(
    request: Req, ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Response[Any]:
    """`signal` and `signal_type`; `banks`; `include_distance`. What is held or withdrawn is not found."""
    tells = as_bool(request.query_params.get("include_distance", "false"), "include_distance")
    name, matches = _matches_of(request, ctx, actor)
    by_bank = _by_bank(ctx, actor, matches, _banks(request), signal_type=name)
    found = [match for of_bank in by_bank.values() for match in of_bank]
    return answer({"matches": found if tells else [one["bank_content_id"] for one in found]})


@post(
    "/m/lookup",
    opt=_OPT,
    status_code=HTTP_200_OK,
    request_max_body_size=None,
    summary="HMA: which banks know this file",
)
async def look_up_upload(
    request: Req, ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Response[Any]:
    """A form as `/h/hash` takes it. A picture is looked at as `/v1/match` does: also turned and cut.

    A video is looked up by its `md5`, as HMA does; with `types=vpdq` by what it shows, which takes longer.
    """
    async with a_turn(request):
        form = await read_form(request, max_mib=ctx.settings.upload_max_mib)
        kind, data = one_file(form, _KINDS)
        wanted = wanted_types(kind, words(request.query_params.get("types", "")))
        banks = _banks(request)

        def look_up() -> dict[str, Any]:
            found = {name: _file_matches(ctx, actor, name, data) for name in wanted}
            return {
                name: _by_bank(ctx, actor, matches, banks, signal_type=name)
                for name, matches in found.items()
            }

        return answer(await to_thread.run_sync(look_up))


def _file_matches(ctx: Context, actor: Actor, name: str, data: bytes) -> Iterable[Match]:
    if name != "video_md5":
        return workflows.look_up_file(ctx, actor, data).matches
    md5 = Signal(SignalType.MD5, hashlib.md5(data, usedforsecurity=False).digest())
    return workflows.look_up_signals(ctx, actor, Question("", (md5,))).matches


@post(
    "/m/compare",
    opt=_OPT,
    status_code=HTTP_200_OK,
    request_max_body_size=_COMPARE_MAX_BYTES,
    summary="HMA: whether two hashes are near",
)
async def compare(
    request: Req, ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Response[Any]:
    """For each sort two values: whether they match, and how many bits they are apart."""
    try:
        body = msgspec.json.decode(await request.body(), type=dict[str, list[str]])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise problem(400, "This needs JSON with two values by the name of their sort") from error

    def compared() -> dict[str, Any]:
        return {name: _compared(ctx, actor, name, pair) for name, pair in body.items()}

    # Two films are some time's work: nobody else waits for it.
    return answer(await to_thread.run_sync(compared))


def _compared(ctx: Context, actor: Actor, name: str, pair: list[str]) -> list[Any]:
    if len(pair) != 2:
        raise problem(400, f"'{name[:40]}' needs exactly two values")
    first, second = (signal_of(name, text) for text in pair)
    is_match, bits = workflows.compare_signals(ctx, actor, first, second)
    return [is_match, {} if bits is None else {"distance": bits}]


@get("/m/index/status", opt=_OPT, sync_to_thread=True, summary="HMA: how the index stands")
def index_status(
    request: Req, ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Response[Any]:
    """One index answers for all sorts; `size` counts what this partner may be told of."""
    facts = workflows.index_facts(ctx, actor)
    is_present = facts.is_ready and facts.contents > 0
    status = {
        "present": is_present,
        "built_to": int(facts.built_to.timestamp()) if is_present else -1,
        "size": facts.contents if is_present else 0,
    }
    return answer(dict.fromkeys(asked_types(request), status))


def asked_types(request: Req) -> list[str]:
    """The sort of signal that `signal_type` names; without it all.

    Raises:
        HTTPException: no such sort.
    """
    name = request.query_params.get("signal_type")
    if name is None:
        return sorted(HMA_SIGNAL_TYPES)
    if name not in HMA_SIGNAL_TYPES:
        raise problem(400, f"No such signal type '{name[:40]}'")
    return [name]


def _matches_of(request: Req, ctx: Context, actor: Actor) -> tuple[str, Iterable[Match]]:
    asked = request.query_params
    if asked.get("url"):
        raise problem(403, NOT_FETCHED)
    absent = [name for name in ("signal", "signal_type") if not asked.get(name)]
    if absent:
        raise missing(*absent)
    signal = signal_of(asked["signal_type"], asked["signal"])
    found = workflows.look_up_signals(ctx, actor, Question("", (signal,)))
    return asked["signal_type"], found.matches


def _banks(request: Req) -> frozenset[str]:
    return frozenset(words(request.query_params.get("banks", "")))


def _by_bank(
    ctx: Context,
    actor: Actor,
    matches: Iterable[Match],
    banks: frozenset[str],
    *,
    signal_type: str,
) -> dict[str, list[dict[str, Any]]]:
    """The matches by the names of their banks, within those asked for, where any are."""
    found = list(matches)
    if not found:
        return {}
    names = {one.bank.name: one.name for one in workflows.hma_banks(ctx, actor)}
    numbers = workflows.content_numbers(ctx, actor, [match.content_id for match in found])
    tells = Scope.DISTANCE.value in actor.scopes
    by_bank: dict[str, list[dict[str, Any]]] = {}
    for match in found:
        name = names.get(match.bank) or workflows.plain_name(match.bank)
        if not banks or name in banks:
            told = {
                "bank_content_id": numbers[match.content_id],
                "distance": _distance(match, signal_type, tells_distance=tells),
            }
            by_bank.setdefault(name, []).append(told)
    return by_bank


def _distance(match: Match, signal_type: str, *, tells_distance: bool) -> str:
    """The distance as HMA writes it; without the scope `distance` the most that it can be."""
    if signal_type == "video_md5":
        return "-"
    if signal_type == "vpdq":
        known, asked = (0.0, 0.0)
        if tells_distance and match.frames is not None:
            known, asked = match.frames.known_share, match.frames.query_share
        return f"{known:.0%}[{asked:.0%}]"
    if not tells_distance:
        return str(match.radius_bits)
    return str(match.distance_bits if match.value_bits is None else match.value_bits)


HANDLERS = [
    hash_url,
    hash_file,
    look_up_hash,
    look_up_raw,
    look_up_upload,
    compare,
    index_status,
]
