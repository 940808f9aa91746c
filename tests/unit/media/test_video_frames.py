# SPDX-License-Identifier: Apache-2.0
"""What comes out of a video, whatever is in it: held against a plain decode of every frame."""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from av.packet import Packet
from made_videos import every_frame, moving_pattern, remuxed, sound, video
from PIL import Image

from haechi.errors import (
    DamagedFile,
    DecodingStopped,
    FileNotReadable,
    FileTooLarge,
    TooManyPixels,
    UnsupportedFormat,
)
from haechi.media import Decoder, Frame, Frames, VideoFormat, VideoLimits

_PATTERN = moving_pattern(75, step_px=3.0)
_B_FRAMES = {"x264-params": "keyint=24:bframes=3"}


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder


@pytest.fixture(scope="module")
def plain() -> bytes:
    return video(_PATTERN, **_B_FRAMES)


def _all(frames: Frames) -> list[Frame]:
    with frames:
        return list(frames)


def _numbers(frames: list[Frame]) -> list[int]:
    return [frame.number for frame in frames]


def _is_like(frame: Frame, expected: np.ndarray) -> bool:
    """Within rounding of the conversion; a neighbouring frame is far from it."""
    difference = frame.picture.luma.astype(np.int16) - expected
    return bool(np.abs(difference).mean() < 1.5)


@pytest.mark.parametrize(
    ("container", "codec", "pixel_format", "options"),
    [
        ("mp4", "libx264", "yuv420p", _B_FRAMES),
        ("mov", "libx264", "yuv422p", {"g": "10", "bf": "2"}),
        ("matroska", "libx264", "yuv420p", {"x264-params": "open-gop=1:keyint=20:bframes=3"}),
        ("mp4", "libx264", "yuv420p", {"x264-params": "intra-refresh=1:keyint=20"}),
        ("mp4", "libx265", "yuv420p", {"x265-params": "keyint=20:log-level=none"}),
        ("mp4", "mpeg4", "yuv420p", {"bf": "2"}),
        ("avi", "libx264", "yuv420p", _B_FRAMES),
        ("avi", "mpeg4", "yuv420p", {"bf": "2"}),
        ("avi", "mjpeg", "yuvj420p", {}),
        ("avi", "rawvideo", "bgr24", {}),
        ("webm", "libvpx", "yuv420p", {"g": "20", "deadline": "realtime", "cpu-used": "8"}),
        ("webm", "libvpx-vp9", "yuv420p", {"g": "20", "deadline": "realtime", "cpu-used": "8"}),
        ("matroska", "ffv1", "yuv420p10le", {}),
        ("mov", "prores_ks", "yuv422p10le", {}),
        ("mov", "png", "rgb24", {}),
    ],
)
@pytest.mark.parametrize("every_s", [1.0, 0.0])
def test_the_frames_are_those_of_a_full_decode(
    decoder: Decoder,
    container: str,
    codec: str,
    pixel_format: str,
    options: dict[str, str],
    every_s: float,
) -> None:
    data = video(_PATTERN, container=container, codec=codec, pixel_format=pixel_format, **options)
    expected = every_frame(data)
    step = 30 if every_s else 1
    frames = decoder.frames(data, every_s=every_s)
    found = _all(frames)
    assert _numbers(found) == list(range(0, len(expected), step))
    assert all(_is_like(frame, expected[frame.number]) for frame in found)
    assert [frame.at_s for frame in found] == pytest.approx(
        [frame.number / 30 for frame in found], abs=0.001
    )
    assert (frames.fps, frames.missing, frames.is_cut_short) == (30, 0, False)


def test_a_neighbouring_frame_would_be_noticed(plain: bytes) -> None:
    expected = every_frame(plain)
    difference = expected[0].astype(np.int16) - expected[1]
    assert np.abs(difference).mean() > 1.5


@pytest.mark.parametrize(
    ("fps", "every_s", "step"),
    [(30, 1.0, 30), (30, 0.5, 15), (30, 0.01, 1), (Fraction(30000, 1001), 1.0, 29), (25, 0.5, 12)],
)
def test_sampled_as_the_reference_samples(
    decoder: Decoder, fps: int | Fraction, every_s: float, step: int
) -> None:
    found = _all(decoder.frames(video(_PATTERN, fps=fps), every_s=every_s))
    assert _numbers(found) == list(range(0, 75, step))
    assert found[-1].at_s == pytest.approx(found[-1].number / float(fps), abs=0.001)


