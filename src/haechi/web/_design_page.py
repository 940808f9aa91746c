# SPDX-License-Identifier: Apache-2.0
"""The page about the look of the pages: tokens and components, each live and with its markup."""

from __future__ import annotations

from typing import Final

from litestar import Response, get
from litestar.di import NamedDependency

from haechi.web._render import Page
from haechi.workflows import Gate

COLOURS: Final = (
    "paper",
    "card",
    "ink",
    "soft-ink",
    "line",
    "faint-line",
    "accent",
    "accent-ink",
    "accent-soft",
    "warm",
    "warm-soft",
)
"""The colour tokens of `haechi.css`; each has a swatch there."""

MEASURES: Final = ("small", "large", "inset", "radius", "column", "target")
"""Its other tokens, without the font list."""


@get("/design", opt={"gate": Gate.OPEN}, sync_to_thread=False)
def design_page(page: NamedDependency[Page]) -> Response[str]:
    """Everything a page is made of. For those who write pages; no page leads here."""
    return page.show("design.html", colours=COLOURS, measures=MEASURES)


HANDLERS: Final = (design_page,)
