# SPDX-License-Identifier: Apache-2.0
"""`haechi bench match`: exact search within 31 bits, and votes of regions, beside faiss over the same."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from haechi.bench._figures import Figure, Report
from haechi.bench._peers import ask_peer
from haechi.bench._search_ours import (
    Built,
    as_rows,
    build,
    live,
    merge_peak,
    search_s,
    single_s,
    snapshot_s,
)
from haechi.bench._search_regions import region_figures
from haechi.bench._search_sets import RADIUS_BITS, SearchSet, brute_force, search_sets
from haechi.match import Kind

__all__ = ["bench_search"]

_SEED: Final = 20_261_122
_FLAT: Final = "flat"
_HMA: Final = "multihash 16x16+1"
_BEST: Final = "multihash 11x23+2"
_NAMES: Final = {
    _FLAT: "faiss Flat",
    _HMA: "faiss MultiHash 16×16, as Meta's HMA",
    _BEST: "faiss MultiHash 11×23, two flips",
}
_LARGE: Final = 5_000_000
"""From here on only Flat is asked: the others take minutes to build."""

_RATIOS: Final = {_FLAT: None, _HMA: 20.0, _BEST: 4.0}
_LARGE_RATIO: Final = 100.0
_MOST_BYTES: Final = 400
_MOST_LOAD_S: Final = 2.0
_BRUTE_FORCED: Final = 32
_PACE: Final = 2000.0


@dataclass(frozen=True, slots=True)
class _Run:
    """One set, our index over it, and what the peers said."""

    chosen: SearchSet
    built: Built
    ours_s: float
    ours: Any
    peers: dict[str, dict[str, float]]


def bench_search(size: int, *, threads: int = 1, seed: int = _SEED) -> Report:
    """Search in `size` random values, in hard sets and in as many regions, beside faiss on as many threads.

    Every answer is compared with the peers', row by row, and some with brute force. Ours is timed
    before and after the peers; the fastest round counts on both sides.

    Raises:
        OutsideServiceFailed: the peers' environment cannot be set up, or a peer ended with an error.
    """
    rounds = 3 if size >= _LARGE else 7
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        runs = _measured(size, folder, rounds, threads, seed)
        figures = [*_search_figures(runs, threads), *_exactness(runs), *_hard_figures(runs[1:])]
        figures += _memory_figures(runs[0].built)
        figures += _snapshot_figures(runs[0], folder)
        figures += _live_figures(runs[0])
        figures += _peak_figures(runs[0].built, seed)
        del runs

        def ask(question: dict[str, Any]) -> Any:
            return ask_peer("search_with_faiss", question, threads=threads)

        figures += region_figures(size, folder, rounds, threads, ask)
    return Report("match", tuple(figures))


def _measured(size: int, folder: Path, rounds: int, threads: int, seed: int) -> list[_Run]:
    sets = search_sets(size, seed)
    built, times_s, answers = [], [], []
    for chosen in sets:
        np.save(folder / f"{chosen.name}.known.npy", chosen.known)
        np.save(folder / f"{chosen.name}.asked.npy", chosen.asked)
        built.append(build(chosen))
        times_s.append(search_s(built[-1].index, chosen, rounds, threads=threads))
        found = built[-1].index.search_values(Kind.PDQ, chosen.asked, RADIUS_BITS, threads=threads)
        answers.append(as_rows(found))
    random_kinds = [_FLAT] if size >= _LARGE else list(_NAMES)
    kinds = {chosen.name: [_FLAT] for chosen in sets} | {sets[0].name: random_kinds}
    question = {"folder": str(folder), "sets": kinds, "radius": RADIUS_BITS, "rounds": rounds}
    peers = ask_peer("search_with_faiss", question, threads=threads)
    runs = []
    for place, chosen in enumerate(sets):
        index = built[place].index
        ours_s = min(times_s[place], search_s(index, chosen, rounds, threads=threads))
        for kind in kinds[chosen.name]:
            theirs = np.load(folder / f"{chosen.name}.{kind}.npy")
            peers[chosen.name][kind]["is_equal"] = np.array_equal(answers[place], theirs)
        runs.append(_Run(chosen, built[place], ours_s, answers[place], peers[chosen.name]))
    return runs


def _millions(count: int) -> str:
    return f"{count / 1e6:g} M"


def _search_figures(runs: list[_Run], threads: int) -> list[Figure]:
    run = runs[0]
    count = _millions(len(run.chosen.known))
    cores = "one core" if threads == 1 else f"{threads} cores"
    figures = []
    for kind, theirs in run.peers.items():
        least = _LARGE_RATIO if len(run.chosen.known) >= _LARGE else _RATIOS[kind]
        figures.append(
            _beside(f"search in {count}, {cores}", run.ours_s, theirs["us"], kind, least)
        )
    alone_s = single_s(run.built.index, run.chosen)
    for kind, theirs in run.peers.items():
        name = f"search in {count}, one query a call"
        figures.append(_beside(name, alone_s, theirs["single_us"], kind, None))
    for kind, theirs in run.peers.items():
        ratio = theirs["build_s"] / run.built.build_s
        figures.append(
            Figure(
                f"build over {count}",
                run.built.build_s,
                "s",
                _NAMES[kind],
                theirs["build_s"],
                ratio,
            )
        )
    return figures


def _beside(name: str, ours_s: float, theirs_us: float, kind: str, least: float | None) -> Figure:
    ratio = theirs_us / (ours_s * 1e6)
    return Figure(
        name,
        ours_s * 1e6,
        "µs",
        _NAMES[kind],
        theirs_us,
        ratio,
        f"≥ {least:g} ×" if least else None,
        ratio >= least if least else None,
    )


def _exactness(runs: list[_Run]) -> list[Figure]:
    """Recall of what was planted, equality with the peers, and with brute force."""
    figures = []
    for run in runs:
        planted = [
            (query, row) for query, row in enumerate(run.chosen.planted.tolist()) if row >= 0
        ]
        if planted:
            found = set(map(tuple, run.ours[:, :2].tolist()))
            recall = sum(pair in found for pair in planted) / len(planted)
            name = f"recall at distances 0 to {RADIUS_BITS}, {run.chosen.name}"
            figures.append(Figure(name, recall, "", goal="= 1", holds=recall == 1))
        for kind, theirs in run.peers.items():
            is_equal = bool(theirs["is_equal"])
            name = f"the same answers, {run.chosen.name}"
            figures.append(
                Figure(name, float(is_equal), "", _NAMES[kind], 1.0, None, "= 1", is_equal)
            )
    first = runs[0]
    asked = first.chosen.asked[:: len(first.chosen.asked) // _BRUTE_FORCED]
    found = as_rows(first.built.index.search_values(Kind.PDQ, asked, RADIUS_BITS)).tolist()
    is_equal = list(map(tuple, found)) == brute_force(first.chosen.known, asked)
    name = "the same answers as brute force, random"
    return [*figures, Figure(name, float(is_equal), "", goal="= 1", holds=is_equal)]


def _hard_figures(runs: list[_Run]) -> list[Figure]:
    figures = []
    for run in runs:
        name = f"search in {_millions(len(run.chosen.known))}, {run.chosen.name}"
        # Where much of the set is an answer, writing the answers down is what takes the time.
        is_long = 100 * len(run.ours) > len(run.chosen.asked) * len(run.chosen.known)
        least = None if is_long else 1.0
        figures.append(_beside(name, run.ours_s, run.peers[_FLAT]["us"], _FLAT, least))
    return figures


def _memory_figures(built: Built) -> list[Figure]:
    held = built.index.size
    figures = [_bytes_figure("memory of the arrays, a value", held.memory_bytes / held.rows)]
    if built.resident_bytes is not None:
        each = built.resident_bytes / held.rows
        figures.append(_bytes_figure("memory of the process (RSS), a value", each))
    return figures


def _peak_figures(built: Built, seed: int) -> list[Figure]:
    peak = merge_peak(built.index, seed)
    if peak is None:
        return []
    each = (built.resident_bytes or 0) / len(built.index) + peak / built.index.size.rows
    return [_bytes_figure("memory of the process at the peak of a merge, a value", each)]


def _bytes_figure(name: str, each: float) -> Figure:
    return Figure(name, each, "B", goal=f"≤ {_MOST_BYTES} B", holds=each <= _MOST_BYTES)


def _snapshot_figures(run: _Run, folder: Path) -> list[Figure]:
    figures = []
    for is_sealed in (False, True):
        form = "sealed" if is_sealed else "plain"
        save_s, load_s, size = snapshot_s(run.built.index, folder, is_sealed=is_sealed)
        goal, holds = f"< {_MOST_LOAD_S:g} s", load_s < _MOST_LOAD_S
        figures += [
            Figure(f"snapshot saved, {form}", save_s, "s"),
            Figure(f"snapshot loaded and asked, {form}", load_s, "s", goal=goal, holds=holds),
            Figure(f"size of the snapshot, {form}", size / 1e6, "MB"),
        ]
    return figures


def _live_figures(run: _Run) -> list[Figure]:
    figures = []
    for is_adding, verb in ((True, "added"), (False, "removed")):
        for pace in (_PACE, None):
            seen = live(run.built.index, run.chosen, is_adding=is_adding, most_per_s=pace)
            how = f"at {pace:g}/s" if pace else "as fast as it goes"
            name = f"one search while entries are {verb} {how}"
            figures += [
                Figure(f"{name}, median", seen.p50_us, "µs"),
                Figure(f"{name}, 99th percentile", seen.p99_us, "µs"),
            ]
        name = f"entries {verb} while searching, one a change"
        rate, goal = seen.changes_per_s, f"≥ {_PACE:g} /s"
        figures.append(Figure(name, rate, "1/s", goal=goal, holds=rate >= _PACE))
    return figures
