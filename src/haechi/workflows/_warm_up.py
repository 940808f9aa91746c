# SPDX-License-Identifier: Apache-2.0
"""Lets everything be compiled, loaded or started before the first question would wait for it."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from PIL import Image

from haechi.match import Index, Kind, find_frames, find_regions
from haechi.media import Decoder
from haechi.signals import (
    CLOSE_SIDE_PIXELS,
    FrameList,
    pdq,
    pdq_of_part,
    pdq_views,
    query_regions,
    rpdq,
)

_ROWS: Final = 9_000
"""More than the newest rows that are only read: so that there is a segment to search."""


_REGIONS: Final = 60


def warm_up(decoder: Decoder) -> None:
    """Walk one drawn picture through decoding, hashing and searching, and forget it."""
    picture = decoder.picture(_drawn(), min_side_pixels=CLOSE_SIDE_PIXELS)
    rpdq(picture)
    value, asked = pdq(picture), query_regions(picture)
    index = Index()
    index.add([(1, [value, asked.at(np.arange(min(len(asked), _REGIONS))).to_signal()])])
    random = np.random.default_rng(1)
    for kind in (Kind.PDQ, Kind.REGION):
        ids = np.arange(2, 2 + _ROWS, dtype=np.int64)
        values = random.integers(0, 256, (_ROWS, 32), dtype=np.uint8)
        index.add_rows(kind, ids + (0 if kind is Kind.PDQ else _ROWS), values)
    index.settle()
    view = index.view()
    view.search([look.signal for look in pdq_views(picture)])
    for found in find_regions(view, asked).values():
        pdq_of_part(picture, found.transform, is_mirrored=found.is_mirrored, sides=found.sides)
    find_frames(view, [FrameList.of([(value.value, 100, 0)])])
    index.close()


def _drawn() -> bytes:
    """A picture rich enough in detail to be searched for, with a straight edge around it."""
    page = Image.new("L", (640, 560), 255)
    page.paste(Image.effect_mandelbrot((480, 360), (-2.0, -1.5, 1.0, 1.5), 100), (80, 100))
    written = io.BytesIO()
    page.save(written, "PNG")
    return written.getvalue()
