# SPDX-License-Identifier: Apache-2.0
"""The picture that is likeliest, given the bits of its own signals: what measure_inversion.py measures.

Every bit is the sign of a sum over pixels. The picture sought is the one for which the right signs are
likely, and that is no rougher than photographs are: one convex problem, solved by L-BFGS.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn, idctn  # type: ignore[import-untyped]
from scipy.optimize import minimize  # type: ignore[import-untyped]
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
from scipy.special import expit  # type: ignore[import-untyped]

from haechi.signals import LONG_SIDE, Regions

# Where each bit comes from: whoever has the bits has the source as well.
from haechi.signals._region_hash import _ORDER as ORDER

__all__ = [
    "BITS",
    "SAMPLES",
    "Evidence",
    "Floats",
    "Plane",
    "covered",
    "pdq_bits",
    "rebuilt",
    "region_bits",
    "squares_of",
]

Floats: TypeAlias = NDArray[np.float64]
Plane: TypeAlias = NDArray[np.float32]

SAMPLES: Final = 64
FREQUENCIES: Final = 16
BITS: Final = FREQUENCIES * FREQUENCIES

# Chosen on 8 photos that are not measured, for correlation with the original. The size of a region's
# coefficients, by frequency, is that of regions of 31 wallpapers.
REGION_SPREAD: Final = (3200.0, -1.4)
PDQ_SPREAD: Final = (2500.0, -1.4)
REGION_NOISE: Final = 0.15
PDQ_NOISE: Final = 0.3
PRIOR_POWER: Final = 1.2
PRIOR_DEVIATION: Final = 55.0
PRIOR_WEIGHT: Final = 0.1
ROUGHNESS_WEIGHT: Final = 0.003
ROUNDS: Final = 60


def cosines(first: int) -> Plane:
    """The orthonormal DCT matrix of 16 frequencies from `first` on, (16, 64)."""
    frequency = np.arange(first, first + FREQUENCIES)[:, None]
    place = np.arange(SAMPLES)[None, :] + 0.5
    matrix = np.sqrt(2.0 / SAMPLES) * np.cos(np.pi / SAMPLES * frequency * place)
    return np.asarray(matrix, np.float32)


REGION_COSINES: Final = cosines(0)
PDQ_COSINES: Final = cosines(1)
VERTICAL, HORIZONTAL = np.divmod(np.arange(BITS), FREQUENCIES)


@dataclass(frozen=True, slots=True)
class Signs:
    """Linear measures of a picture whose signs are known, and how large they usually are."""

    sign: Plane
    spread: Plane
    is_known: Plane
    noise: float

    def cost(self, measured: Plane) -> tuple[float, Plane]:
        """How unlikely the signs are, and its slope in each measure: logistic."""
        scale = self.sign / (self.noise * self.spread)
        margin = measured * scale
        cost = np.sum(self.is_known * np.logaddexp(0.0, -margin))
        return float(cost), np.asarray(-self.is_known * scale * expit(-margin), np.float32)


@dataclass(frozen=True, slots=True)
class RegionBits:
    """The bits of regions as signs of sums over the pixels of a picture of this shape."""

    signs: Signs
    samples: Any
    shape: tuple[int, int]
    transposed: Any = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "transposed", self.samples.T.tocsr())

    def cost(self, picture: Plane) -> tuple[float, Plane]:
        """How unlikely the bits are for this picture, and the slope in each pixel."""
        squares = (self.samples @ picture.ravel()).reshape(-1, SAMPLES, SAMPLES)
        measured = REGION_COSINES @ squares @ REGION_COSINES.T
        cost, slope = self.signs.cost(np.asarray(measured.reshape(-1, BITS), np.float32))
        back = REGION_COSINES.T @ slope.reshape(-1, FREQUENCIES, FREQUENCIES) @ REGION_COSINES
        return cost, (self.transposed @ back.ravel()).reshape(self.shape)


@dataclass(frozen=True, slots=True)
class PdqBits:
    """The bits of one PDQ as signs of sums over the rows and columns of a picture."""

    signs: Signs
    down: Plane
    along: Plane

    def cost(self, picture: Plane) -> tuple[float, Plane]:
        """How unlikely the bits are for this picture, and the slope in each pixel."""
        measured = np.asarray(self.down @ picture @ self.along.T, np.float32)
        cost, slope = self.signs.cost(measured)
        return cost, np.asarray(self.down.T @ slope @ self.along, np.float32)


Evidence: TypeAlias = RegionBits | PdqBits


def squares_of(found: Regions, long_side_px: int) -> Floats:
    """The squares of regions in pixels, (n, 4): x, y, radius, angle."""
    step = long_side_px / LONG_SIDE
    radius = found.radius * long_side_px
    return np.stack([found.x * step - 0.5, found.y * step - 0.5, radius, found.turn], axis=1)


def samples_of(squares: Floats, shape: tuple[int, int]) -> csr_matrix:
    """From pixels to the 64×64 samples of each square, linearly between pixels; borders are mirrors."""
    height, width = shape
    middle = (SAMPLES - 1) / 2
    v, u = np.mgrid[:SAMPLES, :SAMPLES] - middle
    x, y, radius, angle = squares.T[:, :, None, None]
    along, across = (turn(angle) * radius / (SAMPLES / 2) for turn in (np.cos, np.sin))
    column = np.abs(x + along * u - across * v)
    row = np.abs(y + across * u + along * v)
    column = np.clip(np.minimum(column, 2 * (width - 1) - column), 0, width - 1.001)
    row = np.clip(np.minimum(row, 2 * (height - 1) - row), 0, height - 1.001)
    left, top = column.astype(np.int32), row.astype(np.int32)
    right, down = column - left, row - top
    pixels = np.stack([top * width + left + step for step in (0, 1, width, width + 1)], axis=-1)
    weights = np.stack(
        [(1 - right) * (1 - down), right * (1 - down), (1 - right) * down, right * down], axis=-1
    )
    starts = np.arange(0, pixels.size + 1, 4)
    table = (weights.ravel().astype(np.float32), pixels.ravel(), starts)
    return csr_matrix(table, shape=(pixels.size // 4, height * width))


def region_bits(found: Regions, shape: tuple[int, int], bits: int) -> RegionBits:
    """What the first `bits` bits of each region say about a picture of this shape."""
    sign = np.zeros((len(found), BITS), np.float32)
    is_known = np.zeros((len(found), BITS), np.float32)
    sign[:, ORDER] = np.unpackbits(found.values, axis=1) * 2.0 - 1.0
    is_known[:, ORDER[:bits]] = 1.0
    squares = squares_of(found, max(shape))
    # Waves that this few pixels cannot show say nothing; nor does the place of the constant one.
    is_known *= np.maximum(VERTICAL, HORIZONTAL) <= 1.8 * squares[:, 2:3]
    is_known[:, 0] = 0.0
    size, power = REGION_SPREAD
    spread = np.asarray(size * (1.0 + np.hypot(VERTICAL, HORIZONTAL)) ** power, np.float32)
    signs = Signs(sign, np.tile(spread, (len(found), 1)), is_known, REGION_NOISE)
    return RegionBits(signs, samples_of(squares, shape), shape)


def pdq_bits(value: bytes, shape: tuple[int, int]) -> PdqBits:
    """What one PDQ says about a picture of this shape; the median is taken for zero."""
    bits = np.unpackbits(np.frombuffer(value, np.uint8))[::-1].reshape(FREQUENCIES, FREQUENCIES)
    size, power = PDQ_SPREAD
    spread = size * np.hypot(VERTICAL + 1.0, HORIZONTAL + 1.0) ** power
    known = np.ones((FREQUENCIES, FREQUENCIES), np.float32)
    spreads = spread.reshape(known.shape).astype(np.float32)
    signs = Signs(bits * np.float32(2.0) - np.float32(1.0), spreads, known, PDQ_NOISE)
    down, along = (PDQ_COSINES @ windows(side) for side in shape)
    return PdqBits(signs, down, along)


def windows(side: int) -> Plane:
    """The weights of 64 samples along a side: triangles, as PDQ's two boxes give."""
    step = side / SAMPLES
    centres = (np.arange(SAMPLES)[:, None] + 0.5) * step - 0.5
    weights = np.maximum(0.0, 1.0 - np.abs(np.arange(side) - centres) / max(step, 1.0))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def usual_amplitudes(shape: tuple[int, int]) -> Plane:
    """How large each cosine of a photograph usually is: falling with its frequency."""
    rows, columns = (np.arange(side) / side for side in shape)
    frequency = np.hypot(rows[:, None], columns[None, :]) * max(shape) / 2.0
    amplitudes = np.maximum(frequency, 0.7) ** -PRIOR_POWER
    energy = np.sum(amplitudes**2) - amplitudes[0, 0] ** 2
    size = PRIOR_DEVIATION * np.sqrt(frequency.size / energy)
    return np.asarray(size * amplitudes, np.float32)


