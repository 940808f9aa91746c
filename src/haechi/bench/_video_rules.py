# SPDX-License-Identifier: Apache-2.0
"""The peers' rules for "the same video", on frames sampled once a second as they sample them."""

from __future__ import annotations

from typing import Final

import numpy as np

from haechi.signals import FrameList
from haechi.values import PDQ_MATCH_RADIUS_BITS

__all__ = ["pytx_says", "readme_says"]

_PERCENT: Final = 80.0


def _shares(query: FrameList, known: FrameList) -> tuple[float, float]:
    """The share in percent of each side's trusted frames that are near one of the other side's."""
    ours, theirs = query.trusted().values, known.trusted().values
    if not len(ours) or not len(theirs):
        return 0.0, 0.0
    distances = np.bitwise_count(ours[:, None, :] ^ theirs[None, :, :]).sum(axis=2)
    near = distances <= PDQ_MATCH_RADIUS_BITS
    return 100 * float(near.any(axis=1).mean()), 100 * float(near.any(axis=0).mean())


def readme_says(query: FrameList, known: FrameList) -> bool:
    """The rule of vpdq/README.md: 80 % of the known frames are found, whatever the query's share."""
    return _shares(query, known)[1] >= _PERCENT


def pytx_says(query: FrameList, known: FrameList) -> bool:
    """The rule of python-threatexchange (vpdq_util.py): 80 % of the query's frames are found."""
    return _shares(query, known)[0] >= _PERCENT
