# SPDX-License-Identifier: Apache-2.0
"""Pages, charts, screens and drawings: pictures that two brightnesses cover much of.

PDQ takes such pictures of one kind for one another, so a match of theirs has to be nearer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from haechi.media import Picture

__all__ = ["is_drawn"]

_MOST_PLAIN: Final = 0.4
"""The flattest of the photographs we tuned with have 0.2; pages, charts and screens 0.53 and more."""

_BAND: Final = np.ones(3)
"""A brightness, give or take one level."""


def is_drawn(picture: Picture) -> bool:
    """Whether the picture is drawn: its two commonest brightnesses cover more than 0.4 of it."""
    counts = np.bincount(picture.luma.ravel(), minlength=256)
    bands = np.convolve(counts, _BAND, "same")
    first = int(np.argmax(bands))
    # The second band has no level in common with the first.
    counts[max(0, first - 2) : first + 3] = 0
    second = np.convolve(counts, _BAND, "same").max()
    return bool(bands[first] + second > _MOST_PLAIN * picture.luma.size)
