# SPDX-License-Identifier: Apache-2.0
"""Signals of many values become rows, and come back as what they were."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from installations import pdq_value

from haechi.match import Entry, Hit, Index, Kind
from haechi.match._rows import frames_of, regions_of, rows_of
from haechi.signals import FrameList, Regions
from haechi.values import Signal, SignalType

LONG = 65_535


def vpdq_of(records: list[tuple[int, int]], seed: int = 77) -> Signal:
    """Frames of these (quality, milliseconds)."""
    drawn = random.Random(seed)
    return FrameList.of([(drawn.randbytes(32), q, ms) for q, ms in records]).to_signal()


def rpdq_of(count: int, seed: int = 1, sides: tuple[int, int] = (LONG, 40_000)) -> Signal:
    drawn = np.random.default_rng(seed)
    return Regions(
        drawn.integers(0, 256, (count, 32), dtype=np.uint8),
        drawn.integers(0, LONG + 1, count, dtype=np.uint16),
        drawn.integers(0, LONG + 1, count, dtype=np.uint16),
        drawn.integers(0, 256, count, dtype=np.uint8),
        drawn.integers(0, 256, count, dtype=np.uint8),
        *sides,
    ).to_signal()


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 2**32 - 1)), min_size=1, max_size=30))
def test_the_trusted_frames_of_a_video_are_rows_with_their_times(
    records: list[tuple[int, int]],
) -> None:
    records.sort(key=lambda record: record[1])
    signal = vpdq_of(records)
    kind, values, payloads = rows_of(signal)
    assert kind is Kind.FRAME
    kept = [place for place, (quality, _) in enumerate(records) if quality >= 50]
    assert payloads.tolist() == [records[place][1] for place in kept]
    assert values.tobytes() == FrameList.from_signal(signal).values[kept].tobytes()


def test_a_video_comes_back_from_the_index_as_its_trusted_frames() -> None:
    signal = vpdq_of([(90, 0), (10, 1000), (50, 2000), (49, 3000), (100, 2**32 - 1)])
    index = Index()
    index.add([(1, [signal, signal, pdq_value(1)])])
    back = frames_of(*index.rows(1, Kind.FRAME))
    trusted = FrameList.from_signal(signal).trusted()
    assert back.at_ms.tolist() == trusted.at_ms.tolist() == [0, 2000, 2**32 - 1]
    assert back.values.tobytes() == trusted.values.tobytes()
    assert len(index.rows(1, Kind.PDQ)[0]) == 1


def test_a_video_without_a_trusted_frame_is_no_entry() -> None:
    index = Index()
    index.add([(1, [vpdq_of([(0, 0), (49, 500)])]), (2, [vpdq_of([(0, 0)]), pdq_value(2)])])
    assert len(index) == 1
    assert len(index.rows(2, Kind.FRAME)[0]) == 0


@given(st.integers(1, 1024))
def test_regions_are_rows_with_their_places_and_numbers(count: int) -> None:
    signal = rpdq_of(count, seed=count)
    regions = Regions.from_signal(signal)
    kind, values, payloads = rows_of(signal)
    assert kind is Kind.REGION
    assert values.tobytes() == regions.values.tobytes()
    for shift, bits, column in (
        (0, 16, regions.x),
        (16, 16, regions.y),
        (32, 8, regions.scale),
        (40, 8, regions.angle),
        (48, 10, np.arange(count)),
    ):
        field = payloads >> np.uint64(shift) & np.uint64((1 << bits) - 1)
        assert field.tolist() == column.tolist()


@given(st.integers(1, 60), st.randoms(use_true_random=False))
def test_rows_in_any_order_come_back_as_the_signal(count: int, drawn: random.Random) -> None:
    order = drawn.sample(range(count), count)
    regions = Regions.from_signal(rpdq_of(count))
    _, values, payloads = rows_of(rpdq_of(count))
    back = regions_of(values[order], payloads[order])
    for name in ("values", "x", "y", "scale", "angle"):
        assert getattr(back, name).tobytes() == getattr(regions, name).tobytes(), name
    assert back.width == LONG
    assert abs(back.height - (40_000 if count > 1 else LONG)) <= LONG / 2000
    frames = FrameList.from_signal(vpdq_of([(60, 7 * place) for place in range(count)]))
    _, values, payloads = rows_of(frames.to_signal())
    again = frames_of(values[order], payloads[order])
    assert again.values.tobytes() == frames.values.tobytes()
    assert again.at_ms.tolist() == frames.at_ms.tolist()


@given(
    st.integers(1, LONG),
    st.booleans(),
    st.sampled_from([2, 3, 60, 1024]),
    st.randoms(use_true_random=False),
)
def test_the_shape_of_the_picture_comes_back(
    short: int, is_upright: bool, count: int, drawn: random.Random
) -> None:
    sides = (short, LONG) if is_upright else (LONG, short)
    _, values, payloads = rows_of(rpdq_of(count, sides=sides))
    order = drawn.sample(range(count), count)
    back = regions_of(values[order], payloads[order])
    assert max(back.width, back.height) == LONG
    assert abs(back.width - sides[0]) <= LONG / 2000
    assert abs(back.height - sides[1]) <= LONG / 2000


def test_a_single_region_says_too_little_of_the_shape_and_counts_as_square() -> None:
    back = regions_of(*rows_of(rpdq_of(1))[1:])
    assert (back.width, back.height) == (LONG, LONG)


def test_the_regions_of_a_picture_find_themselves() -> None:
    index = Index()
    signals = {number: rpdq_of(100, seed=number) for number in (3, 4)}
    index.add((number, [signal, signal]) for number, signal in signals.items())
    regions = Regions.from_signal(signals[4])
    found = index.search_regions(regions.values)
    assert found.query.tolist() == list(range(100))
    assert set(found.entry_id.tolist()) == {4}
    numbers = found.payload >> np.uint64(48) & np.uint64(1023)
    assert numbers.tolist() == list(range(100))


def test_single_values_and_lists_are_kept_apart() -> None:
    """A list is never taken for a value: asked as a whole it is refused, by name."""
    index = Index()
    video, picture = vpdq_of([(90, 0)]), pdq_value(1)
    index.add([(1, [video, rpdq_of(3), picture])])
    assert index.search([picture]) == [[Hit(0, 1)]]
    frame = Signal(SignalType.PDQ, video.value[:32], 90)
    assert index.search([frame]) == [[]]
    for signal in (video, rpdq_of(3)):
        with pytest.raises(ValueError, match=f"a {signal.type} is searched for"):
            index.search([picture, signal])
    assert Entry.of_signals(1, []).rows == {}
