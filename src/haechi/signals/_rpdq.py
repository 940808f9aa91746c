# SPDX-License-Identifier: Apache-2.0
"""Regional PDQ: a picture as the hashes of its most telling regions and where they lie.

    luma ─► 400 pixels ─► keypoints ─► the largest and clearest, photographed ones ─► hash each

A report keeps at most 100. An upload is looked at more closely (800 pixels, up to 1000 regions, two
directions each), so that a known picture is also found small, among other things, or cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from haechi.values import Signal

from ._keypoints import ANGLE, IS_BRIGHT, RESPONSE, SIGMA, X, Y, keypoints
from ._plain_regions import is_photographed
from ._region_hash import region_hashes
from ._regions import Regions
from ._resized import resized, size_for
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

    A region's centre lies at least `margin` of its radius, which is at least `least_radius` pixels,
    inside the picture.
    """

    short_side: int
    most: int
    angles: int
    margin: float
    least_radius: float = 10.0


_REPORT: Final = _Look(short_side=400, most=100, angles=1, margin=0.6)
_QUERY: Final = _Look(short_side=CLOSE_SIDE_PIXELS, most=1000, angles=2, margin=0.5)
_CANDIDATES: Final = 4
"""So many times as many regions as are wanted are looked at for being photographed."""


def regions(picture: Picture) -> Regions:
    """The regions that a report keeps of a picture: at most 100, the most telling ones first.

    Drawn ones (letters, logos, interface) are left out: a picture of nothing else has none, and a
    flat or blurred one few or none. Wants a short side of 800 pixels decoded, where the source has
    them; works with less.
    """
    close = resized(picture.luma, *_sides(picture, CLOSE_SIDE_PIXELS))
    sides = _sides(picture, _REPORT.short_side)
    octaves = scale_space(resized(picture.luma, *sides))
    found = _best(octaves, sides, _REPORT, _CANDIDATES * _REPORT.most)
    places = _places(found)
    scaled = places.copy()
    # From pixel centres to pixel centres.
    scale = close.shape[1] / sides[1]
    scaled[:, :2] = (scaled[:, :2] + 0.5) * scale - 0.5
    scaled[:, 2] *= scale
    levels = np.floor(close + np.float32(0.5)).astype(np.uint8)
    kept = np.flatnonzero(is_photographed(levels, scaled))[: _REPORT.most]
    return Regions.of(
        region_hashes(octaves, places[kept], found[kept, IS_BRIGHT]), places[kept], sides
    )


def query_regions(picture: Picture) -> Regions:
    """The regions that an upload is asked about with: at most 1000, drawn ones too."""
    sides = _sides(picture, _QUERY.short_side)
    octaves = scale_space(resized(picture.luma, *sides))
    found = _best(octaves, sides, _QUERY, _QUERY.most)
    places = _places(found)
    return Regions.of(region_hashes(octaves, places, found[:, IS_BRIGHT]), places, sides)


def rpdq(picture: Picture) -> Signal | None:
    """The regional signal of a picture for a report, less than 4 KB; None when it has no regions."""
    found = regions(picture)
    return found.to_signal() if len(found) else None


def _sides(picture: Picture, short_side: int) -> tuple[int, int]:
    return size_for(
        *picture.luma.shape,
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
    is_inside = (x >= room) & (x < sides[1] - room) & (y >= room) & (y < sides[0] - room)
    found = found[is_inside]
    order = np.argsort(-found[:, RESPONSE] * found[:, SIGMA], kind="stable")
    return found[order[:most]]


def _places(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """The squares of keypoints: x, y, radius, angle."""
    places = found[:, [X, Y, SIGMA, ANGLE]]
    places[:, 2] *= _RADIUS_SIGMAS
    return places
