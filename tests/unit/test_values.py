# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import timedelta

import pytest

from haechi.values import (
    MOST_FRAMES,
    MOST_REGIONS,
    SIGNAL_BITS,
    Actor,
    ActorKind,
    Signal,
    SignalType,
    utc_now,
)

PDQ = "0123456789abcdef" * 4


FRAME = bytes(32) + bytes([100]) + bytes(4)
HEAD = b"\x01\xff\xff\x80\x00"
REGION = bytes(38)


def test_every_type_has_one_length_or_is_a_list() -> None:
    assert set(SignalType) - set(SIGNAL_BITS) == {SignalType.VPDQ, SignalType.RPDQ}
    assert all(bits % 8 == 0 for bits in SIGNAL_BITS.values())


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (SignalType.VPDQ, FRAME),
        (SignalType.VPDQ, FRAME * MOST_FRAMES),
        (SignalType.RPDQ, HEAD + REGION),
        (SignalType.RPDQ, b"\x01\x00\x01\xff\xff" + b"\xff" * 38 * MOST_REGIONS),
    ],
)
def test_a_list_of_any_length_within_its_bounds_is_taken(kind: SignalType, value: bytes) -> None:
    assert Signal.parse(kind.value, value.hex()) == Signal(kind, value)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "frames of 37"),
        (FRAME[:-1], "frames of 37"),
        (FRAME * (MOST_FRAMES + 1), "frames of 37"),
        (FRAME[:32] + b"\x65" + FRAME[33:], "quality"),
        (FRAME[:-1] + b"\x02" + FRAME[:-1] + b"\x01", "rising time"),
    ],
)
def test_a_vpdq_that_is_none_is_refused(value: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Signal(SignalType.VPDQ, value)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "regions of 38"),
        (HEAD, "regions of 38"),
        (HEAD + REGION[:-1], "regions of 38"),
        (HEAD + REGION * (MOST_REGIONS + 1), "regions of 38"),
        (b"\x02" + HEAD[1:] + REGION, "version"),
        (b"\x01\xff\xfe\x80\x00" + REGION, "65535"),
        (b"\x01\xff\xff\x00\x00" + REGION, "65535"),
    ],
)
def test_an_rpdq_that_is_none_is_refused(value: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Signal(SignalType.RPDQ, value)


@pytest.mark.parametrize("kind", SIGNAL_BITS)
@pytest.mark.parametrize("change", [-1, 1, None])
def test_a_value_of_another_length_is_refused(kind: SignalType, change: int | None) -> None:
    size = 0 if change is None else SIGNAL_BITS[kind] // 8 + change
    with pytest.raises(ValueError, match="bits"):
        Signal(kind, bytes(size), 100 if kind is SignalType.PDQ else None)


@pytest.mark.parametrize("quality", [-1, 101, 10**9])
def test_a_quality_lies_between_0_and_100(quality: int) -> None:
    with pytest.raises(ValueError, match="between 0 and 100"):
        Signal(SignalType.PDQ, bytes(32), quality)


def test_a_quality_goes_with_pdq_only() -> None:
    with pytest.raises(ValueError, match="only with pdq"):
        Signal(SignalType.PDQ, bytes(32))
    for kind in (SignalType.MD5, SignalType.SHA256):
        with pytest.raises(ValueError, match="only with pdq"):
            Signal(kind, bytes(SIGNAL_BITS[kind] // 8), 100)


@pytest.mark.parametrize(("quality", "is_trusted"), [(0, False), (49, False), (50, True)])
def test_from_50_on_a_pdq_is_trusted(quality: int, is_trusted: bool) -> None:
    assert Signal(SignalType.PDQ, bytes(32), quality).is_trusted is is_trusted


def test_a_digest_is_always_trusted() -> None:
    assert Signal(SignalType.MD5, bytes(16)).is_trusted


def test_parsing_takes_either_case_and_gives_lowercase() -> None:
    assert Signal.parse("pdq", PDQ.upper()).hex == PDQ


def test_a_pdq_of_a_list_is_trusted_and_a_digest_has_no_quality() -> None:
    assert Signal.parse("pdq", PDQ).quality == 100
    assert Signal.parse("pdq", PDQ, 7).quality == 7
    assert Signal.parse("sha256", PDQ).quality is None


@pytest.mark.parametrize(
    "text",
    [
        "", PDQ[:-1], PDQ + "0", PDQ[:-1] + "g", PDQ[:-1] + "\n", "0x" + PDQ[2:], PDQ[:-1] + " ",
        "+" + PDQ[1:], PDQ[:-1] + "_", "٣" * 64, "０" * 64, " ".join(PDQ[:32]) + "0",
    ],
)  # fmt: skip
def test_anything_but_the_right_digits_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="hexadecimal digits"):
        Signal.parse("pdq", text)


@pytest.mark.parametrize("name", ["", "PDQ", "sha1", "pdq "])
def test_an_unknown_type_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="SignalType"):
        Signal.parse(name, PDQ)


def test_a_signal_never_shows_its_value() -> None:
    signal = Signal.parse("pdq", PDQ)
    for shown in (repr(signal), str(signal), f"{signal}", repr([signal])):
        assert PDQ[:8] not in shown
        assert "\\x" not in shown


def test_no_error_shows_the_value() -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # its text is looked at below
        Signal.parse("pdq", PDQ[:-1] + "g")
    assert PDQ[:8] not in str(caught.value)


def test_values_are_frozen_and_equal_by_what_they_hold() -> None:
    signal = Signal.parse("pdq", PDQ)
    with pytest.raises(FrozenInstanceError):
        signal.quality = 3  # type: ignore[misc]
    assert signal == Signal.parse("pdq", PDQ.upper())
    assert len({signal, Signal.parse("pdq", PDQ), Signal.parse("sha256", PDQ)}) == 2


def test_an_actor_has_no_scopes_unless_given() -> None:
    assert Actor(ActorKind.NOBODY) == Actor(ActorKind.NOBODY, "", frozenset())


def test_now_has_its_zone() -> None:
    assert utc_now().utcoffset() == timedelta(0)
