# SPDX-License-Identifier: Apache-2.0
"""An rpdq value and its regions are one thing in two forms; no record, however odd, poisons anything."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.match import RegionMatch, RegionRule, match_regions
from haechi.signals import LONG_SIDE, Regions
from haechi.values import Signal, SignalType

_LENGTHS = st.integers(0, LONG_SIDE)
_RECORDS = st.lists(
    st.tuples(
        st.binary(min_size=32, max_size=32),
        _LENGTHS,
        _LENGTHS,
        st.integers(0, 255),
        st.integers(0, 255),
    ),
    min_size=1,
    max_size=30,
)
_SIDES = st.tuples(st.integers(1, LONG_SIDE), st.booleans()).map(
    lambda short: (LONG_SIDE, short[0]) if short[1] else (short[0], LONG_SIDE)
)


def _value(sides: tuple[int, int], records: list[tuple[bytes, int, int, int, int]]) -> bytes:
    """Written out by hand, as the format says."""
    head = b"\x01" + sides[0].to_bytes(2, "big") + sides[1].to_bytes(2, "big")
    return head + b"".join(
        value + x.to_bytes(2, "big") + y.to_bytes(2, "big") + bytes([scale, angle])
        for value, x, y, scale, angle in records
    )


@given(_SIDES, _RECORDS)
def test_regions_and_their_signal_are_one(
    sides: tuple[int, int], records: list[tuple[bytes, int, int, int, int]]
) -> None:
    signal = Signal(SignalType.RPDQ, _value(sides, records))
    found = Regions.from_signal(signal)
    assert (found.width, found.height) == sides
    columns = (found.values, found.x, found.y, found.scale, found.angle)
    rows = [(bytes(value), *map(int, rest)) for value, *rest in zip(*columns, strict=True)]
    assert rows == records
    assert found.to_signal() == signal
    made = Regions(*(column.copy() for column in columns), *sides)
    assert made.to_signal() == signal


@given(st.binary(max_size=200))
def test_bytes_are_an_rpdq_or_a_clear_error(value: bytes) -> None:
    try:
        signal = Signal(SignalType.RPDQ, value)
    except ValueError:
        return
    assert Regions.from_signal(signal).to_signal() == signal


@given(
    _SIDES,
    _RECORDS,
    st.sampled_from(["shorter", "longer", "version", "no long side", "no side"]),
    st.integers(1, 37),
    st.integers(0, 254),
)
def test_every_damage_to_a_record_is_refused(
    sides: tuple[int, int],
    records: list[tuple[bytes, int, int, int, int]],
    damage: str,
    by_bytes: int,
    number: int,
) -> None:
    value = _value(sides, records)
    damaged, reason = {
        "shorter": (value[:-by_bytes], "regions of 38"),
        "longer": (value + bytes(by_bytes), "regions of 38"),
        "version": (bytes([number if number != 1 else 255]) + value[1:], "version"),
        "no long side": (value[:1] + bytes([number, by_bytes] * 2) + value[5:], "65535"),
        "no side": (value[:1] + b"\xff\xff\x00\x00" + value[5:], "65535"),
    }[damage]
    with pytest.raises(ValueError, match=reason) as raised:
        Signal(SignalType.RPDQ, damaged)
    assert records[0][0].hex() not in str(raised.value)


@given(_SIDES, _RECORDS)
def test_mirroring_twice_changes_nothing(
    sides: tuple[int, int], records: list[tuple[bytes, int, int, int, int]]
) -> None:
    found = Regions.from_signal(Signal(SignalType.RPDQ, _value(sides, records)))
    once = found.mirrored()
    back = once.mirrored()
    assert np.array_equal(back.values, found.values)
    assert np.array_equal(back.angle, found.angle)
    # What lies beyond the right edge, where no picture has anything, comes to lie on it.
    assert np.array_equal(back.x, np.minimum(found.x, found.width))
    for kept in ("y", "scale"):
        assert np.array_equal(getattr(once, kept), getattr(found, kept))
    assert (once.width, once.height) == sides
    assert (np.bitwise_count(once.values ^ found.values).sum(axis=1) == 128).all()
    # As a direction: left and right swapped, up and down not.
    assert np.cos(once.turn) == pytest.approx(-np.cos(found.turn), abs=1e-9)
    assert np.sin(once.turn) == pytest.approx(np.sin(found.turn), abs=1e-9)


@given(
    st.tuples(st.integers(1, 3000), st.integers(1, 3000)),
    st.lists(
        st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0.0015, 1.4), st.floats(-10, 10)),
        min_size=1,
        max_size=20,
    ),
)
def test_places_come_back_as_precisely_as_a_record_holds_them(
    sides: tuple[int, int], shares: list[tuple[float, float, float, float]]
) -> None:
    height, width = sides
    long_side = max(sides)
    # From the first pixel's outer edge to the last one's.
    places = np.array(shares) * [width, height, long_side, 1] - [0.5, 0.5, 0, 0]
    found = Regions.of(np.zeros((len(places), 32), np.uint8), places, sides)
    step = 0.501 / LONG_SIDE
    assert found.x / LONG_SIDE == pytest.approx((places[:, 0] + 0.5) / long_side, abs=step)
    assert found.y / LONG_SIDE == pytest.approx((places[:, 1] + 0.5) / long_side, abs=step)
    off = np.log2(found.radius * long_side / places[:, 2]) * 24
    assert np.abs(off).max() <= 0.501
    assert np.cos(found.turn - places[:, 3]).min() >= math.cos(2 * math.pi / 256 * 0.501)
    assert (found.width / LONG_SIDE, found.height / LONG_SIDE) == pytest.approx(
        (width / long_side, height / long_side), abs=max(step, 1 / LONG_SIDE)
    )


def test_what_is_too_small_or_too_large_to_write_down_is_written_as_the_least_or_the_most() -> None:
    places = np.array([[50.0, 50.0, radius, 0.0] for radius in (0.0, 1e-6, 0.09, 200.0, 1e9)])
    found = Regions.of(np.zeros((5, 32), np.uint8), places, (100, 100))
    assert found.scale.tolist() == [0, 0, 0, 255, 255]
    outside = np.array([[-5.0, 1e6, 10.0, 0.0], [1e6, -5.0, 10.0, 0.0]])
    found = Regions.of(np.zeros((2, 32), np.uint8), outside, (100, 100))
    assert (found.x.tolist(), found.y.tolist()) == ([0, LONG_SIDE], [LONG_SIDE, 0])


def _is_sound(match: RegionMatch | None, query: Regions, known: Regions) -> bool:
    """Whether every number of an answer is one that it can be."""
    if match is None:
        return True
    limits = RegionRule()
    return (
        math.isfinite(match.score)
        and match.score >= 0.0
        and match.sides == (known.height / LONG_SIDE, known.width / LONG_SIDE)
        and len(match.transform) == 6
        and all(map(math.isfinite, match.transform))
        and 1 <= match.regions <= min(match.expected, len(query), len(known))
        and match.expected <= len(known)
        and 0.0 < match.share <= 1.0
        and 0 <= match.nearest_bits <= match.median_bits <= limits.whole_bits
        and len(match.in_query) == len(set(match.in_query)) == match.regions
        and all(0 <= place < len(query) for place in match.in_query)
    )


@given(_SIDES, _RECORDS, _SIDES, _RECORDS, st.data())
def test_any_two_records_are_compared(
    sides: tuple[int, int],
    records: list[tuple[bytes, int, int, int, int]],
    other_sides: tuple[int, int],
    others: list[tuple[bytes, int, int, int, int]],
    data: st.DataObject,
) -> None:
    # Hashes in common, places of any kind.
    shared = [data.draw(st.sampled_from(records))[:1] + other[1:] for other in others]
    known = Regions.from_signal(Signal(SignalType.RPDQ, _value(sides, records)))
    query = Regions.from_signal(Signal(SignalType.RPDQ, _value(other_sides, shared)))
    found = match_regions(query, known)
    assert found is not None
    assert _is_sound(found, query, known)
    assert _is_sound(match_regions(query.mirrored(), known), query, known)


def _some(count: int, seed: int, **fixed: Any) -> Regions:
    """That many regions, anything at all but for what is fixed."""
    random = np.random.default_rng(seed)
    drawn = {
        "values": random.integers(0, 256, (count, 32), dtype=np.uint8),
        "x": random.integers(0, LONG_SIDE + 1, count).astype(np.uint16),
        "y": random.integers(0, LONG_SIDE + 1, count).astype(np.uint16),
        "scale": random.integers(0, 256, count).astype(np.uint8),
        "angle": random.integers(0, 256, count).astype(np.uint8),
        "width": LONG_SIDE,
        "height": 1 + int(random.integers(0, LONG_SIDE)),
    }
    for name, number in fixed.items():
        if np.ndim(drawn[name]):
            drawn[name][:] = number
        else:
            drawn[name] = number
    return Regions(**drawn)


@settings(max_examples=40)
@given(
    counts=st.tuples(st.sampled_from([1, 2, 5, 6, 7, 100]), st.sampled_from([1, 2, 6, 100, 300])),
    seeds=st.tuples(st.integers(0, 2**32), st.integers(0, 2**32)),
    value=st.one_of(st.none(), st.integers(0, 255)),
    fixed=st.fixed_dictionaries(
        {},
        optional={
            "x": st.sampled_from([0, 30_000, LONG_SIDE]),
            "y": st.sampled_from([0, 30_000, LONG_SIDE]),
            "scale": st.sampled_from([0, 120, 255]),
            "angle": st.sampled_from([0, 64, 255]),
            "height": st.sampled_from([1, LONG_SIDE]),
        },
    ),
    scales=st.tuples(st.sampled_from([0, 120, 255]), st.sampled_from([0, 120, 255])),
)
def test_regions_that_agree_in_everything_or_in_nothing(
    counts: tuple[int, int],
    seeds: tuple[int, int],
    value: int | None,
    fixed: dict[str, int],
    scales: tuple[int, int],
) -> None:
    if value is not None:
        fixed = {**fixed, "values": value}
    known, query = (_some(count, seed, **fixed) for count, seed in zip(counts, seeds, strict=True))
    assert _is_sound(match_regions(query, known), query, known)
    # And one all small, the other all large.
    known, query = (
        _some(count, seed, **{**fixed, "scale": scale})
        for count, seed, scale in zip(counts, seeds, scales, strict=True)
    )
    assert _is_sound(match_regions(query, known), query, known)


@pytest.mark.parametrize("scale", [0, 120, 255])
@pytest.mark.parametrize("value", [None, 7])
def test_the_largest_records(scale: int, value: int | None) -> None:
    fixed = {"scale": scale} | ({} if value is None else {"values": value})
    known, query = (Regions.from_signal(_some(1024, seed, **fixed).to_signal()) for seed in (1, 2))
    found = match_regions(query, known)
    assert (found is None) == (value is None)
    assert _is_sound(found, query, known)


def test_nothing_is_compared_with_nothing() -> None:
    some, none = _some(5, 1), _some(0, 1)
    assert match_regions(none, some) is None
    assert match_regions(some, none) is None
    assert match_regions(none, none) is None
