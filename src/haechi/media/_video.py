# SPDX-License-Identifier: Apache-2.0
"""A video file → the brightness of its sampled frames, in this process: for the child alone.

    packets, looked at once ─► plan: numbers, what is kept, what must be decoded
            └─ once more, in order ─► codec ─► brightness of the kept frames

Where a container gives no times to number frames by (AVI), all packets are decoded and the frames
are counted as they come out, as the reference does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from av import VideoFrame

from haechi.errors import DamagedFile

from ._limits import VideoLimits
from ._picture import Picture
from ._sniff import VideoFormat
from ._video_decode import all_frames, planned_frames
from ._video_file import VideoFile
from ._video_frame import Frame
from ._video_luma import luma_of, turn_of
from ._video_plan import Plan, plan_of, sampling_of

__all__ = ["VideoReader"]


class VideoReader:
    """Reads the sampled frames of one video from a file that can be sought.

    `fps` is the mean frame rate. Once `frames` has ended, `missing` counts the sampled frames that
    could not be decoded, and `is_cut_short` says that there are more of them than the limit.

    Raises:
        MediaError: as `VideoFile`.
    """

    def __init__(
        self, source: BinaryIO, form: VideoFormat, limits: VideoLimits, every_s: float
    ) -> None:
        self._file = VideoFile(source, form, limits)
        self._form = form
        self._limits = limits
        packets = self._file.look()
        shown_s = packets.shown_s[packets.is_shown] if packets.is_numbered else None
        sampling = sampling_of(every_s, self._file.claimed_fps, shown_s)
        self.fps, self._step = sampling.fps, sampling.step
        self._plan: Plan | None = None
        self.is_cut_short = False
        if packets.is_numbered:
            self._plan, self.is_cut_short = plan_of(packets, sampling, limits.max_frames)
        self._packets = int(np.count_nonzero(packets.is_shown))
        self.missing = 0

    def frames(self) -> Iterator[Frame]:
        """The sampled frames, in order; to be asked for once.

        Raises:
            DamagedFile: not one frame could be decoded.
            TooManyPixels: a frame is larger than the header said.
            MemoryError: memory ran out.
        """
        found = 0
        for shown in self._counted() if self._plan is None else self._planned(self._plan):
            found += 1
            yield shown
        if found == 0:
            raise DamagedFile
        self.missing = max(0, self._wanted() - found)

    def _planned(self, plan: Plan) -> Iterator[Frame]:
        for number, frame in planned_frames(self._file, plan):
            yield self._shown(frame, number, float(plan.at_s[number]))

    def _counted(self) -> Iterator[Frame]:
        kept = 0
        for number, frame in enumerate(all_frames(self._file)):
            if number % self._step:
                continue
            if kept == self._limits.max_frames:
                self.is_cut_short = True
                return
            kept += 1
            yield self._shown(frame, number, number / self.fps)

    def _shown(self, frame: VideoFrame, number: int, at_s: float) -> Frame:
        self._limits.check_sides(frame.width, frame.height)
        luma, reduction = luma_of(frame)
        sides = frame.width, frame.height
        picture = Picture(luma, *sides, self._form, reduction, turn_of(frame))
        return Frame(number, at_s, picture)

    def _wanted(self) -> int:
        """How many frames should have come, those included whose packets are not in the file."""
        if self.is_cut_short:
            return self._limits.max_frames
        whole = self._packets + self._file.packets_behind_the_end()
        lost = -(-whole // self._step) - -(-self._packets // self._step)
        if self._plan is None:
            return -(-self._packets // self._step) + lost
        return int(np.count_nonzero(self._plan.is_kept)) + lost
