# SPDX-License-Identifier: Apache-2.0
"""One frame of a video."""

from __future__ import annotations

from dataclasses import dataclass

from ._picture import Picture

__all__ = ["Frame"]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture out of a video: its number, counted from 0 as shown, and when it is shown.

    `at_s` counts from the first frame. It is the time that the container gives; where it gives
    none, `number` over the mean frame rate. With a constant frame rate both are the same. The
    picture is as it is stored: a turn by the container's display matrix is noted, as `exif_turn`,
    and not applied; its mirrors are not noted.
    """

    number: int
    at_s: float
    picture: Picture
