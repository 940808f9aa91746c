# SPDX-License-Identifier: Apache-2.0
"""Regional PDQ: a picture as the hashes of its most telling regions and where they lie.

    luma ─► 400 pixels ─► keypoints ─► the largest and clearest, photographed ones ─► hash each

A report keeps at most 60, none wider than a quarter of a square picture: what they show of it is
measured (docs/threat-model.md), and large ones show the scene. An upload is looked at more closely
(800 pixels, up to 1000 regions, two directions each), so that a known picture is also found small,
among other things, or cut.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from haechi.values import Signal

from ._boxes import photo_boxes
from ._keypoints import ANGLE, RESPONSE, SIGMA, X, Y, keypoints
from ._plain_regions import is_photographed
from ._region_hash import region_hashes
from ._regions import Regions
from ._resized import resized, size_for
from ._sampling import Luma
from ._scale_space import scale_space

if TYPE_CHECKING:
    from haechi.media import Picture

__all__ = ["CLOSE_SIDE_PIXELS", "query_regions", "regions", "rpdq"]

CLOSE_SIDE_PIXELS: Final = 800
"""The short side that an upload is looked at with, and that tells drawn regions from photographed ones."""

_LONG_SIDE_PIXELS: Final = 2000
_LEAST_SIDE_PIXELS: Final = 16
_RADIUS_SIGMAS: Final = 6.0


@dataclass(frozen=True, slots=True)
class _Look:
    """How closely to look: short side in pixels, most regions, directions of each, and where they may lie.

    A region's centre lies at least `margin` of its radius inside the picture; the radius is between
    `least_radius` and `most_radius` pixels.
    """

    short_side: int
    most: int
    angles: int
    margin: float
    least_radius: float = 10.0
    most_radius: float = math.inf


_REPORT: Final = _Look(short_side=400, most=60, angles=1, margin=0.6, most_radius=50.0)
_QUERY: Final = _Look(short_side=CLOSE_SIDE_PIXELS, most=1000, angles=2, margin=0.5)
_BOX: Final = _Look(short_side=400, most=300, angles=2, margin=0.5, least_radius=8.0)
_MOST_BOXES: Final = 3
_MOST_CANDIDATES: Final = 2000
_AT_ONCE: Final = 200
"""So many are looked at for being photographed, and so many of them at a time."""


def regions(picture: Picture) -> Regions:
    """The regions that a report keeps of a picture: at most 60, the most telling ones first.

    Drawn ones (letters, logos, interface) are left out: a picture of nothing else has none, and a
    flat or blurred one few or none. Wants a short side of 800 pixels decoded, where the source has
    them; works with less.
    """
    sides = _sides(picture.luma, _REPORT.short_side)
    octaves = scale_space(resized(picture.luma, *sides))
    places = _places(_best(octaves, sides, _REPORT, _MOST_CANDIDATES))
    kept = places[_photographed(picture, places, sides)]
    return Regions.of(region_hashes(octaves, kept), kept, sides)


def _photographed(
    picture: Picture, places: NDArray[np.float64], sides: tuple[int, int]
) -> NDArray[np.int64]:
    """The first of these places that are photographed, as many as a report keeps.

    Goes down the list until there are enough: among letters they may stand far down.
    """
    close = resized(picture.luma, *_sides(picture.luma, CLOSE_SIDE_PIXELS))
    levels = np.floor(close + np.float32(0.5)).astype(np.uint8)
    scaled = places.copy()
    # From pixel centres to pixel centres.
    scale = close.shape[1] / sides[1]
    scaled[:, :2] = (scaled[:, :2] + 0.5) * scale - 0.5
    scaled[:, 2] *= scale
    verdicts = np.zeros(0, np.bool_)
    while len(verdicts) < len(places) and verdicts.sum() < _REPORT.most:
        looked_at = slice(len(verdicts), len(verdicts) + _AT_ONCE)
        verdicts = np.concatenate([verdicts, is_photographed(levels, scaled[looked_at])])
    return np.flatnonzero(verdicts)[: _REPORT.most]


def query_regions(picture: Picture) -> Regions:
    """The regions that an upload is asked about with, drawn ones too: at most 1000, and 300 of each box.

    Among letters and buttons the regions of a small photo would be lost, so the boxes that seem to
    hold one (see `photo_boxes`) are looked at by themselves, at the size of a report.
    """
    sides = _sides(picture.luma, _QUERY.short_side)
    values, places = _looked(picture.luma, _QUERY)
    parts = [(values, places)]
    for box in photo_boxes(picture.luma)[:_MOST_BOXES]:
        luma = picture.luma[box.top : box.top + box.height, box.left : box.left + box.width]
        values, places = _looked(np.ascontiguousarray(luma), _BOX)
        # From the pixels of the box, as it was looked at, to those of the picture, as that was.
        grown = box.width / _sides(luma, _BOX.short_side)[1]
        shrunk = sides[1] / picture.luma.shape[1]
        corner = np.array([box.left, box.top])
        places[:, :2] = ((places[:, :2] + 0.5) * grown + corner) * shrunk - 0.5
        places[:, 2] *= grown * shrunk
        parts.append((values, places))
    values, places = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Regions.of(values, places, sides)


def _looked(luma: Luma, look: _Look) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The hashes of the best regions of an upload, and their places at the size of the look."""
    sides = _sides(luma, look.short_side)
    octaves = scale_space(resized(luma, *sides))
    places = _places(_best(octaves, sides, look, look.most))
    return region_hashes(octaves, places), places


def rpdq(picture: Picture) -> Signal | None:
    """The regional signal of a picture for a report, less than 2.4 KB; None when it has no regions."""
    found = regions(picture)
    return found.to_signal() if len(found) else None


def _sides(luma: Luma, short_side: int) -> tuple[int, int]:
    return size_for(
        *luma.shape,
        short_side=short_side,
        long_side=_LONG_SIDE_PIXELS,
        least_side=_LEAST_SIDE_PIXELS,
    )


def _best(
    octaves: list[list[NDArray[np.float32]]], sides: tuple[int, int], look: _Look, most: int
) -> NDArray[np.float64]:
    """The keypoints of the largest and clearest regions within the picture, best first."""
    least_sigma = look.least_radius / _RADIUS_SIGMAS
    found = keypoints(octaves, least_sigma=least_sigma, angles=look.angles)
    room = look.margin * _RADIUS_SIGMAS * found[:, SIGMA]
    x, y = found[:, X], found[:, Y]
    is_inside = found[:, SIGMA] * _RADIUS_SIGMAS <= look.most_radius
    is_inside &= (x >= room) & (x < sides[1] - room) & (y >= room) & (y < sides[0] - room)
    found = found[is_inside]
    order = np.argsort(-found[:, RESPONSE] * found[:, SIGMA], kind="stable")
    return found[order[:most]]


def _places(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """The squares of keypoints: x, y, radius, angle."""
    places = found[:, [X, Y, SIGMA, ANGLE]]
    places[:, 2] *= _RADIUS_SIGMAS
    return places
