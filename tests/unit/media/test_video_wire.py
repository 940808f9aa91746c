# SPDX-License-Identifier: Apache-2.0
"""A child that reads a video and has been taken over sends what it likes."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi import errors
from haechi.media import Frame, Picture, VideoFormat, VideoLimits
from haechi.media._video_request import VideoRequest
from haechi.media._video_wire import End, Receiver, end_reply, frame_reply, opened_reply
from haechi.media._wire import error_reply

_LIMITS = VideoLimits(max_pixels=10_000, max_side_pixels=200, max_frames=3, max_sent_bytes=3_000)


def _receiver(sent: bytes) -> Receiver:
    stream = io.BytesIO(sent)

    def read(count: int) -> bytes:
        assert count <= 10_000, "memory set aside for an unchecked number"
        data = stream.read(count)
        if len(data) < count:
            raise errors.DecodingStopped
        return data

    return Receiver(read, VideoFormat.MP4, _LIMITS)


def _frame(number: int = 0, at_s: float = 0.0, side: int = 10) -> Frame:
    luma = np.full((side, side), number, np.uint8)
    return Frame(number, at_s, Picture(luma, 2 * side, 2 * side, VideoFormat.MP4, 2, 6))


def test_what_is_said_comes_through() -> None:
    frames = [_frame(0, 0.0), _frame(30, 1.001), _frame(60, 2.0)]
    sent = opened_reply(29.97) + b"".join(b"".join(frame_reply(frame)) for frame in frames)
    receiver = _receiver(sent + end_reply(End(7, is_cut_short=True)))
    assert receiver.opened() == 29.97
    for frame in frames:
        got = receiver.next()
        assert isinstance(got, Frame)
        assert (got.number, got.at_s) == (frame.number, frame.at_s)
        assert np.array_equal(got.picture.luma, frame.picture.luma)
        assert (got.picture.source_width, got.picture.reduction) == (20, 2)
        assert (got.picture.exif_turn, got.picture.format) == (6, VideoFormat.MP4)
    assert receiver.next() == End(7, is_cut_short=True)


@pytest.mark.parametrize("kind", [errors.DamagedFile, errors.TooManyPixels, errors.DecodingStopped])
def test_an_error_comes_through_at_any_time(kind: type[errors.MediaError]) -> None:
    error = _LIMITS.too_many_pixels() if kind is errors.TooManyPixels else kind()
    sent = b"".join(error_reply(error))
    with pytest.raises(kind):
        _receiver(sent).opened()
    receiver = _receiver(b"".join(frame_reply(_frame())) + sent)
    receiver.next()
    with pytest.raises(kind):
        receiver.next()


@pytest.mark.parametrize("fps", [0.0, -1.0, float("nan"), float("inf")])
def test_a_rate_that_cannot_be(fps: float) -> None:
    with pytest.raises(errors.DecodingStopped):
        _receiver(opened_reply(fps)).opened()


@pytest.mark.parametrize(
    "header",
    [
        (1, 0.0, 0, 1, 4, 4),
        (1, 0.0, 9, 1, 4, 4),
        (1, 0.0, 1, 0, 4, 4),
        (1, 0.0, 1, 1, 0, 4),
        (1, 0.0, 1, 1, 201, 1),
        (1, 0.0, 1, 1, 200, 200),
        (1, 0.0, 1, 1, 2**32 - 1, 2**32 - 1),
        (1, -1.0, 1, 1, 4, 4),
        (1, float("nan"), 1, 1, 4, 4),
        (1, float("inf"), 1, 1, 4, 4),
        (1, 1e9, 1, 1, 4, 4),
        (1, 0.0, 1, 1, 95, 95),
    ],
)
def test_numbers_that_cannot_be(header: tuple[float, ...]) -> None:
    receiver = _receiver(b"\0" + struct.pack("!IdBIII", *header) + bytes(20_000))
    with pytest.raises(errors.DecodingStopped):
        receiver.next()


@pytest.mark.parametrize("second", [(5, 2.0), (4, 2.0), (6, 0.5)])
def test_frames_only_go_forward(second: tuple[int, float]) -> None:
    receiver = _receiver(b"".join(b"".join(frame_reply(_frame(*at))) for at in [(5, 1.0), second]))
    receiver.next()
    with pytest.raises(errors.DecodingStopped):
        receiver.next()


def test_never_more_frames_or_bytes_than_the_limits() -> None:
    many = _receiver(b"".join(b"".join(frame_reply(_frame(n, float(n)))) for n in range(4)))
    for _ in range(3):
        many.next()
    with pytest.raises(errors.DecodingStopped):
        many.next()
    large = _receiver(b"".join(b"".join(frame_reply(_frame(n, n, 40))) for n in range(2)))
    large.next()
    with pytest.raises(errors.DecodingStopped):
        large.next()


@given(st.binary(max_size=200))
def test_nonsense_is_stopped(sent: bytes) -> None:
    receiver = _receiver(sent)
    told: Frame | End | None = None
    while not isinstance(told, End):
        try:
            told = receiver.next()
        except errors.MediaError:
            break


def test_a_request_survives_the_command_line() -> None:
    limits = VideoLimits(1, 2, 3, 4.5, 6, max_frames=7)
    for held in (None, 12):
        request = VideoRequest(VideoFormat.WEBM, 0.1, held, limits)
        assert VideoRequest.of_words(request.words()) == request


def test_video_limits_lie_above_zero() -> None:
    for name in ("max_bytes", "max_held_bytes", "max_frames", "max_sent_bytes"):
        with pytest.raises(ValueError, match="above zero"):
            VideoLimits(**{name: 0})
