# SPDX-License-Identifier: Apache-2.0
"""What faiss does with the same values: Flat, MultiHash as Meta's HMA sets it up, and its best exact setting.

Asked with `{"folder": str, "sets": {name: [index, …]}, "radius": int, "rounds": int}`: in the folder stand
`NAME.known.npy` and `NAME.asked.npy`, uint8 (n, 32) or of fewer bytes. Puts `NAME.INDEX.npy` there for each index, the
rows (query, entry, distance) of everything within the radius, sorted; answers for each set and index with
`build_s`, `us` a query of the fastest round, all queries at once, and `single_us`, one after the other.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import faiss
import numpy as np


def built(name: str, bits: int) -> faiss.IndexBinary:
    """An empty index: `flat`, or `multihash BANDSxBITS+FLIPS`."""
    if name == "flat":
        return faiss.IndexBinaryFlat(bits)
    shape, flips = name.removeprefix("multihash ").split("+")
    index = faiss.IndexBinaryMultiHash(bits, *map(int, shape.split("x")))
    index.nflip = int(flips)
    return index


def fastest_s(work: Callable[[], object], rounds: int) -> float:
    """The time of the fastest of some rounds."""
    times = []
    for _ in range(rounds):
        begun_s = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun_s)
    return min(times)


def measured(folder: Path, name: str, kind: str, radius: int, rounds: int) -> dict[str, float]:
    """The figures of one index over one set."""
    known, asked = (np.load(folder / f"{name}.{part}.npy") for part in ("known", "asked"))
    index = built(kind, 8 * known.shape[1])
    begun_s = time.perf_counter()
    index.add(known)
    build_s = time.perf_counter() - begun_s
    # faiss leaves out what is exactly as far as it is told.
    ends, distances, entries = index.range_search(asked, radius + 1)
    queries = np.repeat(np.arange(len(asked)), np.diff(ends.astype(np.int64)))
    rows = np.stack([queries, entries, distances.astype(np.int64)], axis=1)
    np.save(folder / f"{name}.{kind}.npy", rows[np.lexsort((rows[:, 1], rows[:, 2], rows[:, 0]))])
    one_by_one = asked[:: max(1, len(asked) // 64)]

    def single() -> None:
        for query in range(len(one_by_one)):
            index.range_search(one_by_one[query : query + 1], radius + 1)

    return {
        "build_s": build_s,
        "us": fastest_s(lambda: index.range_search(asked, radius + 1), rounds) / len(asked) * 1e6,
        "single_us": fastest_s(single, rounds) / len(one_by_one) * 1e6,
    }


def main() -> None:
    """Measure every index over every set."""
    asked = json.load(sys.stdin)
    faiss.omp_set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    folder = Path(asked["folder"])
    answer = {
        name: {
            kind: measured(folder, name, kind, asked["radius"], asked["rounds"]) for kind in kinds
        }
        for name, kinds in asked["sets"].items()
    }
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
