# SPDX-License-Identifier: Apache-2.0
"""Untrusted bytes → picture within limits, decoded apart.

    sniff ─► limits ─► codec ─► Picture: brightness, and where it came from
             └───── all of it in a child process, by a Decoder ─────┘

Hides codecs, colour modes, EXIF and the child process. Touches no file and no network.
"""

from ._apart import Decoder
from ._limits import Limits
from ._open import open_picture
from ._picture import Picture, PictureFormat
from ._sniff import VideoFormat, sniff

__all__ = [
    "Decoder",
    "Limits",
    "Picture",
    "PictureFormat",
    "VideoFormat",
    "open_picture",
    "sniff",
]
