# SPDX-License-Identifier: Apache-2.0
"""The ways of looking at an upload: turned, mirrored, without its borders, on white and on black.

Tried on the side of the query, so that the bank keeps one plain value, which any partner can use.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from haechi.values import Signal, SignalType

from ._borders import without_borders
from ._pdq import SMALLEST_SIDE, Floats, Luma, coefficients, pdq, quality, sampled, value_of

if TYPE_CHECKING:
    from haechi.media import Picture

__all__ = ["PdqView", "Rendition", "Turn", "pdq_views"]


class Rendition(StrEnum):
    """What was done to an upload before it was turned."""

    AS_SENT = "as_sent"
    TRIMMED = "trimmed"
    ON_WHITE = "on_white"
    ON_BLACK = "on_black"


class Turn(StrEnum):
    """How an upload was turned before it was looked at; degrees are clockwise.

    `mirrored` swaps left and right, `flipped` top and bottom; `transposed` mirrors along the
    diagonal from top left to bottom right, `transversed` along the other one. A match under
    `turned_90` says: turn the upload by 90° clockwise and it shows the known picture.
    """

    NONE = "none"
    TURNED_90 = "turned_90"
    TURNED_180 = "turned_180"
    TURNED_270 = "turned_270"
    MIRRORED = "mirrored"
    FLIPPED = "flipped"
    TRANSPOSED = "transposed"
    TRANSVERSED = "transversed"


@dataclass(frozen=True, slots=True)
class PdqView:
    """The PDQ of an upload after `rendition`, then `turn`."""

    rendition: Rendition
    turn: Turn
    signal: Signal


# (transposed first, then left and right swapped, then top and bottom swapped)
_MOVES: Final[dict[Turn, tuple[bool, bool, bool]]] = {
    Turn.NONE: (False, False, False),
    Turn.TURNED_90: (True, True, False),
    Turn.TURNED_180: (False, True, True),
    Turn.TURNED_270: (True, False, True),
    Turn.MIRRORED: (False, True, False),
    Turn.FLIPPED: (False, False, True),
    Turn.TRANSPOSED: (True, False, False),
    Turn.TRANSVERSED: (True, True, True),
}


def _turned(
    luma: Luma, sides: tuple[int, int], reduction: int
) -> Iterator[tuple[Turn, Floats, int]]:
    """The DCT coefficients and the quality of a picture under every turn.

    Four samplings give all eight turns, as turning over the diagonal turns over the coefficients.
    Changing the signs of one set of coefficients (pdqhashing.cpp) would do with a single sampling,
    but the sampled points are not symmetric: on small pictures that is up to 32 bits off.
    """
    known: dict[tuple[bool, bool], tuple[Floats, int]] = {}
    for turn, (is_transposed, is_mirrored, is_flipped) in _MOVES.items():
        # Swapping left and right after a transposition is swapping top and bottom before it.
        way = (is_mirrored, is_flipped) if is_transposed else (is_flipped, is_mirrored)
        if way not in known:
            samples = sampled(luma, sides, reduction, is_flipped=way[0], is_mirrored=way[1])
            known[way] = coefficients(samples), quality(samples)
        transformed, worth = known[way]
        yield turn, transformed.T if is_transposed else transformed, worth


def _renditions(picture: Picture) -> Iterator[tuple[Rendition, Luma, tuple[int, int]]]:
    """Each rendition with its source height and width."""
    height, width = sides = picture.source_height, picture.source_width
    yield Rendition.AS_SENT, picture.luma, sides
    kept = without_borders(picture.luma)
    if kept is not None:
        rows, columns = kept
        # In source samples: a reduced pixel stands for `reduction` of them, the last for fewer.
        step = picture.reduction
        kept_height = min(rows.stop * step, height) - rows.start * step
        kept_width = min(columns.stop * step, width) - columns.start * step
        trimmed = np.ascontiguousarray(picture.luma[rows, columns])
        trimmed.setflags(write=False)
        yield Rendition.TRIMMED, trimmed, (kept_height, kept_width)
    if picture.on_white is not None and picture.on_black is not None:
        yield Rendition.ON_WHITE, picture.on_white, sides
        yield Rendition.ON_BLACK, picture.on_black, sides


def pdq_views(picture: Picture) -> tuple[PdqView, ...]:
    """The PDQ of every rendition of a picture under every turn, values that come again left out.

    The first is always `pdq(picture)`. At most 4 renditions × 8 turns, in that order; `trimmed`
    only when flat borders were found and at least 40 % of each side is left, `on_white` and
    `on_black` only when something is transparent. A turned value is that of the losslessly turned
    picture, but for coefficients that equal the median. EXIF-turned pixels are among the turns.

    Does not leave out views of low quality: `Signal.is_trusted` tells.
    """
    if min(picture.source_height, picture.source_width) < SMALLEST_SIDE:
        return (PdqView(Rendition.AS_SENT, Turn.NONE, pdq(picture)),)
    views: dict[bytes, PdqView] = {}
    for rendition, luma, sides in _renditions(picture):
        for turn, transformed, worth in _turned(luma, sides, picture.reduction):
            signal = Signal(SignalType.PDQ, value_of(transformed), worth)
            views.setdefault(signal.value, PdqView(rendition, turn, signal))
    return tuple(views.values())
