# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from haechi.signals import digests, distance_bits
from haechi.values import Signal, SignalType


def test_published_digests() -> None:
    # RFC 1321 A.5 and FIPS 180-2 B.1.
    md5, sha256 = digests([b"a", b"", b"bc"])
    assert md5.hex == "900150983cd24fb0d6963f7d28e17f72"
    assert sha256.hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert (md5.quality, sha256.quality) == (None, None)


def test_of_nothing() -> None:
    assert digests([])[0].hex == "d41d8cd98f00b204e9800998ecf8427e"


def test_distance_counts_bits() -> None:
    one = Signal(SignalType.PDQ, bytes(32), 100)
    other = Signal(SignalType.PDQ, bytes(30) + b"\x81\x01", 3)
    assert distance_bits(one, one) == 0
    assert distance_bits(one, other) == distance_bits(other, one) == 3
    assert distance_bits(one, Signal(SignalType.PDQ, b"\xff" * 32, 0)) == 256


def test_types_do_not_mix() -> None:
    with pytest.raises(ValueError, match="no distance"):
        distance_bits(Signal(SignalType.PDQ, bytes(32), 1), Signal(SignalType.SHA256, bytes(32)))
