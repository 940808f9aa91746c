# SPDX-License-Identifier: Apache-2.0
"""The ways of looking at an upload: turned, without borders, its photos alone, on a ground, inverted.

Tried on the side of the query, so that the bank keeps one plain value, which any partner can use.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from haechi.values import Signal, SignalType

from ._borders import without_borders
from ._boxes import Box, photo_boxes
from ._pdq import SMALLEST_SIDE, pdq, turned_values
from ._sampling import Luma, Part, whole

if TYPE_CHECKING:
    from haechi.media import Picture

__all__ = ["PdqView", "Rendition", "Turn", "pdq_views"]


class Rendition(StrEnum):
    """What was done to an upload before it was turned."""

    AS_SENT = "as_sent"
    TRIMMED = "trimmed"
    BOX = "box"
    ON_WHITE = "on_white"
    ON_BLACK = "on_black"
    INVERTED = "inverted"


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
    """The PDQ of an upload after `rendition`, then `turn`.

    `box` says which part of the upload was looked at, where that is one of its `photo_boxes`.
    """

    rendition: Rendition
    turn: Turn
    signal: Signal
    box: Box | None = None


_INVERTED_TOO: Final = frozenset({Rendition.AS_SENT, Rendition.TRIMMED})

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


def _turned(luma: Luma, part: Part) -> Iterator[tuple[Turn, Signal]]:
    """The signal of a part of a picture under every turn."""
    values, qualities = turned_values(luma, part)
    for turn, (is_transposed, is_mirrored, is_flipped) in _MOVES.items():
        # Swapping left and right after a transposition is swapping top and bottom before it.
        way = (is_mirrored, is_flipped) if is_transposed else (is_flipped, is_mirrored)
        value = values[int(is_transposed), int(way[0]), int(way[1])].tobytes()
        yield turn, Signal(SignalType.PDQ, value, int(qualities[int(way[0]), int(way[1])]))


def _part(picture: Picture, left: int, top: int, width: int, height: int) -> Part:
    """A part of a picture given in pixels of its luma."""
    # In source samples: a reduced pixel stands for `reduction` of them, the last for fewer.
    step = picture.reduction
    source_height = min((top + height) * step, picture.source_height) - top * step
    source_width = min((left + width) * step, picture.source_width) - left * step
    return Part(top, left, source_height, source_width, step)


def _renditions(
    picture: Picture, wanted: Container[Rendition]
) -> Iterator[tuple[Rendition, Box | None, Luma, Part]]:
    """The wanted renditions but `inverted`: pixels, and the part of them that is looked at."""
    everything = whole(picture)
    if Rendition.AS_SENT in wanted:
        yield Rendition.AS_SENT, None, picture.luma, everything
    kept = without_borders(picture.luma) if Rendition.TRIMMED in wanted else None
    if kept is not None:
        rows, columns = kept
        size = columns.stop - columns.start, rows.stop - rows.start
        part = _part(picture, columns.start, rows.start, *size)
        yield Rendition.TRIMMED, None, picture.luma, part
    if Rendition.BOX in wanted:
        for box in photo_boxes(picture.luma):
            part = _part(picture, box.left, box.top, box.width, box.height)
            yield Rendition.BOX, box, picture.luma, part
    if picture.on_white is not None and Rendition.ON_WHITE in wanted:
        yield Rendition.ON_WHITE, None, picture.on_white, everything
    if picture.on_black is not None and Rendition.ON_BLACK in wanted:
        yield Rendition.ON_BLACK, None, picture.on_black, everything


def _inverted(signal: Signal) -> Signal:
    """The signal of a picture in inverted colours: every coefficient changes its sign.

    What was above the lower median is now below the upper one, so every bit changes; only bits
    whose coefficient equals the median may not.
    """
    return Signal(SignalType.PDQ, bytes(byte ^ 0xFF for byte in signal.value), signal.quality)


def pdq_views(
    picture: Picture, *, renditions: Container[Rendition] = frozenset(Rendition)
) -> tuple[PdqView, ...]:
    """The PDQ of every rendition of a picture under every turn, values that come again left out.

    In the order of the renditions, and of the turns within each; the first, when `as_sent` is
    wanted, is always `pdq(picture)`. At most 88: of each turn 1 as sent, 1 `trimmed` (only when flat
    borders were found and at least 15 % of each side is left), 5 `box` (see `photo_boxes`),
    `on_white` and `on_black` (only when something is transparent), and the first two `inverted`, as
    far as they are wanted themselves. Mostly 16: of a photo with nothing around it, as sent and inverted. A turned value is that of the
    losslessly turned picture, but for coefficients that equal the median. EXIF-turned pixels are
    among the turns.

    Does not leave out views of low quality: `Signal.is_trusted` tells.
    """
    if min(picture.source_height, picture.source_width) < SMALLEST_SIDE:
        return (PdqView(Rendition.AS_SENT, Turn.NONE, pdq(picture)),)
    views: dict[bytes, PdqView] = {}
    inverted: list[PdqView] = []
    for rendition, box, luma, part in _renditions(picture, renditions):
        for turn, signal in _turned(luma, part):
            views.setdefault(signal.value, PdqView(rendition, turn, signal, box))
            if rendition in _INVERTED_TOO and Rendition.INVERTED in renditions:
                inverted.append(PdqView(Rendition.INVERTED, turn, _inverted(signal)))
    for view in inverted:
        views.setdefault(view.signal.value, view)
    return tuple(views.values())
