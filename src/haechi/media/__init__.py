# SPDX-License-Identifier: Apache-2.0
"""Untrusted bytes → picture, or the frames of a video, within limits, decoded apart.

    sniff ─► limits ─► codec ─► Picture: brightness, and where it came from
             │           └────► Frames: a Picture every so many seconds
             └───── all of it in a child process, by a Decoder ─────┘

Hides codecs, colour modes, containers, EXIF and the child process. Touches no network, and no file
but a video that lies in one.
"""

from ._apart import Decoder
from ._frames import Frames
from ._limits import Limits, VideoLimits
from ._open import open_picture
from ._picture import Picture, PictureFormat
from ._sniff import VideoFormat, sniff
from ._video_frame import Frame

__all__ = [
    "Decoder",
    "Frame",
    "Frames",
    "Limits",
    "Picture",
    "PictureFormat",
    "VideoFormat",
    "VideoLimits",
    "open_picture",
    "sniff",
]
