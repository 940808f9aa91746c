# SPDX-License-Identifier: Apache-2.0
"""What our index does with the sets: time, memory, snapshots, and searching while others write."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from haechi.bench._search_sets import RADIUS_BITS, SearchSet
from haechi.match import Entry, Found, Index, Kind

__all__ = [
    "Built",
    "LiveFigures",
    "as_rows",
    "build",
    "fastest_s",
    "live",
    "merge_peak",
    "resident",
    "search_s",
    "single_s",
    "snapshot_s",
]

_LIVE_S: Final = 3.0
_KEY: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class Built:
    """An index over a set, how long it took, and how much memory the process holds for it."""

    index: Index
    build_s: float
    resident_bytes: int | None


@dataclass(frozen=True, slots=True)
class LiveFigures:
    """Changes a second, one entry each, and the latency of single searches in another thread meanwhile."""

    changes_per_s: float
    p50_us: float
    p99_us: float


def fastest_s(work: Callable[[], object], rounds: int) -> float:
    """The time of the fastest of some rounds."""
    times_s = []
    for _ in range(rounds):
        begun_s = time.perf_counter()
        work()
        times_s.append(time.perf_counter() - begun_s)
    return min(times_s)


def build(chosen: SearchSet) -> Built:
    """An index that holds the set."""
    _warm_up(chosen)
    gc.collect()
    before = resident("VmRSS")
    begun_s = time.perf_counter()
    index = Index()
    index.add_rows(Kind.PDQ, np.arange(len(chosen.known)), chosen.known)
    build_s = time.perf_counter() - begun_s
    gc.collect()
    after = resident("VmRSS")
    return Built(index, build_s, after - before if before and after else None)


def _warm_up(chosen: SearchSet) -> None:
    """Let everything be compiled or loaded that a small index needs."""
    index = Index()
    for start in (0, 10_000):
        known = chosen.known[start : start + 10_000]
        index.add_rows(Kind.PDQ, np.arange(start, start + len(known)), known)
    index.search_values(Kind.PDQ, chosen.asked[:1], RADIUS_BITS)


def search_s(index: Index, chosen: SearchSet, rounds: int, *, threads: int = 1) -> float:
    """Seconds a query, all of them asked at once."""
    asked = chosen.asked

    def work() -> None:
        index.search_values(Kind.PDQ, asked, RADIUS_BITS, threads=threads)

    work()
    return fastest_s(work, rounds) / len(asked)


def single_s(index: Index, chosen: SearchSet) -> float:
    """Seconds a query, one asked after the other."""
    some = chosen.asked[:: max(1, len(chosen.asked) // 64)]

    def work() -> None:
        for query in range(len(some)):
            index.search_values(Kind.PDQ, some[query : query + 1], RADIUS_BITS)

    return fastest_s(work, 5) / len(some)


def as_rows(found: Found) -> NDArray[np.int64]:
    """(query, entry, distance), in the order that the peer writes them down in."""
    return np.stack([found.query, found.entry_id, found.distance_bits.astype(np.int64)], axis=1)


def snapshot_s(index: Index, folder: Path, *, is_sealed: bool) -> tuple[float, float, int]:
    """Seconds to save, seconds until a loaded one has answered, and the size of the file."""
    path, key = folder / "index", _KEY if is_sealed else None
    saved_s = fastest_s(lambda: index.save(path, position=0, sealing_key=key), 2)

    def ready() -> None:
        loaded, _ = Index.load(path, sealing_key=key)
        loaded.search_values(Kind.PDQ, np.zeros((1, 32), dtype=np.uint8), RADIUS_BITS)

    loaded_s = fastest_s(ready, 3)
    size = path.stat().st_size
    path.unlink()
    return saved_s, loaded_s, size


def merge_peak(index: Index, seed: int) -> int | None:
    """How much more memory the process held for a moment while an eighth was added and all merged.

    None where the system does not say.
    """
    count = len(index) // 8 + 1
    values = np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return None
    before = resident("VmHWM")
    index.add_rows(Kind.PDQ, np.arange(len(index), len(index) + count), values)
    index.settle()
    peak = resident("VmHWM")
    return peak - before if peak and before else None


def live(
    index: Index, chosen: SearchSet, *, is_adding: bool, most_per_s: float | None = None
) -> LiveFigures:
    """Add new entries, or remove them again, one in a change, while another thread searches.

    As fast as it goes, or `most_per_s` changes a second.
    """
    is_over = threading.Event()
    changes = 0
    fresh = np.random.default_rng(1).integers(0, 256, (1 << 16, 32), dtype=np.uint8)
    payload = np.zeros(1, dtype=np.uint64)

    def write() -> None:
        nonlocal changes
        while not is_over.is_set():
            if is_adding:
                at = changes % len(fresh)
                rows = {Kind.PDQ: (fresh[at : at + 1], payload)}
                index.change(add=[Entry(10**9 + changes, rows)])
            else:
                index.remove([10**9 + changes])
            changes += 1
            if most_per_s:
                time.sleep(max(0.0, begun_s + changes / most_per_s - time.perf_counter()))

    writing = threading.Thread(target=write)
    times_s: list[float] = []
    begun_s = time.perf_counter()
    writing.start()
    while time.perf_counter() - begun_s < _LIVE_S:
        at = len(times_s) % len(chosen.asked)
        asked_s = time.perf_counter()
        index.search_values(Kind.PDQ, chosen.asked[at : at + 1], RADIUS_BITS)
        times_s.append(time.perf_counter() - asked_s)
    is_over.set()
    writing.join()
    p50, p99 = np.percentile(times_s, [50, 99]) * 1e6
    return LiveFigures(changes / (time.perf_counter() - begun_s), float(p50), float(p99))


def resident(name: str) -> int | None:
    """One of the memory figures of this process, in bytes; None where the system does not say."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(name)), None)
