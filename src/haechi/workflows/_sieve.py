# SPDX-License-Identifier: Apache-2.0
"""The quick no: which of many single values have anything near them at all.

Nearly every upload is near nothing that is known. For those this says so without asking the database; any
other is looked at by `find_matches`, so that the answer is always its answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from haechi.match import Kind, View
from haechi.values import Signal, SignalType

_VALUE_BYTES: Final = 32
_LISTS: Final = frozenset({SignalType.RPDQ, SignalType.VPDQ})

Near = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Places among the signals that were asked about, and the entries near them, side by side."""


def is_single(signal: Signal) -> bool:
    """Whether a signal is one value, so that `near` says all there is to say about it."""
    return signal.type not in _LISTS


def near(
    view: View,
    signals: Sequence[Signal],
    *,
    radius_bits: int,
    most_entries: int = 1,
    threads: int = 1,
) -> Near:
    """Which of these single values come near which entries: at most `most_entries` of each are told.

    A value that is not told of here has nothing within the radius, neither as a picture nor as a frame of
    a video, nor an equal digest. A PDQ of low quality is near nothing.
    """
    places = [
        place
        for place, signal in enumerate(signals)
        if signal.type is SignalType.PDQ and signal.is_trusted
    ]
    others = [place for place, signal in enumerate(signals) if signal.type is not SignalType.PDQ]
    found = []
    for kind, asked, radius in (
        (Kind.PDQ, places, radius_bits),
        (Kind.FRAME, places, radius_bits),
        (Kind.DIGEST, others, 0),
    ):
        if asked:
            values = _values([signals[place] for place in asked])
            hits = view.search_values(
                kind, values, radius, most_entries=most_entries, threads=threads
            )
            if len(hits):
                found.append((np.array(asked, dtype=np.int64)[hits.query], hits.entry_id))
    if not found:
        none = np.empty(0, dtype=np.int64)
        return none, none
    columns = list(zip(*found, strict=True))
    return np.concatenate(columns[0]), np.concatenate(columns[1])


def _values(signals: Sequence[Signal]) -> NDArray[np.uint8]:
    joined = b"".join(signal.value.ljust(_VALUE_BYTES, b"\0") for signal in signals)
    return np.frombuffer(joined, dtype=np.uint8).reshape(-1, _VALUE_BYTES)
