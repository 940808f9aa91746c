# SPDX-License-Identifier: Apache-2.0
"""A vpdq value and its frames are one thing in two forms; no video poisons anything."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_videos import moving_pattern, video

from haechi.errors import MediaError
from haechi.media import Decoder, VideoLimits
from haechi.signals import FrameList, hma_text, vpdq
from haechi.values import Signal, SignalType

_RECORDS = st.lists(
    st.tuples(st.binary(min_size=32, max_size=32), st.integers(0, 100), st.integers(0, 2**32 - 1)),
    min_size=1,
    max_size=40,
).map(lambda records: sorted(records, key=lambda record: record[2]))


def _value(records: list[tuple[bytes, int, int]]) -> bytes:
    """Written out by hand, as the format says."""
    return b"".join(
        value + bytes([quality]) + at_ms.to_bytes(4, "big") for value, quality, at_ms in records
    )


@given(_RECORDS)
def test_a_list_and_its_signal_are_one(records: list[tuple[bytes, int, int]]) -> None:
    frames = FrameList.of(records)
    signal = frames.to_signal()
    assert signal.value == _value(records)
    again = FrameList.from_signal(Signal(SignalType.VPDQ, _value(records)))
    assert np.array_equal(again.values, frames.values)
    assert np.array_equal(again.quality, frames.quality)
    assert np.array_equal(again.at_ms, frames.at_ms)
    trusted = [record for record in records if record[1] >= 50]
    assert frames.trusted().at_ms.tolist() == [at_ms for _, _, at_ms in trusted]
    lines = [line.split(",") for line in json.loads(hma_text(signal))]
    back = [(bytes.fromhex(h), int(q), round(float(s) * 1000)) for h, q, s in lines]
    assert back == records


@given(st.binary(max_size=300))
def test_bytes_are_a_vpdq_or_a_clear_error(value: bytes) -> None:
    try:
        signal = Signal(SignalType.VPDQ, value)
    except ValueError:
        return
    assert FrameList.from_signal(signal).to_signal() == signal


@functools.cache
def _videos() -> tuple[bytes, ...]:
    frames = moving_pattern(40, width=64, height=48)
    return (
        video(frames, g="10"),
        video(frames, mux={"movflags": "faststart"}, bf="0"),
        video(frames, container="matroska", g="10"),
        video(frames, container="webm", codec="libvpx", g="10"),
        video(frames, container="avi", codec="mpeg4"),
    )


_EDITS = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.sampled_from("scdi"), st.binary(max_size=40)),
    min_size=1,
    max_size=12,
)


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder(video_limits=VideoLimits(timeout_s=20)) as decoder:
        yield decoder


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(place=st.integers(0, 4), edits=_EDITS)
def test_a_damaged_video_is_shorter_or_a_clear_error(
    decoder: Decoder, place: int, edits: list[tuple[float, str, bytes]]
) -> None:
    data = bytearray(_videos()[place])
    for where, kind, noise in edits:
        at = int(where * len(data))
        if kind == "s":
            data[at : at + len(noise)] = noise
        elif kind == "c":
            del data[at + len(noise) * 50 :]
        elif kind == "d":
            del data[at : at + len(noise)]
        else:
            data[at:at] = noise
    with contextlib.suppress(MediaError), decoder.frames(bytes(data), every_s=0.2) as frames:
        assert 1 <= len(FrameList.from_signal(vpdq(frames))) <= 10_800
    whole = decoder.frames(_videos()[place])
    assert len(list(whole)) == 2, "the next video suffers"
