# SPDX-License-Identifier: Apache-2.0
"""Sets of entry ids as sorted arrays: what NumPy's own make a hash table of, or sort again."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ids", "are_in", "both", "ids_of", "unique", "without"]

Ids = NDArray[np.int64]
"""Entry ids, int64; sorted and each once wherever this room speaks of named entries."""


def ids_of(entry_ids: Iterable[int]) -> Ids:
    """These ids, sorted, each once.

    Raises:
        ValueError: one does not fit into 64 bits.
    """
    try:
        return unique(np.fromiter(entry_ids, dtype=np.int64))
    except OverflowError as error:
        raise ValueError("an entry id has 64 bits") from error


def unique(ids: Ids) -> Ids:
    """These ids, sorted, each once; the same array if it is so already."""
    if (ids[1:] > ids[:-1]).all():
        return ids
    ids = np.sort(ids)
    is_first = np.ones(len(ids), dtype=bool)
    np.not_equal(ids[1:], ids[:-1], out=is_first[1:])
    return ids[is_first]


def both(one: Ids, other: Ids) -> Ids:
    """The ids of two sets."""
    return (
        unique(np.concatenate([one, other]))
        if len(one) and len(other)
        else (one if len(one) else other)
    )


def are_in(ids: Ids, named: Ids) -> NDArray[np.bool_]:
    """Which of the ids (in any order) are in the set `named`."""
    if not len(named):
        return np.zeros(len(ids), dtype=bool)
    places = np.searchsorted(named, ids)
    places[places == len(named)] = 0
    return np.equal(named[places], ids)


def without(ids: Ids, named: Ids) -> Ids:
    """The ids of a set that are not in another."""
    return ids[~are_in(ids, named)] if len(named) else ids
