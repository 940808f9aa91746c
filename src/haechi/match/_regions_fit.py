# SPDX-License-Identifier: Apache-2.0
"""Which regions of two pictures agree on one geometry: the arithmetic.

Places are (n, 4): x, y, radius, turn, lengths as parts of each picture's own longer side. A model is
(2, 3): where a point of the known picture lies in the query.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numba import njit

from haechi.match._machine import popcount

__all__ = ["agreeing", "bits_between", "fitted", "seed_model", "stretch_of", "votes_of"]

_NO_MATCH: Final = 999
_NEAR_RADII: Final = 0.25
_NEAR_SCALE: Final = 0.35
_NEAR_TURN: Final = 0.35
_AFFINE_FROM: Final = 6
_MOST_VOTES: Final = 1 << 14
"""More are of records made to take time: every region like every other."""


@njit(nogil=True, cache=True)
def bits_between(one: Any, i: int, other: Any, j: int) -> int:
    """How many of the 256 bits of two values differ, uint64 (n, 4) each."""
    bits = np.uint64(0)
    for word in range(4):
        bits += popcount(one[i, word] ^ other[j, word])
    return int(bits)


@njit(nogil=True, cache=True)
def votes_of(known: Any, query: Any, key_bits: int, whole_bits: int) -> Any:
    """The pairs whose values are near, int64 (n, 3): distance, known region, query region."""
    votes = np.zeros((64, 3), np.int64)
    count = 0
    for i in range(len(known)):
        for j in range(len(query)):
            if np.int64(popcount(known[i, 0] ^ query[j, 0])) > key_bits:
                continue
            bits = bits_between(known, i, query, j)
            if bits <= whole_bits:
                if count == _MOST_VOTES:
                    return votes
                if count == len(votes):
                    grown = np.zeros((2 * count, 3), np.int64)
                    grown[:count] = votes
                    votes = grown
                votes[count, 0], votes[count, 1], votes[count, 2] = bits, i, j
                count += 1
    return votes[:count]


@njit(nogil=True, cache=True)
def seed_model(known: Any, query: Any) -> Any:
    """The turn, size and shift that carry one known region onto one of the query."""
    scale, turn = query[2] / known[2], query[3] - known[3]
    model = np.zeros((2, 3))
    model[0, 0] = model[1, 1] = scale * math.cos(turn)
    model[1, 0] = scale * math.sin(turn)
    model[0, 1] = -model[1, 0]
    model[0, 2] = query[0] - model[0, 0] * known[0] - model[0, 1] * known[1]
    model[1, 2] = query[1] - model[1, 0] * known[0] - model[1, 1] * known[1]
    return model


@njit(nogil=True, cache=True)
def stretch_of(model: Any) -> tuple[float, float]:
    """The mean scale of a model, 0.0 if it mirrors or flattens, and how much more one way than another."""
    a, b, c, d = model[0, 0], model[0, 1], model[1, 0], model[1, 1]
    area = a * d - b * c
    if area <= 1e-9:
        return 0.0, math.inf
    total = a * a + b * b + c * c + d * d
    apart = math.sqrt(max(0.0, total * total - 4.0 * area * area))
    return math.sqrt(area), math.sqrt((total + apart) / max(total - apart, 1e-12))


@njit(nogil=True, cache=True)
def agreeing(
    model: Any, places: Any, values: Any, query_places: Any, query_values: Any, whole_bits: int
) -> tuple[Any, Any]:
    """For each known region the nearest query region where the model puts it, and the bits that differ.

    Both int64 (n,); a distance of 999 says that there is none within `whole_bits`.
    """
    scale = stretch_of(model)[0]
    partner = np.zeros(len(places), np.int64)
    distance = np.full(len(places), _NO_MATCH, np.int64)
    for i in range(len(places)):
        x = model[0, 0] * places[i, 0] + model[0, 1] * places[i, 1] + model[0, 2]
        y = model[1, 0] * places[i, 0] + model[1, 1] * places[i, 1] + model[1, 2]
        radius = scale * places[i, 2]
        east, south = math.cos(places[i, 3]), math.sin(places[i, 3])
        turn = math.atan2(
            model[1, 0] * east + model[1, 1] * south, model[0, 0] * east + model[0, 1] * south
        )
        near = _NEAR_RADII * radius
        for j in range(len(query_places)):
            dx, dy = query_places[j, 0] - x, query_places[j, 1] - y
            if abs(dx) >= near or abs(dy) >= near or dx * dx + dy * dy >= near * near:
                continue
            off = query_places[j, 3] - turn
            off -= 2.0 * math.pi * math.floor(off / (2.0 * math.pi) + 0.5)
            if abs(off) >= _NEAR_TURN:
                continue
            if abs(math.log(query_places[j, 2] / radius)) >= _NEAR_SCALE:
                continue
            bits = bits_between(values, i, query_values, j)
            if bits <= whole_bits and bits < distance[i]:
                distance[i], partner[i] = bits, j
    return distance, partner


@njit(nogil=True, cache=True)
def fitted(places: Any, query_places: Any, distance: Any, partner: Any, whole_bits: int) -> Any:
    """The model that carries the agreeing regions' centres best (least squares); zeros: none does.

    A similarity for up to five of them, an affine one from six on.
    """
    chosen = np.flatnonzero(distance <= whole_bits)
    count = len(chosen)
    model = np.zeros((2, 3))
    if count < 2:
        return model
    # Around the centres of gravity the shift drops out.
    kx = ky = qx = qy = 0.0
    for i in chosen:
        kx += places[i, 0] / count
        ky += places[i, 1] / count
        qx += query_places[partner[i], 0] / count
        qy += query_places[partner[i], 1] / count
    xx = xy = yy = xu = xv = yu = yv = 0.0
    for i in chosen:
        x, y = places[i, 0] - kx, places[i, 1] - ky
        u, v = query_places[partner[i], 0] - qx, query_places[partner[i], 1] - qy
        xx += x * x
        xy += x * y
        yy += y * y
        xu += x * u
        xv += x * v
        yu += y * u
        yv += y * v
    flat = xx * yy - xy * xy
    if count >= _AFFINE_FROM and flat > 1e-15:
        model[0, 0], model[0, 1] = (xu * yy - yu * xy) / flat, (yu * xx - xu * xy) / flat
        model[1, 0], model[1, 1] = (xv * yy - yv * xy) / flat, (yv * xx - xv * xy) / flat
    elif xx + yy > 1e-15:
        model[0, 0] = model[1, 1] = (xu + yv) / (xx + yy)
        model[1, 0] = (xv - yu) / (xx + yy)
        model[0, 1] = -model[1, 0]
    else:
        return model
    model[0, 2] = qx - model[0, 0] * kx - model[0, 1] * ky
    model[1, 2] = qy - model[1, 0] * kx - model[1, 1] * ky
    return model
