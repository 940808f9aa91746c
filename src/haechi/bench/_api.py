# SPDX-License-Identifier: Apache-2.0
"""`haechi bench api`: lookups a second over HTTP, one by one and in batches, with their times."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from haechi import bank
from haechi.errors import OutsideServiceFailed
from haechi.settings import Settings
from haechi.values import Actor, ActorKind, Signal, SignalType
from haechi.workflows import admit_partner, open_context

from ._api_load import Load, Order, ask_as_fast_as_answered
from ._figures import Figure, Report
from ._live_bank import installation
from ._live_server import Server
from ._peers import ask_peer

__all__ = ["bench_api"]

_LEAST_LOOKUPS: Final = 4_100.0
_LEAST_BATCHED: Final = 50_000.0
_MOST_P99_MS: Final = 20.0
_CONNECTIONS: Final = 16
_BATCH_CONNECTIONS: Final = 2
_BATCH_SIGNALS: Final = 10_000
_WARM_UP_S: Final = 2.0
_KNOWN: Final = 64
_KNOWN_EVERY: Final = 1_000
_NO_LIMIT: Final = 2_000_000_000
_RADIUS_BITS: Final = 31
_PEER: Final = "multihash 16x16+1"
_PEER_NAME: Final = "faiss MultiHash 16×16, as Meta's HMA, the search alone"
_PEER_ASKED: Final = 2_000


def bench_api(
    size: int,
    *,
    seconds: float = 10.0,
    say: Callable[[str], None] = lambda _text: None,
) -> Report:
    """Lookups a second by `/v1/match` and `/v1/match/batch` of one server, with `size` contents.

    The platform that asks is a process on the same machine and takes its share of it. Values are random;
    where some are known, one in a thousand is, and each of those is answered with a match and noted.

    Raises:
        OutsideServiceFailed: a server or the sender did not start or ended, or an answer was an error.
    """
    held = f"{size / 1e6:g} M contents"
    with tempfile.TemporaryDirectory(prefix="haechi-bench-") as name:
        settings = installation(size, Path(name), say)
        token, known = _prepared(settings)
        say("starting a server")
        with Server(settings) as server:

            def load(connections: int, signals_each: int, known_every: int) -> Load:
                say(f"{signals_each} a question, 1 of {known_every} known")
                order = Order(
                    server.port, token, connections, signals_each, seconds, _WARM_UP_S,
                    known, known_every,
                )  # fmt: skip
                return ask_as_fast_as_answered(order)

            alone = load(_CONNECTIONS, 1, 0)
            some_known = load(_CONNECTIONS, 1, _KNOWN_EVERY)
            batch = load(_BATCH_CONNECTIONS, _BATCH_SIGNALS, 0)
            batch_known = load(_BATCH_CONNECTIONS, _BATCH_SIGNALS, _KNOWN_EVERY)
            resident_bytes = server.resident_bytes
    say("the peer")
    one_by_one, at_once = _peer_rates(size)
    known_words, batched = "one in a thousand known", f"signals in batches of {_BATCH_SIGNALS:,}"
    figures = [
        *_single_figures(f"lookups, {held}, nothing known", alone, one_by_one),
        *_single_figures(f"lookups, {held}, {known_words}", some_known, one_by_one),
        *_batch_figures(f"{batched}, {held}, nothing known", batch, at_once),
        *_batch_figures(f"{batched}, {held}, {known_words}", batch_known, at_once),
        *_sureness_figures(some_known, batch_known),
        Figure("cores that asking took, one by one", alone.cpu_s / alone.took_s, "cores"),
    ]
    if resident_bytes is not None:
        figures.append(Figure("memory of the server (RSS)", resident_bytes / 2**20, "MiB"))
    return Report("api", tuple(figures))


def _prepared(settings: Settings) -> tuple[str, list[str]]:
    """The token of a partner without a limit to speak of, and values of contents that are known."""
    known = [secrets.token_bytes(32) for _ in range(_KNOWN)]
    with open_context(settings, follows=False) as ctx:
        operator = Actor(ActorKind.OPERATOR, "bench")
        token = admit_partner(
            ctx, operator, name="bench", scopes=["match"], lookups_per_min=_NO_LIMIT
        )[1]
        with ctx.database.write() as tx:
            key_id = ctx.vault.new_key(tx)
            bank_id = bank.ensure_bank(tx, "bench").id
            for value in known:
                signal = Signal(SignalType.PDQ, value, 100)
                bank.add_content(tx, ctx.vault, bank_id=bank_id, key_id=key_id, signals=[signal])
    return token, [value.hex() for value in known]


def _peer_rates(size: int) -> tuple[float | None, float | None]:
    """How many values a second the peer's index searches on one core, one by one and many in a call.

    None where there is no peer.
    """
    random = np.random.default_rng(1)
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for part, count in (("known", size), ("asked", _PEER_ASKED)):
                values = random.integers(0, 256, (count, 32), dtype=np.uint8)
                np.save(folder / f"random.{part}.npy", values)
            question = {
                "folder": name,
                "sets": {"random": [_PEER]},
                "radius": _RADIUS_BITS,
                "rounds": 3,
            }
            answer: Any = ask_peer("search_with_faiss", question)["random"][_PEER]
    except OutsideServiceFailed:
        return None, None
    return 1e6 / float(answer["single_us"]), 1e6 / float(answer["us"])


def _single_figures(what: str, load: Load, peer_rate: float | None) -> Iterator[Figure]:
    yield _rate_figure(what, load.count / load.took_s, peer_rate, _LEAST_LOOKUPS)
    yield Figure(f"{what}, median", load.median_s * 1000, "ms")
    p99_ms = load.p99_s * 1000
    goal, holds = f"< {_MOST_P99_MS:g} ms", p99_ms < _MOST_P99_MS
    yield Figure(f"{what}, 99th percentile", p99_ms, "ms", goal=goal, holds=holds)
    yield Figure(f"{what}, slowest", load.slowest_s * 1000, "ms")


def _batch_figures(what: str, load: Load, peer_rate: float | None) -> Iterator[Figure]:
    rate = load.count * _BATCH_SIGNALS / load.took_s
    yield _rate_figure(what, rate, peer_rate, _LEAST_BATCHED)
    yield Figure(f"{what}, median of a call", load.median_s * 1000, "ms")


def _rate_figure(what: str, rate: float, peer_rate: float | None, least: float) -> Figure:
    """A rate of ours over HTTP beside the bare search of the peer, on one core and with no service."""
    return Figure(
        f"{what}, a second", rate, "1/s",
        None if peer_rate is None else _PEER_NAME,
        peer_rate,
        None if peer_rate is None else rate / peer_rate,
        f"≥ {least:g} /s", rate >= least,
    )  # fmt: skip


def _sureness_figures(some_known: Load, batch_known: Load) -> Iterator[Figure]:
    """Whether about as many were answered as known as were asked that are."""
    for what, load, each in (
        ("one by one", some_known, 1),
        ("in batches", batch_known, _BATCH_SIGNALS),
    ):
        planted = load.count * each * load.planted_share
        yield Figure(
            f"known that were answered as known, {what}", load.matched / max(planted, 1), ""
        )
