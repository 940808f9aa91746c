# SPDX-License-Identifier: Apache-2.0
"""A video container, read as often as needed: its video stream and the packets of it."""

from __future__ import annotations

import io
from array import array
from collections.abc import Iterator
from typing import BinaryIO, Final

import av
import numpy as np
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Discard
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from haechi.errors import DamagedFile, UnsupportedFormat

from ._limits import VideoLimits
from ._sniff import VideoFormat
from ._video_plan import Packets

__all__ = ["VideoFile"]

_DEMUXERS: Final = {
    VideoFormat.MP4: "mov",
    VideoFormat.MOV: "mov",
    VideoFormat.WEBM: "matroska",
    VideoFormat.MKV: "matroska",
    VideoFormat.AVI: "avi",
}
_MOST_PACKETS: Final = 4_000_000
"""Nine hours at 120 frames a second; what comes behind is not looked at."""


class VideoFile:
    """One video file of a known format, opened anew for every reading.

    The demuxer of that format is called and no other; one thread decodes.

    Raises:
        UnsupportedFormat: no video in it, or one in a codec that is not here.
        TooManyPixels: by the header; nothing has been decoded.
        DamagedFile: not a whole container of its format.
    """

    def __init__(self, source: BinaryIO, form: VideoFormat, limits: VideoLimits) -> None:
        self._source = source
        self._form = form
        self._limits = limits
        self._reopen()
        self.claimed_fps = float(self._stream.average_rate or 0)
        self.is_intra_only = bool(self._stream.codec_context.codec.intra_only)
        width, height = self._stream.codec_context.width, self._stream.codec_context.height
        limits.check_sides(width, height)

    @property
    def codec(self) -> VideoCodecContext:
        """The decoder that belongs to the packets being read."""
        context: VideoCodecContext = self._stream.codec_context
        return context

    def packets(self) -> Iterator[Packet[VideoStream]]:
        """The packets of the video stream in the order of decoding, from a decoder at its start.

        Empty ones are left out. Ends where the file ends, or can be followed no further.

        Raises:
            MemoryError: memory ran out.
        """
        self._reopen()
        packets = self._container.demux(self._stream)
        for _ in range(_MOST_PACKETS):
            try:
                packet = next(packets, None)
            except MemoryError:
                raise
            except FFmpegError:
                return
            if packet is None:
                return
            if packet.size:
                yield packet

    def shown_s(self, pts: int | None) -> float:
        """A time stamp in seconds; NaN for none.

        AVI counts its packets and has no times to show frames by, so only those of pictures that
        need no other (and so come in order) are believed.
        """
        if pts is None or (self._form is VideoFormat.AVI and not self.is_intra_only):
            return float("nan")
        return pts * float(self._stream.time_base or 0)

    def look(self) -> Packets:
        """What all packets say of themselves, without decoding one."""
        shown_s, is_key, is_shown = array("d"), bytearray(), bytearray()
        for packet in self.packets():
            shown_s.append(self.shown_s(packet.pts))
            is_key.append(packet.is_keyframe or self.is_intra_only)
            is_shown.append(not packet.is_discard and self._is_shown(packet))
        return Packets(
            np.frombuffer(shown_s, np.float64),
            np.frombuffer(is_key, np.bool_),
            np.frombuffer(is_shown, np.bool_),
        )

    def packets_behind_the_end(self) -> int:
        """How many packets, by the index of an MP4 or MOV file, lie where the file no longer is."""
        if self._form not in (VideoFormat.MP4, VideoFormat.MOV):
            return 0
        size = self._source.seek(0, io.SEEK_END)
        entries = self._stream.index_entries
        lost = 0
        while lost < len(entries) and entries[-1 - lost].pos + entries[-1 - lost].size > size:
            lost += 1
        return lost

    def _is_shown(self, packet: Packet[VideoStream]) -> bool:
        """Whether a frame comes out: VP8 has packets that only later frames need (RFC 6386 9.1)."""
        return self.codec.name != "vp8" or bool(memoryview(packet)[0] & 0x10)

    def _reopen(self) -> None:
        self._source.seek(0)
        try:
            container = av.open(
                self._source, "r", format=_DEMUXERS[self._form], metadata_errors="ignore"
            )
            stream = container.streams.best("video")
        except MemoryError:
            raise
        except FFmpegError as error:
            raise DamagedFile from error
        if not isinstance(stream, VideoStream) or stream.codec_context is None:
            raise UnsupportedFormat
        for other in container.streams:
            if other.index != stream.index:
                other.discard = Discard.all
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {"max_pixels": str(self._limits.max_pixels)}
        self._container, self._stream = container, stream
