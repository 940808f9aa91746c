# SPDX-License-Identifier: Apache-2.0
"""How far two signals are apart."""

from __future__ import annotations

from haechi.values import Signal

__all__ = ["distance_bits"]


def distance_bits(one: Signal, other: Signal) -> int:
    """The number of bits in which two signals of the same type differ; 0 when they are equal.

    Quality plays no part. For md5 and sha256 only 0 means anything.

    Raises:
        ValueError: the signals are of different types.
    """
    if one.type is not other.type:
        raise ValueError(f"a {one.type} and a {other.type} have no distance")
    return (int.from_bytes(one.value, "big") ^ int.from_bytes(other.value, "big")).bit_count()
