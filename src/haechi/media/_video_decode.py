# SPDX-License-Identifier: Apache-2.0
"""Packets → decoded frames: those of a plan, or all of them.

When decoding does not give what the plan promised (a container that calls packets key frames which
are none, or a damaged stretch), it goes back by one run and leaves nothing out from there on. What
is still missing then is damaged.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from av import VideoFrame
from av.error import FFmpegError
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from av.video.stream import VideoStream

from ._video_file import VideoFile
from ._video_plan import Plan

__all__ = ["all_frames", "planned_frames"]

_INTRA: Final = frozenset({PictureType.I, PictureType.SI, PictureType.BI})
_SKIP_AT_ANY_TIME: Final = frozenset({"h264", "hevc", "mpeg4", "mpeg2video"})
"""Decoders that can be told for each packet whether a frame that no other needs may be left out."""


class _Surprise(Exception):
    """Decoding did not give what the plan promised."""


def _decoded(codec: VideoCodecContext, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
    """The frames that come out when `packet` goes in, None being the end; none when it is damaged.

    Raises:
        MemoryError: memory ran out.
    """
    try:
        return codec.decode(packet)
    except MemoryError:
        raise
    except FFmpegError:
        return []


def all_frames(file: VideoFile) -> Iterator[VideoFrame]:
    """Every frame of a file, in the order in which they are shown.

    Raises:
        MemoryError: memory ran out.
    """
    for packet in file.packets():
        yield from _decoded(file.codec, packet)
    yield from _decoded(file.codec, None)


def planned_frames(file: VideoFile, plan: Plan) -> Iterator[tuple[int, VideoFrame]]:
    """The kept frames of a plan with their numbers, which ascend; as many as can be decoded.

    Raises:
        MemoryError: memory ran out.
    """
    last, starts = -1, [0, 0]
    try:
        for number, frame in _followed(file, plan, starts, is_strict=True):
            if number > last:
                last = number
                yield number, frame
    except _Surprise:
        everything = plan.all_fed_from(starts[0])
        for number, frame in _followed(file, everything, starts, is_strict=False):
            if number > last:
                last = number
                yield number, frame


def _followed(
    file: VideoFile, plan: Plan, starts: list[int], *, is_strict: bool
) -> Iterator[tuple[int, VideoFrame]]:
    """The frames of a plan; `starts` tells where the run before and the present one begin.

    Raises:
        _Surprise: when it is strict, as soon as a run does not give what it should.
    """
    run: _Run | None = None
    for index, packet in enumerate(file.packets()):
        if index == len(plan.is_fed):
            break
        if plan.begins[index]:
            if run is not None:
                yield from run.ended()
            starts[:] = starts[1], index
            run = _Run(file, plan, is_strict=is_strict)
        if run is not None and plan.is_fed[index]:
            yield from run.fed(packet, index)
    if run is not None:
        yield from run.ended()


class _Run:
    """The packets from one that needs nothing before it up to the next such one."""

    def __init__(self, file: VideoFile, plan: Plan, *, is_strict: bool) -> None:
        self._file = file
        self._plan = plan
        self._is_strict = is_strict
        self._may_skip = is_strict and file.codec.name in _SKIP_AT_ANY_TIME
        self._awaited: dict[float, int] = {}
        self._is_fresh = True

    def fed(self, packet: Packet[VideoStream], index: int) -> Iterator[tuple[int, VideoFrame]]:
        """The kept frames that come out when packet `index` goes in."""
        is_kept = self._plan.is_kept[index]
        if is_kept:
            self._awaited[self._plan.shown_s[index]] = int(self._plan.numbers[index])
        codec = self._file.codec
        codec.skip_frame = "NONREF" if self._may_skip and not is_kept else "DEFAULT"
        yield from self._numbered(_decoded(codec, packet))

    def ended(self) -> Iterator[tuple[int, VideoFrame]]:
        """The kept frames that come out at the end; the decoder is then as new."""
        yield from self._numbered(_decoded(self._file.codec, None))
        self._file.codec.flush_buffers()
        if self._is_strict and self._awaited:
            raise _Surprise

    def _numbered(self, frames: list[VideoFrame]) -> Iterator[tuple[int, VideoFrame]]:
        for frame in frames:
            if self._is_strict and self._is_fresh and frame.pict_type not in _INTRA:
                raise _Surprise
            self._is_fresh = False
            number = self._awaited.pop(self._file.shown_s(frame.pts), None)
            if number is not None:
                yield number, frame
