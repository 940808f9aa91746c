# SPDX-License-Identifier: Apache-2.0
"""What can be held and asked for: four kinds of values, each in a table of its own."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

__all__ = ["BANDS_OF", "Kind"]


class Kind(StrEnum):
    """The kind of a value; values of different kinds never meet.

    `pdq`: one of a picture. `digest`: an md5 or sha256, found only when equal. `region`: one patch of
    a picture. `frame`: one frame of a video.
    """

    PDQ = "pdq"
    DIGEST = "digest"
    REGION = "region"
    FRAME = "frame"


BANDS_OF: Final[dict[Kind, int]] = {
    Kind.PDQ: 16,
    Kind.DIGEST: 1,
    Kind.REGION: 16,
    Kind.FRAME: 16,
}
"""How many of the sixteen bands have postings: digests are asked for at radius 0, where one will do."""
