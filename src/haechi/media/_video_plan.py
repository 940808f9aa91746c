# SPDX-License-Identifier: Apache-2.0
"""Which frames of a video are wanted, and which packets must be decoded to get them.

A frame has a number, counted in the order in which frames are shown, and the reference keeps the
frames whose number is a multiple of so many. Packets come in the order of decoding. A packet that
opens a group (a key frame) needs none before it, so a group is decoded from its key frame up to its
last wanted frame and no further, and a group without any is left out. Frames that are shown before
their key frame lean on the group before as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Packets", "Plan", "Sampling", "plan_of", "sampling_of"]

Integers: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Claims: TypeAlias = NDArray[np.bool_]

_CLOSE: Final = 0.4
_FAR: Final = 1.05
_UNEVEN: Final = 2.0
"""In shares of the wanted spacing. With a constant frame rate the kept frames lie between 0.5 and 1
of it apart, so none of these bounds does anything."""

_BELIEVED: Final = 0.05
_ROUNDED_S: Final = 0.001
"""How far the spacing of frames that a file claims may lie from the one that they have: by share,
or as far as times are rounded."""

_MOST_FPS: Final = 1_000.0
_NO_RATE_FPS: Final = 25.0


@dataclass(frozen=True, slots=True)
class Packets:
    """What is known of the packets of a stream without decoding: one entry each, as they come.

    `shown_s` is when the frame is shown, in seconds; `is_shown` is False for packets that are only
    there to decode others (an edit list cuts them away).
    """

    shown_s: Floats
    is_key: Claims
    is_shown: Claims

    @property
    def is_numbered(self) -> bool:
        """Whether the times can number the frames: all there, distinct, from a key frame on."""
        if len(self.shown_s) == 0 or not self.is_key[0] or not np.isfinite(self.shown_s).all():
            return False
        is_distinct = bool((np.diff(np.sort(self.shown_s)) > 0).all())
        group = self.shown_s[: self._second_key()]
        return is_distinct and bool(self.is_shown.any()) and bool((group >= group[0]).all())

    def _second_key(self) -> int:
        keys = np.flatnonzero(self.is_key)
        return int(keys[1]) if len(keys) > 1 else len(self.is_key)


@dataclass(frozen=True, slots=True)
class Sampling:
    """Every `step`-th frame of a stream with `fps` frames a second, wished `every_s` apart."""

    every_s: float
    fps: float

    @property
    def step(self) -> int:
        """How many frames further the next kept one is (vpdq/cpp/hashing/filehasher.cpp)."""
        return max(1, int(self.every_s * self.fps))


def _is_about(fps: float, spacing_s: float) -> bool:
    """Whether frames this far apart are so many a second."""
    return fps > 0 and abs(1 / fps - spacing_s) <= max(_BELIEVED * spacing_s, _ROUNDED_S)


def sampling_of(every_s: float, claimed_fps: float, shown_s: Floats | None) -> Sampling:
    """The sampling of a stream, by its own frame rate as far as it can be believed.

    A header may claim any rate, and by a false one a video would be looked at once in ten minutes.
    So where the frames' times (`shown_s`, those of all frames) say otherwise, they count.
    """
    fps = claimed_fps
    if shown_s is not None and len(shown_s) > 1:
        spacings_s = np.sort(np.diff(np.sort(shown_s)))
        # The mean of all, and what is usual: they differ where a stretch of the file is lost.
        mean_s, usual_s = float(spacings_s.mean()), float(spacings_s[len(spacings_s) // 2])
        if not any(_is_about(fps, spacing_s) for spacing_s in (mean_s, usual_s)):
            fps = 1 / mean_s
    if not 0 < fps <= _MOST_FPS:
        fps = _NO_RATE_FPS if not fps > 0 else _MOST_FPS
    return Sampling(every_s, fps)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with each packet, and which frames come out of it.

    `shown_s` is when the packet's frame is shown by the container, `numbers` the frame's number, -1
    for one that is not shown. `is_kept` and `is_fed` say whether it is wanted and whether it must be
    decoded; `begins` where a run begins that needs nothing before it. `at_s` is when frame n is
    shown, counted from the first.
    """

    shown_s: Floats
    numbers: Integers
    is_kept: Claims
    is_fed: Claims
    begins: Claims
    at_s: Floats

    def all_fed_from(self, start: int) -> Plan:
        """The same wishes with nothing left out from packet `start` on, which begins a run."""
        is_fed = np.arange(len(self.is_fed)) >= start
        begins = np.zeros(len(self.begins), np.bool_)
        begins[start] = True
        return Plan(self.shown_s, self.numbers, self.is_kept, is_fed, begins, self.at_s)


