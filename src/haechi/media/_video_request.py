# SPDX-License-Identifier: Apache-2.0
"""What the child that reads one video is told: the words of its command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from ._limits import VideoLimits
from ._sniff import VideoFormat

__all__ = ["VideoRequest"]


@dataclass(frozen=True, slots=True)
class VideoRequest:
    """The format, how far apart the frames, within which limits.

    `held_bytes` is how many bytes come through its input; None when that is a file.
    """

    format: VideoFormat
    every_s: float
    held_bytes: int | None
    limits: VideoLimits

    def words(self) -> list[str]:
        """The command line, without the program."""
        return [
            self.format.value,
            repr(self.every_s),
            "file" if self.held_bytes is None else str(self.held_bytes),
            str(self.limits.max_bytes),
            str(self.limits.max_pixels),
            str(self.limits.max_side_pixels),
            str(self.limits.timeout_s),
            str(self.limits.memory_bytes),
            str(self.limits.max_frames),
        ]

    @classmethod
    def of_words(cls, words: list[str]) -> Self:
        """The request that `words` came from; limits that bind only the parent are its own."""
        form, every_s, held_bytes, max_bytes, max_pixels, max_side_pixels, *rest = words
        timeout_s, memory_bytes, max_frames = rest
        limits = VideoLimits(
            int(max_bytes),
            int(max_pixels),
            int(max_side_pixels),
            float(timeout_s),
            int(memory_bytes),
            max_frames=int(max_frames),
        )
        held = None if held_bytes == "file" else int(held_bytes)
        return cls(VideoFormat(form), float(every_s), held, limits)
