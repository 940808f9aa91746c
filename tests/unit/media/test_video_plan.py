# SPDX-License-Identifier: Apache-2.0
"""What is decoded of a stream: enough for every kept frame, and nothing else that matters."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.media._video_plan import Packets, plan_of, sampling_of

_MOST = 10_800


@st.composite
def _streams(draw: st.DrawFn) -> Packets:
    """Groups of packets as codecs write them: some shown before their key frame, some not at all."""
    shown_s: list[float] = []
    is_key: list[bool] = []
    start = 0
    for group in range(draw(st.integers(1, 6))):
        count = draw(st.integers(1, 12))
        leading = draw(st.integers(0, count - 1)) if group else 0
        order = [leading, *range(leading), *draw(st.permutations(range(leading + 1, count)))]
        shown_s += [(start + place) / 10 for place in order]
        is_key += [True] + [False] * (count - 1)
        start += count
    is_shown = draw(st.lists(st.booleans(), min_size=start, max_size=start))
    is_shown[draw(st.integers(0, start - 1))] = True
    return Packets(np.array(shown_s), np.array(is_key), np.array(is_shown))


@given(_streams(), st.sampled_from([0.0, 0.2, 0.5, 1.0, 3.0]))
def test_all_that_a_kept_frame_needs_is_fed(packets: Packets, every_s: float) -> None:
    assert packets.is_numbered
    sampling = sampling_of(every_s, 10.0, packets.shown_s)
    plan, _ = plan_of(packets, sampling, _MOST)
    group = np.cumsum(packets.is_key) - 1
    keys = np.flatnonzero(packets.is_key)
    for index in np.flatnonzero(plan.is_kept):
        key = keys[group[index]]
        leans = packets.shown_s[index] < packets.shown_s[key]
        start = keys[group[index] - 1] if leans else key
        needed = np.arange(start, index + 1)
        # Frames shown before a key frame lean on the group before; no other frame leans on them.
        first = packets.shown_s[needed] < packets.shown_s[keys[group[needed]]]
        is_own = (group[needed] == group[index]) & leans
        needed = needed[~first | is_own]
        assert plan.is_fed[needed].all()
        assert not plan.begins[start + 1 : index + 1].any(), "the decoder was emptied midway"


@given(_streams(), st.sampled_from([0.2, 0.5, 1.0, 3.0]))
def test_what_is_fed_is_needed(packets: Packets, every_s: float) -> None:
    plan, _ = plan_of(packets, sampling_of(every_s, 10.0, packets.shown_s), _MOST)
    group = np.cumsum(packets.is_key) - 1
    runs = np.cumsum(plan.begins) - 1
    for number in range(group[-1] + 1):
        fed = np.flatnonzero(plan.is_fed & (group == number))
        later = np.flatnonzero(plan.is_kept & (runs == runs[fed[-1]])) if len(fed) else []
        assert len(fed) == 0 or later[-1] >= fed[-1]
    assert not plan.is_fed[: np.argmax(plan.begins)].any()


@given(_streams(), st.sampled_from([0.0, 0.2, 0.5, 1.0, 3.0]), st.integers(1, 20))
def test_numbers_are_the_order_of_showing(packets: Packets, every_s: float, most: int) -> None:
    plan, is_cut_short = plan_of(packets, sampling_of(every_s, 10.0, packets.shown_s), most)
    order = [i for i in np.argsort(packets.shown_s) if packets.is_shown[i]]
    assert [plan.numbers[i] for i in order] == list(range(len(order)))
    assert (plan.numbers[~packets.is_shown] == -1).all()
    assert not plan.is_kept[~packets.is_shown].any()
    assert plan.is_kept.sum() <= most
    assert is_cut_short or plan.is_kept[order[0]]
    assert is_cut_short == (
        plan_of(packets, sampling_of(every_s, 10.0, packets.shown_s), _MOST)[0].is_kept.sum() > most
    )


@given(st.integers(2, 400), st.floats(0.7, 240.0), st.sampled_from([0.1, 0.25, 1.0, 2.0]))
def test_an_even_stream_is_sampled_by_number(count: int, fps: float, every_s: float) -> None:
    # As Matroska has them: to the millisecond.
    shown_s = np.round(np.arange(count) / fps, 3)
    is_key = np.arange(count) == 0
    packets = Packets(shown_s, is_key, np.ones(count, np.bool_))
    if not packets.is_numbered:
        return
    sampling = sampling_of(every_s, fps, shown_s)
    assert sampling.step == max(1, int(every_s * fps))
    plan, _ = plan_of(packets, sampling, _MOST)
    assert np.flatnonzero(plan.is_kept).tolist() == list(range(0, count, sampling.step))


@given(st.lists(st.floats(0.001, 4.0), min_size=2, max_size=200), st.sampled_from([0.5, 1.0]))
def test_an_uneven_stream_is_sampled_by_time(spacings: list[float], every_s: float) -> None:
    shown_s = np.cumsum([0.0, *spacings])
    packets = Packets(shown_s, np.arange(len(shown_s)) == 0, np.ones(len(shown_s), np.bool_))
    plan, _ = plan_of(packets, sampling_of(every_s, 0.0, shown_s), _MOST)
    kept_s = plan.at_s[plan.is_kept]
    for before_s, after_s in itertools.pairwise(kept_s):
        between = shown_s[(shown_s > before_s) & (shown_s < after_s)]
        assert len(between) == 0 or between[-1] - before_s <= 2 * every_s
    ends = [*kept_s, np.inf]
    left = shown_s[(shown_s > ends[-2])]
    assert len(left) == 0 or left[-1] - ends[-2] <= 2 * every_s


@pytest.mark.parametrize(
    ("claimed", "believed"), [(10.0, 10.0), (10.3, 10.3), (1000.0, 10.0), (0.0, 10.0), (-1.0, 10.0)]
)
def test_a_rate_is_believed_when_the_frames_agree(claimed: float, believed: float) -> None:
    shown_s = np.arange(100) / 10
    assert sampling_of(1.0, claimed, shown_s).fps == pytest.approx(believed)


def test_a_rate_that_cannot_be_checked() -> None:
    assert [sampling_of(1.0, fps, None).fps for fps in (30.0, 0.0, 1e9)] == [30.0, 25.0, 1000.0]


@pytest.mark.parametrize(
    ("shown_s", "is_key"),
    [
        ([], []),
        ([0.0, 0.0], [True, False]),
        ([0.0, float("nan")], [True, False]),
        ([0.0, 1.0], [False, True]),
        ([1.0, 0.0], [True, False]),
    ],
)
def test_times_that_number_nothing(shown_s: list[float], is_key: list[bool]) -> None:
    shown = np.ones(len(is_key), np.bool_)
    assert not Packets(np.array(shown_s), np.array(is_key, np.bool_), shown).is_numbered


def test_going_back_leaves_nothing_out() -> None:
    packets = Packets(np.arange(40) / 10, np.arange(40) % 10 == 0, np.ones(40, np.bool_))
    plan, _ = plan_of(packets, sampling_of(1.0, 10.0, packets.shown_s), _MOST)
    everything = plan.all_fed_from(20)
    assert np.flatnonzero(everything.is_fed).tolist() == list(range(20, 40))
    assert np.flatnonzero(everything.begins).tolist() == [20]
    assert np.array_equal(everything.is_kept, plan.is_kept)
