# SPDX-License-Identifier: Apache-2.0
"""Which buckets to look into for a radius, so that nothing within it can be missed.

Multi-index hashing (Norouzi, Punjani, Fleet, "Fast exact search in Hamming space with multi-index
hashing", PAMI 2014) cuts the 256 bits into 16 bands of 16. Two values within the radius r cannot
differ much in every band: give each band a quota with a sum of r + 1, and in one of them fewer bits
differ than its quota.

The pigeonring principle (Qin, Xiao, "Pigeonring: a principle for faster thresholded similarity
search", PVLDB 2018) says more: put the bands on a ring. Less differs altogether than all quotas
together, so by the cycle lemma there is a band to start from such that for *every* length the first
so many bands from there differ in fewer bits than their quotas together allow. (Start behind the
place where the sum of "bits that differ, less the quota" is greatest.) So a posting that carries the
next two bands beside its row, 32 bits, rejects all but about one in 100,000 strangers at radius 31
without a look at the value: three bands may differ in 5 bits together, where a value that has nothing
to do with it differs in 24.

A region's ring is its key alone: at most 8 of 64 bits differ, so the four bands have the quotas 3, 2,
2 and 2, 188 buckets. A stranger is in one of them once in 348 times, and one in 5,000 of those is
near by its sketch too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import comb
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["BANDS", "BAND_BITS", "KEYS", "Plan", "Ring", "plan_for", "quotas_for"]

BANDS: Final = 16
"""How many bands a value has."""

BAND_BITS: Final = 16
KEYS: Final = 1 << BAND_BITS
"""How many buckets a band has: one for each value that 16 bits can have."""

SKETCH_BITS: Final = 2 * BAND_BITS
"""A posting carries the bits of the next two bands."""

_MOST_PROBES: Final = KEYS - 1
"""More buckets than this are never worth it: reading everything is cheaper."""

# What things cost, in units of 0.05 ns on the machine of docs/benchmarks.md. Only their ratios count,
# and only for time: whatever is chosen, the answer is the same.
_PROBE: Final = 400
_CANDIDATE: Final = 4
_LOOK: Final = 1000
_ROW_AMONG_MANY_QUERIES: Final = 3
_ROW_FROM_MEMORY: Final = 15


@dataclass(frozen=True, slots=True)
class Ring:
    """The first `bands` bands of a value, one beside the other and the last beside the first.

    `bands` is a power of two, so that going round takes no division; the first `posted` of them have
    postings.
    """

    bands: int
    posted: int

    @property
    def bits(self) -> int:
        """How many bits the ring has."""
        return self.bands * BAND_BITS


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The buckets to probe, `masks[k]` away from the asked value's own in the band `bands[k]`.

    `limits[k]` is how many bits of a posting's sketch may differ there. A candidate found in band b
    has fewer differing bits than `quotas[b]` in it, and fewer than `chains[b]` in it and the next two
    on the ring, whose last band is `last_band`.
    `candidate_cost` is what a posting costs on average, the looks at values that it causes included.
    """

    bands: NDArray[np.int64]
    masks: NDArray[np.uint16]
    limits: NDArray[np.uint32]
    quotas: NDArray[np.int64]
    chains: NDArray[np.int64]
    last_band: int
    candidate_cost: int

    @property
    def arrays(self) -> tuple[Any, ...]:
        """What the kernel reads, in its order."""
        return (self.bands, self.masks, self.limits, self.quotas, self.chains, self.last_band)

    def costs(self, rows: int, queries: int) -> tuple[int, int, int, int]:
        """What a probe costs, a candidate, reading all rows, and how many looks cost as much as that."""
        # Rows come from memory once for all queries of a call.
        everything = rows * (_ROW_AMONG_MANY_QUERIES + _ROW_FROM_MEMORY // max(queries, 1))
        return _PROBE, self.candidate_cost, everything, everything // _LOOK


def quotas_for(radius_bits: int, ring: Ring) -> NDArray[np.int64]:
    """A quota for each band of the ring, with a sum of `radius_bits` + 1, dealt to those with postings."""
    quotas = np.zeros(ring.bands, dtype=np.int64)
    quotas[: ring.posted] = (radius_bits + 1) // ring.posted
    quotas[: (radius_bits + 1) % ring.posted] += 1
    return quotas


@lru_cache(maxsize=64)
def plan_for(radius_bits: int, ring: Ring) -> Plan | None:
    """How to find every value of whose ring at most `radius_bits` bits differ; None: by no means.

    None says that so many buckets had to be probed that reading every value is cheaper.
    """
    quotas = quotas_for(radius_bits, ring)
    masks, bits = _ball()
    sizes = np.searchsorted(bits, quotas)
    if sizes.sum() > _MOST_PROBES:
        return None
    chains = quotas + np.roll(quotas, -1) + np.roll(quotas, -2)
    chosen = np.concatenate([np.arange(size) for size in sizes])
    places = np.repeat(np.arange(ring.bands), sizes)
    limits = chains[places] - 1 - bits[chosen]
    cost = _CANDIDATE + round(_LOOK * float(_chance_of()[np.minimum(limits, SKETCH_BITS)].mean()))
    limits = limits.astype(np.uint32)
    return Plan(places, masks[chosen], limits, quotas, chains, ring.bands - 1, cost)


@lru_cache(maxsize=1)
def _chance_of() -> NDArray[np.float64]:
    """How likely at most 0, 1, 2 … bits of a stranger's sketch differ."""
    exactly = [comb(SKETCH_BITS, bits) / 2**SKETCH_BITS for bits in range(SKETCH_BITS + 1)]
    return np.cumsum(exactly)


@lru_cache(maxsize=1)
def _ball() -> tuple[NDArray[np.uint16], NDArray[Any]]:
    """Every pattern of bits that may differ in a band, those of few bits first, and their bit counts."""
    patterns = np.arange(KEYS, dtype=np.uint16)
    counts = np.bitwise_count(patterns).astype(np.int64)
    order = np.argsort(counts, kind="stable")
    return patterns[order], counts[order]
