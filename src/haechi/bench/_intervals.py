# SPDX-License-Identifier: Apache-2.0
"""How far a measured share can be trusted."""

from __future__ import annotations

from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["at_most", "mean_of_rows", "wilson"]

_Z: Final = 1.959964
"""Of the normal distribution, two-sided, 95 %."""

_RESAMPLES: Final = 2000


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """Where a share lies with 95 % confidence (Wilson, 1927); (0, 1) without any trial.

    Takes trials as independent: those of one photo are not quite.
    """
    if trials == 0:
        return 0.0, 1.0
    share, square = hits / trials, _Z * _Z
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    half = _Z * sqrt(share * (1 - share) / trials + square / (4 * trials**2))
    half /= 1 + square / trials
    # Exactly at the ends, where the sum misses them by a rounding error.
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    return low, 1.0 if hits == trials else min(1.0, middle + half)


def at_most(hits: int, photos: int) -> float:
    """The largest share of photos that `hits` among so many distinct ones leave room for, at 95 %.

    Without a hit this is 3 / n, the rule of three; n counts photos, never pairs of them.
    """
    if photos == 0:
        return 1.0
    return min(1.0, 3 / photos) if hits == 0 else wilson(hits, photos)[1]


def mean_of_rows(
    hits: NDArray[np.int64], trials: NDArray[np.int64], *, seed: int
) -> tuple[float, tuple[float, float]]:
    """The mean of the rows' shares, each row counting the same, and its interval at 95 %.

    The interval is a bootstrap over photos, so that uploads of one photo stay together.

    Args:
        hits: (rows, photos): how many uploads of a photo were found.
        trials: (rows, photos): of how many. A row without any counts for nothing.
        seed: Draws the resamples.
    """
    photos = hits.shape[1]
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(photos, np.full(photos, 1 / photos), _RESAMPLES).T
    shares = _shares(hits @ weights, trials @ weights)
    low, high = np.nanpercentile(np.nanmean(shares, axis=0), [2.5, 97.5])
    whole = _shares(hits.sum(axis=1, keepdims=True), trials.sum(axis=1, keepdims=True))
    return float(np.nanmean(whole)), (float(low), float(high))


def _shares(hits: NDArray[np.int64], trials: NDArray[np.int64]) -> NDArray[np.float64]:
    """Hits by trials; not a number where there were none."""
    return np.where(trials > 0, hits / np.maximum(trials, 1), np.nan)