def roughness(picture: Plane) -> tuple[float, Plane]:
    """The total variation, rounded at one level of brightness, and its slope in each pixel."""
    down = np.diff(picture, axis=0, append=picture[-1:])
    along = np.diff(picture, axis=1, append=picture[:, -1:])
    length = np.sqrt(down**2 + along**2 + 1.0)
    down, along = down / length, along / length
    slope = -down - along
    slope[1:] += down[:-1]
    slope[:, 1:] += along[:, :-1]
    return float(np.sum(length)), slope


def rebuilt(evidence: list[Evidence], shape: tuple[int, int]) -> Plane:
    """The likeliest picture with these bits, up to brightness and contrast."""
    usual = usual_amplitudes(shape)

    def cost(unknown: Floats) -> tuple[float, Floats]:
        amplitudes = unknown.reshape(shape).astype(np.float32)
        picture = idctn(amplitudes * usual, norm="ortho")
        total, slope = roughness(picture)
        total, slope = ROUGHNESS_WEIGHT * total, ROUGHNESS_WEIGHT * slope
        for part in evidence:
            cost, more = part.cost(picture)
            total, slope = total + cost, slope + more
        total += PRIOR_WEIGHT / 2.0 * float(np.sum(amplitudes**2))
        slopes = dctn(slope, norm="ortho") * usual + PRIOR_WEIGHT * amplitudes
        return total, slopes.ravel().astype(np.float64)

    start = np.zeros(shape[0] * shape[1])
    found = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": ROUNDS})
    picture: Plane = idctn(found.x.reshape(shape).astype(np.float32) * usual, norm="ortho")
    return picture


def covered(found: Regions, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Which pixels lie in some region."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    is_covered = np.zeros(shape, np.bool_)
    for x, y, radius, angle in squares_of(found, max(shape)):
        along = np.cos(angle) * (columns - x) + np.sin(angle) * (rows - y)
        across = np.cos(angle) * (rows - y) - np.sin(angle) * (columns - x)
        is_covered |= (np.abs(along) <= radius) & (np.abs(across) <= radius)
    return is_covered
