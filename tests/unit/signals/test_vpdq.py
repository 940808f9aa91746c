# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from made_videos import moving_pattern, video

from haechi.media import Decoder, Frame, Picture, VideoFormat
from haechi.signals import FrameList, Rendition, Turn, hma_text, pdq, pdq_views, vpdq, vpdq_views
from haechi.values import Signal, SignalType


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder


def _frame(luma: np.ndarray, number: int = 0, at_s: float = 0.0) -> Frame:
    height, width = luma.shape
    return Frame(number, at_s, Picture(luma, width, height, VideoFormat.MP4))


def _texture(seed: int, height: int = 90, width: int = 120) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (height // 15, width // 15))
    return np.kron(coarse, np.ones((15, 15))).astype(np.uint8)


def _frames(times_s: Sequence[float]) -> list[Frame]:
    return [_frame(_texture(place), place, at_s) for place, at_s in enumerate(times_s)]


def test_one_record_a_frame() -> None:
    frames = _frames([0.0, 1.0, 2.002])
    signal = vpdq(frames)
    assert (signal.type, signal.quality) == (SignalType.VPDQ, None)
    assert len(signal.value) == 3 * 37
    known = [pdq(frame.picture) for frame in frames]
    for place, (single, at_ms) in enumerate(zip(known, (0, 1000, 2002), strict=True)):
        record = signal.value[37 * place : 37 * (place + 1)]
        assert record[:32] == single.value
        assert record[32] == single.quality
        assert int.from_bytes(record[33:], "big") == at_ms


def test_a_signal_opens_into_its_frames() -> None:
    frames = _frames([0.0, 1.0, 2.0])
    opened = FrameList.from_signal(vpdq(frames))
    assert len(opened) == 3
    assert opened.at_ms.tolist() == [0, 1000, 2000]
    assert [value.tobytes() for value in opened.values] == [pdq(f.picture).value for f in frames]
    assert opened.quality.tolist() == [pdq(f.picture).quality for f in frames]
    assert opened.to_signal() == vpdq(frames)
    with pytest.raises(ValueError, match="read-only"):
        opened.values[0, 0] = 1


def test_times_that_fall_into_one_millisecond_stay_in_order() -> None:
    opened = FrameList.from_signal(vpdq(_frames([0.0, 0.0001, 0.0002, 0.5])))
    assert opened.at_ms.tolist() == [0, 1, 2, 500]


def test_black_frames_are_kept_and_not_trusted() -> None:
    black = [_frame(np.zeros((90, 120), np.uint8), place, float(place)) for place in range(3)]
    signal = vpdq([*black, _frame(_texture(1), 3, 3.0)])
    opened = FrameList.from_signal(signal)
    assert opened.is_trusted.tolist() == [False, False, False, True]
    assert opened.trusted().at_ms.tolist() == [3000]
    nothing = FrameList.from_signal(vpdq(black)).trusted()
    assert len(nothing) == 0
    assert not nothing.is_trusted.any()


def test_no_frame_is_no_video() -> None:
    with pytest.raises(ValueError, match="between 1 and 10800"):
        vpdq([])
    many = FrameList(
        np.zeros((10_801, 32), np.uint8),
        np.zeros(10_801, np.uint8),
        np.arange(10_801, dtype=np.uint32),
    )
    with pytest.raises(ValueError, match="between 1 and 10800"):
        many.to_signal()


def test_other_signals_have_no_frames() -> None:
    with pytest.raises(ValueError, match="no frames"):
        FrameList.from_signal(Signal(SignalType.PDQ, bytes(32), 100))
    with pytest.raises(ValueError, match="no frames"):
        hma_text(Signal(SignalType.MD5, bytes(16)))


@pytest.mark.parametrize(
    ("values", "quality", "at_ms"),
    [
        (np.zeros((2, 31), np.uint8), np.zeros(2, np.uint8), np.zeros(2, np.uint32)),
        (np.zeros((2, 32), np.uint8), np.zeros(1, np.uint8), np.zeros(2, np.uint32)),
        (np.zeros((2, 32), np.int8), np.zeros(2, np.uint8), np.zeros(2, np.uint32)),
        (np.zeros((2, 32), np.uint8), np.zeros(2, np.uint8), np.zeros(2, np.int64)),
        (np.zeros((2, 32), np.uint8), np.full(2, 101, np.uint8), np.zeros(2, np.uint32)),
        (np.zeros((2, 32), np.uint8), np.zeros(2, np.uint8), np.array([1, 0], np.uint32)),
    ],
)
def test_arrays_that_do_not_fit(values: np.ndarray, quality: np.ndarray, at_ms: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"frame has|qualities lie"):
        FrameList(values, quality, at_ms)


def test_nothing_shows_in_the_repr() -> None:
    assert repr(FrameList.from_signal(vpdq(_frames([0.0])))) == "FrameList(1 frames)"


def test_the_text_of_hma() -> None:
    frames = _frames([0.0, 1234.567])
    lines = json.loads(hma_text(vpdq(frames)))
    known = [pdq(frame.picture) for frame in frames]
    assert lines == [
        f"{known[0].hex},{known[0].quality},0.000",
        f"{known[1].hex},{known[1].quality},1234.567",
    ]


def test_views_are_those_of_each_picture() -> None:
    frames = _frames([0.0, 1.0])
    views = vpdq_views(frames, turns=tuple(Turn))
    assert [view.turn for view in views] == list(Turn)
    assert {view.rendition for view in views} == {Rendition.AS_SENT}
    assert views[0].frames.to_signal() == vpdq(frames)
    for view in views:
        assert view.frames.at_ms.tolist() == [0, 1000]
        for value, frame in zip(view.frames.values, frames, strict=True):
            turned = next(v for v in pdq_views(frame.picture) if v.turn is view.turn)
            assert value.tobytes() == turned.signal.value


def test_as_sent_and_mirrored_unless_told_otherwise() -> None:
    views = vpdq_views(_frames([0.0, 1.0]))
    assert [view.turn for view in views] == [Turn.NONE, Turn.MIRRORED]


def test_where_some_frames_have_borders_the_others_are_looked_at_as_they_are() -> None:
    boxed = np.zeros((90, 120), np.uint8)
    boxed[15:75] = _texture(1)[15:75]
    frames = [_frame(boxed, 0, 0.0), _frame(_texture(2), 1, 1.0)]
    views = {(view.rendition, view.turn): view.frames for view in vpdq_views(frames)}
    assert len(views) == 4
    trimmed = views[Rendition.TRIMMED, Turn.NONE]
    assert len(trimmed) == 2
    as_sent = views[Rendition.AS_SENT, Turn.NONE]
    assert not np.array_equal(trimmed.values[0], as_sent.values[0])
    assert np.array_equal(trimmed.values[1], as_sent.values[1])


def test_from_a_file_to_a_signal(decoder: Decoder) -> None:
    shots = [moving_pattern(1, seed=seed)[0] for seed in range(4)]
    data = video([shot for shot in shots for _ in range(30)], crf="12")
    opened = FrameList.from_signal(vpdq(decoder.frames(data)))
    assert opened.at_ms.tolist() == [0, 1000, 2000, 3000]
    for shot, value in zip(shots, opened.values, strict=True):
        luma = np.rint(shot @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)
        known = np.frombuffer(pdq(_frame(luma).picture).value, np.uint8)
        assert int(np.bitwise_count(known ^ value).sum()) <= 10


def test_a_black_video_has_a_signal(decoder: Decoder) -> None:
    black = [np.zeros((120, 160, 3), np.uint8)] * 40
    opened = FrameList.from_signal(vpdq(decoder.frames(video(black))))
    assert len(opened) == 2
    assert len(opened.trusted()) == 0


def test_a_moving_pattern_changes(decoder: Decoder) -> None:
    opened = FrameList.from_signal(vpdq(decoder.frames(video(moving_pattern(60, step_px=2.0)))))
    assert int(np.bitwise_count(opened.values[0] ^ opened.values[1]).sum()) > 31