def test_bytes_a_path_and_an_open_file_are_one(
    decoder: Decoder, plain: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "film"
    path.write_bytes(plain)
    with path.open("rb") as file:
        file.seek(1234)
        ways = [_all(decoder.frames(source)) for source in (plain, path, file)]
        assert file.tell() == 1234, "the place in somebody's file was moved"
        assert file.read(10) == plain[1234:1244]
    for found in ways[1:]:
        assert _numbers(found) == _numbers(ways[0]) == [0, 30, 60]
        for one, other in zip(found, ways[0], strict=True):
            assert np.array_equal(one.picture.luma, other.picture.luma)


def test_a_frame_says_where_it_came_from(decoder: Decoder) -> None:
    wide = [np.ascontiguousarray(np.tile(frame, (9, 9, 1))) for frame in _PATTERN[:2]]
    data = video(wide, container="matroska", turn=None)
    frames = decoder.frames(data)
    picture = next(frames).picture
    frames.close()
    assert frames.format is VideoFormat.MKV
    assert picture.format is VideoFormat.MKV
    assert (picture.source_width, picture.source_height) == (1440, 1080)
    assert (picture.reduction, picture.luma.shape) == (2, (540, 720))
    assert picture.on_white is None


@pytest.mark.parametrize(("degrees", "turn"), [(90, 8), (-90, 6), (180, 3), (0, 1)])
def test_a_turn_is_noted_and_not_applied(decoder: Decoder, degrees: int, turn: int) -> None:
    found = _all(decoder.frames(video(_PATTERN[:5], turn=degrees)))
    assert found[0].picture.exif_turn == turn
    assert found[0].picture.luma.shape == (120, 160)


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuvj420p", "yuv444p", "yuv420p10le"])
def test_brightness_is_that_of_the_drawing(decoder: Decoder, pixel_format: str) -> None:
    drawn = _PATTERN[0] @ np.array([0.299, 0.587, 0.114])
    found = _all(decoder.frames(video(_PATTERN[:1], pixel_format=pixel_format, crf="4")))
    # A scale of 16-235 taken for one of 0-255, or the other way round, is 4 off on the mean.
    assert np.abs(found[0].picture.luma - drawn).mean() < 1.5


def _as_key(_number: int, packet: Packet) -> Packet:
    packet.is_keyframe = True
    return packet


def test_packets_that_are_called_key_frames_and_are_none(decoder: Decoder) -> None:
    for codec in ("libx264", "mpeg4"):
        data = video(_PATTERN, codec=codec, g="75", bf="0")
        expected = every_frame(data)
        found = _all(decoder.frames(remuxed(data, _as_key)))
        assert _numbers(found) == [0, 30, 60], codec
        assert all(_is_like(frame, expected[frame.number]) for frame in found), codec


def _hidden(number: int, packet: Packet) -> Packet:
    """Frame 7 of a VP8 stream only for others to lean on (RFC 6386 9.1): decoded, and not shown."""
    if number != 7:
        return packet
    changed = Packet(bytes([bytes(packet)[0] & ~0x10]) + bytes(packet)[1:])
    changed.pts, changed.dts, changed.time_base = packet.pts, packet.dts, packet.time_base
    return changed


def test_a_frame_that_is_not_shown_has_no_number(decoder: Decoder) -> None:
    options = {"codec": "libvpx", "container": "webm", "deadline": "realtime"}
    data = remuxed(video(_PATTERN, **options), _hidden, container="webm")
    expected = every_frame(data)
    assert len(expected) == 74
    found = _all(decoder.frames(data))
    assert _numbers(found) == [0, 30, 60]
    assert all(_is_like(frame, expected[frame.number]) for frame in found)
    assert found[1].at_s == pytest.approx(31 / 30, abs=0.002)


def test_where_the_frame_rate_changes_nothing_is_left_unseen(decoder: Decoder) -> None:
    at_ms = [0, *itertools.accumulate([33] * 30 + [400] * 14 + [5] * 30)]
    for container in ("mp4", "matroska"):
        found = _all(decoder.frames(video(_PATTERN, container=container, at_ms=at_ms)))
        times_s = [frame.at_s for frame in found]
        gaps = np.diff(times_s)
        assert max(gaps) <= 1.5, container
        assert min(gaps) >= 0.4, container
        shown_ms = [at_ms[frame.number] for frame in found]
        assert times_s == pytest.approx([at / 1000 for at in shown_ms], abs=0.002)


def test_a_false_frame_rate_hides_nothing(decoder: Decoder) -> None:
    # One frame in a thousand would be looked at, if the header were believed.
    at_ms = [number * 100 for number in range(75)]
    data = video(_PATTERN, container="matroska", fps=1000, at_ms=at_ms)
    assert len(_all(decoder.frames(data))) >= 7


def test_one_frame_is_a_video(decoder: Decoder) -> None:
    assert _numbers(_all(decoder.frames(video(_PATTERN[:1])))) == [0]


def test_sound_alone_is_no_video(decoder: Decoder) -> None:
    with pytest.raises(UnsupportedFormat):
        decoder.frames(sound())


def _animation() -> bytes:
    images = [Image.fromarray(frame) for frame in _PATTERN[:3]]
    buffer = io.BytesIO()
    images[0].save(buffer, "GIF", save_all=True, append_images=images[1:])
    return buffer.getvalue()


@pytest.mark.parametrize("data", [b"", b"neither", _animation(), b"\xff\xd8\xff" + bytes(100)])
def test_what_is_no_video(decoder: Decoder, data: bytes) -> None:
    with pytest.raises(UnsupportedFormat):
        decoder.frames(data)


@pytest.mark.parametrize(
    "head", [b"\0\0\0\x18ftypisom", b"\0\0\0\x14ftypqt  ", b"\x1a\x45\xdf\xa3", b"RIFF\0\0\0\0AVI "]
)
def test_what_only_begins_like_a_video(decoder: Decoder, head: bytes) -> None:
    with pytest.raises(DamagedFile):
        _all(decoder.frames(head + bytes(1000)))


def test_a_video_without_one_whole_frame(decoder: Decoder, plain: bytes) -> None:
    start = plain.index(b"mdat") + 4
    end = plain.index(b"moov", start) - 4
    blank = plain[:start] + bytes(end - start) + plain[end:]
    with pytest.raises(DamagedFile):
        _all(decoder.frames(blank))


def test_a_cut_off_file_keeps_what_it_has(decoder: Decoder) -> None:
    data = video(_PATTERN, mux={"movflags": "faststart"}, **_B_FRAMES)
    whole = _all(decoder.frames(data))
    frames = decoder.frames(data[: len(data) * 3 // 4])
    found = _all(frames)
    assert 1 <= len(found) < len(whole)
    assert len(found) + frames.missing == len(whole)
    assert np.array_equal(found[0].picture.luma, whole[0].picture.luma)
    with pytest.raises(DamagedFile):
        # Without the index at its end an MP4 file says nothing.
        _all(decoder.frames(video(_PATTERN)[:5000]))


@pytest.mark.parametrize("container", ["matroska", "webm", "avi"])
def test_a_cut_off_stream_keeps_what_it_has(decoder: Decoder, container: str) -> None:
    codec = {"matroska": "libx264", "webm": "libvpx", "avi": "mpeg4"}[container]
    data = video(_PATTERN, container=container, codec=codec, g="10")
    assert _numbers(_all(decoder.frames(data[: len(data) * 2 // 3]))) == [0, 30]


def test_a_damaged_middle_loses_its_own_frames_only(decoder: Decoder) -> None:
    data = video(_PATTERN, g="5", bf="0")
    expected = every_frame(data)
    start = data.index(b"mdat") + 4
    length = data.index(b"moov", start) - start
    # Zeros are no picture: a codec would hide mere noise.
    holed = bytearray(data)
    holed[start + length * 2 // 5 : start + length * 3 // 5] = bytes(
        length * 3 // 5 - length * 2 // 5
    )
    frames = decoder.frames(bytes(holed), every_s=0.0)
    found = _all(frames)
    assert 1 <= frames.missing <= 40
    assert len(found) + frames.missing == 75
    ends = [frame for frame in found if frame.number < 20 or frame.number >= 60]
    assert len(ends) == 35
    assert all(_is_like(frame, expected[frame.number]) for frame in ends)


def test_limits_on_size(plain: bytes, tmp_path: Path) -> None:
    path = tmp_path / "film"
    path.write_bytes(plain)
    with Decoder(video_limits=VideoLimits(max_bytes=1000)) as small:
        for source in (plain, path):
            with pytest.raises(FileTooLarge):
                small.frames(source)
    with Decoder(video_limits=VideoLimits(max_held_bytes=1000)) as small:
        with pytest.raises(FileTooLarge):
            small.frames(plain)
        assert len(_all(small.frames(path))) == 3
    few_pixels = VideoLimits(max_pixels=160 * 120 - 1)
    with Decoder(video_limits=few_pixels) as small, pytest.raises(TooManyPixels):
        small.frames(plain)


def test_limits_on_length(plain: bytes) -> None:
    with Decoder(video_limits=VideoLimits(max_frames=2)) as short:
        for data in (plain, video(_PATTERN, container="avi", codec="mpeg4")):
            frames = short.frames(data)
            assert _numbers(_all(frames)) == [0, 30]
            assert (frames.is_cut_short, frames.missing) == (True, 0)
    with Decoder(video_limits=VideoLimits(max_sent_bytes=2 * 160 * 120)) as short:
        frames = short.frames(plain)
        assert [next(frames).number, next(frames).number] == [0, 30]
        with pytest.raises(DecodingStopped):
            next(frames)


def test_what_is_no_file_to_read(decoder: Decoder, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, tmp_path / "nothing", pipe):
        with pytest.raises(FileNotReadable):
            decoder.frames(path)
    with pytest.raises(ValueError, match="a file that the system has open"):
        decoder.frames(io.BytesIO(b"bytes"))


@pytest.mark.parametrize("every_s", [-1.0, float("nan"), float("inf")])
def test_a_spacing_that_is_none(decoder: Decoder, plain: bytes, every_s: float) -> None:
    with pytest.raises(ValueError, match="from 0 on"):
        decoder.frames(plain, every_s=every_s)
