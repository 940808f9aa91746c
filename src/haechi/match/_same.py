# SPDX-License-Identifier: Apache-2.0
"""Whether entries have the very rows already that they are given again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from haechi.match._columns import Rows
from haechi.match._ids import Ids, are_in, both, unique

__all__ = ["changed_entries"]


def changed_entries(old: Rows, new: Rows) -> Ids:
    """The ids whose rows differ between the two, in whatever order the rows stand."""
    old, new = _in_order(old), _in_order(new)
    ids = both(unique(old.entry_ids), unique(new.entry_ids))
    differ = _counts(old, ids) != _counts(new, ids)
    # Where the counts are equal, the rows stand side by side.
    old = old.at(~are_in(old.entry_ids, ids[differ]))
    new = new.at(~are_in(new.entry_ids, ids[differ]))
    is_other = (old.values != new.values).any(axis=1)
    is_other |= (old.payloads != new.payloads) | (old.groups != new.groups)
    return both(ids[differ], unique(new.entry_ids[is_other]))


def _counts(rows: Rows, ids: Ids) -> NDArray[np.int64]:
    first = np.searchsorted(rows.entry_ids, ids, side="left")
    return np.searchsorted(rows.entry_ids, ids, side="right") - first


def _in_order(rows: Rows) -> Rows:
    return rows.at(np.lexsort((rows.groups, rows.payloads, *rows.values.T, rows.entry_ids)))
