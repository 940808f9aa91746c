# SPDX-License-Identifier: Apache-2.0
"""Lets everything be compiled, loaded or started before the first question would wait for it."""

from __future__ import annotations

import io

from PIL import Image

from haechi.match import Index
from haechi.media import Decoder
from haechi.signals import pdq, pdq_views


def warm_up(decoder: Decoder) -> None:
    """Walk one drawn picture through decoding, hashing and searching, and forget it."""
    written = io.BytesIO()
    # Rich enough in detail for a trusted PDQ: a flat picture would not be searched for.
    Image.effect_mandelbrot((160, 120), (-2.0, -1.5, 1.0, 1.5), 100).save(written, "PNG")
    picture = decoder.picture(written.getvalue())
    index = Index()
    index.add([(1, [pdq(picture)])])
    index.search([view.signal for view in pdq_views(picture)])
