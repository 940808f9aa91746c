# SPDX-License-Identifier: Apache-2.0
"""Which rows of which table a signal stands for."""

from __future__ import annotations

from typing import Final

import numpy as np

from haechi.match._columns import VALUE_BYTES
from haechi.match._kinds import Kind
from haechi.values import Signal, SignalType

__all__ = ["payload_of", "rows_of"]

_DIGESTS: Final = {SignalType.MD5: 0, SignalType.SHA256: 1}
"""The payloads that keep the types of digests apart: an md5 is filled up with zeros."""


def rows_of(signal: Signal) -> tuple[Kind, bytes, bytes]:
    """The kind of a signal's rows, their values of 32 bytes each, and their payloads of 8 bytes each."""
    payload = np.uint64(payload_of(signal)).tobytes()
    if signal.type in _DIGESTS:
        return Kind.DIGEST, signal.value.ljust(VALUE_BYTES, b"\0"), payload
    return Kind.PDQ, signal.value, payload


def payload_of(signal: Signal) -> int:
    """The payload of a row that has to be the same on both sides."""
    return _DIGESTS.get(signal.type, 0)
