# SPDX-License-Identifier: Apache-2.0
"""What can be held and asked for: four kinds of values, each in a table of its own."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from haechi.match._plan import BANDS, Ring

__all__ = ["RING_OF", "Kind"]


class Kind(StrEnum):
    """The kind of a value; values of different kinds never meet.

    `pdq`: one of a picture. `digest`: an md5 or sha256, found only when equal. `region`: one patch of
    a picture. `frame`: one frame of a video.
    """

    PDQ = "pdq"
    DIGEST = "digest"
    REGION = "region"
    FRAME = "frame"


RING_OF: Final[dict[Kind, Ring]] = {
    Kind.PDQ: Ring(BANDS, posted=BANDS),
    Kind.DIGEST: Ring(BANDS, posted=1),
    Kind.REGION: Ring(4, posted=4),
    Kind.FRAME: Ring(BANDS, posted=BANDS),
}
"""Through which bands each is searched. Digests are asked for at radius 0, where one posted band will do;
regions by their key, the first 64 bits, which is four bands."""
