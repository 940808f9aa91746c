# SPDX-License-Identifier: Apache-2.0
"""A QR code as an SVG in the page itself: nothing is asked for, and nothing is a file."""

from __future__ import annotations

import segno
from markupsafe import Markup


def qr_svg(text: str) -> Markup:
    """The code of this text, dark on white in every theme, as large as its box."""
    made = segno.make(text, error="m", micro=False)
    svg = made.svg_inline(
        omitsize=True, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None
    )
    return Markup(svg)  # noqa: S704  # segno writes numbers and its own words, nothing of the text
