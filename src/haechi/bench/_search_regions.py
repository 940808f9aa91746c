# SPDX-License-Identifier: Apache-2.0
"""Regions: what one vote costs among so many, and one patch that every picture shares."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from haechi.bench._figures import Figure
from haechi.bench._search_ours import as_rows, fastest_s
from haechi.match import REGION_KEY_RADIUS_BITS, REGION_RADIUS_BITS, Index, Kind

__all__ = ["region_figures"]

_EACH: Final = 100
"""Regions of a picture."""

_SHARED: Final = 8
"""Of which so many are those of a sticker that all pictures carry."""

_KEY_BYTES: Final = 8
_STRANGERS: Final = 412
_AT_ONCE: Final = 1_000_000
_MOST_BYTES: Final = 400
_NAME: Final = "regions"
_PEER: Final = "faiss Flat over the keys, 64 bits"

Values = NDArray[np.uint8]


def region_figures(
    size: int, folder: Path, rounds: int, threads: int, ask: Callable[[dict[str, Any]], Any]
) -> list[Figure]:
    """Votes among `size` regions of pictures with 100 each, beside `ask`, the peer, over their keys.

    Half of a picture's regions vary within what is a vote, the rest of the queries are strangers.
    """
    drawn = np.random.default_rng(size)
    known = drawn.integers(0, 256, (max(1, size // _EACH) * _EACH, 32), dtype=np.uint8)
    known.reshape(-1, _EACH, 32)[:, :_SHARED] = known[:_SHARED]
    picture = known[len(known) // 2 // _EACH * _EACH :][:_EACH]
    asked = np.concatenate(
        [
            _varied(drawn, picture[_SHARED:]),
            drawn.integers(0, 256, (_STRANGERS, 32), dtype=np.uint8),
        ]
    )
    index = _built(known)
    ours_s = _search_s(index, asked, rounds, threads)
    np.save(folder / f"{_NAME}.known.npy", known[:, :_KEY_BYTES])
    np.save(folder / f"{_NAME}.asked.npy", asked[:, :_KEY_BYTES])
    question = {"folder": str(folder), "sets": {_NAME: ["flat"]}, "rounds": rounds}
    theirs = ask(question | {"radius": REGION_KEY_RADIUS_BITS})[_NAME]["flat"]
    ours_s = min(ours_s, _search_s(index, asked, rounds, threads))
    shared_s = _search_s(index, np.tile(_varied(drawn, picture[:_SHARED]), (8, 1)), rounds, threads)
    votes = _votes(np.load(folder / f"{_NAME}.flat.npy"), known, asked)
    ours = as_rows(index.search_regions(asked, most_entries=len(known)))
    is_equal = np.array_equal(ours, votes)
    count, cores = f"{len(known) / 1e6:g} M", "one core" if threads == 1 else f"{threads} cores"
    each = index.size.memory_bytes / len(known)
    return [
        Figure(
            f"one region's votes among {count}, {cores}", ours_s * 1e6, "µs",
            _PEER, theirs["us"], theirs["us"] / (ours_s * 1e6),
        ),
        Figure("the same votes", float(is_equal), "", _PEER, 1.0, None, "= 1", is_equal),
        Figure(f"one region that every picture shares, {cores}", shared_s * 1e6, "µs"),
        Figure("memory of the arrays, a region", each, "B", goal=f"≤ {_MOST_BYTES} B", holds=each <= _MOST_BYTES),
    ]  # fmt: skip


def _built(known: Values) -> Index:
    """An index that was given the pictures a part at a time, and has come to rest."""
    index = Index()
    numbers = np.arange(len(known))
    for start in range(0, len(known), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        index.add_rows(Kind.REGION, numbers[part] // _EACH, known[part])
    index.settle()
    return index


def _search_s(index: Index, asked: Values, rounds: int, threads: int) -> float:
    """Seconds a region, all of them asked at once."""

    def work() -> None:
        index.search_regions(asked, threads=threads)

    work()
    return fastest_s(work, rounds) / len(asked)


def _varied(drawn: np.random.Generator, values: Values) -> Values:
    """The values with 0 to 8 bits of the key turned over, and as many of the rest as a vote allows."""
    varied = values.copy()
    for place, value in enumerate(varied):
        key = place % (REGION_KEY_RADIUS_BITS + 1)
        rest = int(drawn.integers(0, REGION_RADIUS_BITS - key + 1))
        for bit in [*drawn.permutation(64)[:key], *64 + drawn.permutation(192)[:rest]]:
            value[bit // 8] ^= np.uint8(1 << (bit % 8))
    return varied


def _votes(near: NDArray[np.int64], known: Values, asked: Values) -> NDArray[np.int64]:
    """Of rows that are near by their keys those that vote, as (query, picture, whole distance)."""
    query, row = near[:, 0], near[:, 1]
    whole = np.bitwise_count(asked[query] ^ known[row]).sum(axis=1, dtype=np.int64)
    kept = np.flatnonzero(whole <= REGION_RADIUS_BITS)
    rows = np.stack([query[kept], row[kept] // _EACH, whole[kept]], axis=1)
    return rows[np.lexsort((rows[:, 1], rows[:, 2], rows[:, 0]))]
