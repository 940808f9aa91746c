# SPDX-License-Identifier: Apache-2.0
"""What each turn does to pixels, written with NumPy alone: the oracle for the turned views."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from haechi.signals import Turn

REALLY_TURNED: dict[Turn, Callable[[np.ndarray], np.ndarray]] = {
    Turn.NONE: lambda luma: luma,
    Turn.TURNED_90: lambda luma: np.rot90(luma, -1),
    Turn.TURNED_180: lambda luma: np.rot90(luma, 2),
    Turn.TURNED_270: lambda luma: np.rot90(luma, 1),
    Turn.MIRRORED: np.fliplr,
    Turn.FLIPPED: np.flipud,
    Turn.TRANSPOSED: np.transpose,
    Turn.TRANSVERSED: lambda luma: np.rot90(luma, 2).T,
}