def _kept(at_s: Floats, sampling: Sampling) -> Claims:
    """Which frames are kept, by number: every `step`-th, as long as the frame rate stays the same.

    Where it does not, frames that lie close together are thinned out and gaps are filled, so that no
    stretch of a video is left unseen.
    """
    kept: Claims = np.arange(len(at_s)) % sampling.step == 0
    spacings = np.diff(at_s[kept])
    low, high = _CLOSE * sampling.every_s, _FAR * sampling.every_s
    uneven = _UNEVEN * sampling.every_s
    is_even = bool((spacings >= low).all()) and bool((spacings <= uneven).all())
    if sampling.every_s == 0 or (is_even and at_s[-1] - at_s[kept][-1] <= uneven):
        return kept
    last_s = -np.inf
    for number, shown_s in enumerate(at_s.tolist()):
        gap_s = shown_s - last_s
        kept[number] = (kept[number] and gap_s >= low) or gap_s >= high
        if kept[number]:
            last_s = shown_s
    return kept


def plan_of(packets: Packets, sampling: Sampling, max_frames: int) -> tuple[Plan, bool]:
    """The plan for a stream whose times can be relied on, and whether it stops before the end.

    `packets` must be `is_numbered`. Never more than `max_frames` frames are kept.
    """
    shown = np.flatnonzero(packets.is_shown)
    order = shown[np.argsort(packets.shown_s[shown], kind="stable")]
    numbers = np.full(len(packets.is_key), -1, np.int64)
    numbers[order] = np.arange(len(order))
    at_s = packets.shown_s[order] - packets.shown_s[order[0]]
    kept = _kept(at_s, sampling)
    wanted = np.flatnonzero(kept)
    is_cut_short = len(wanted) > max_frames
    kept[wanted[max_frames:]] = False
    is_kept = np.zeros(len(numbers), np.bool_)
    is_kept[order] = kept
    is_fed, begins = _fed(packets, is_kept)
    return Plan(packets.shown_s, numbers, is_kept, is_fed, begins, at_s), is_cut_short


def _fed(packets: Packets, is_kept: Claims) -> tuple[Claims, Claims]:
    """Which packets must be decoded, and at which of them a run begins."""
    count = len(is_kept)
    keys = np.flatnonzero(packets.is_key)
    ends = np.append(keys[1:], count)
    is_fed = np.zeros(count, np.bool_)
    begins = np.zeros(count, np.bool_)
    needs_the_one_before = False
    for key, end in zip(keys[::-1].tolist(), ends[::-1].tolist(), strict=True):
        wanted = key + np.flatnonzero(is_kept[key:end])
        last = end if needs_the_one_before else (int(wanted[-1]) + 1 if len(wanted) else key)
        is_fed[key:last] = True
        leading = packets.shown_s[key:end] < packets.shown_s[key]
        needs_the_one_before = bool((leading & is_kept[key:end]).any())
        if last > key and not needs_the_one_before:
            begins[key] = True
            # What leans on a group that was left out cannot be decoded, and is not wanted.
            is_fed[key:last] &= ~leading[: last - key]
    return is_fed, begins
