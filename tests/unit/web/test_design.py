# SPDX-License-Identifier: Apache-2.0
"""The style sheet: its tokens, their contrasts, and that it asks nobody for anything."""

from __future__ import annotations

import re

import pytest

from haechi.web._design_page import COLOURS, MEASURES
from haechi.web._render import STATIC_FOLDER
from haechi.web._timeline_words import _BADGES

SHEET = (STATIC_FOLDER / "css" / "haechi.css").read_text("utf-8")
TEXT_ON = [
    ("ink", "paper"),
    ("ink", "card"),
    ("ink", "accent-soft"),
    ("ink", "warm-soft"),
    ("soft-ink", "paper"),
    ("soft-ink", "card"),
    ("soft-ink", "accent-soft"),
    ("paper", "ink"),
    ("accent", "paper"),
    ("accent", "card"),
    ("accent", "accent-soft"),
    ("accent-ink", "accent"),
    ("warm", "paper"),
    ("warm", "card"),
    ("warm", "warm-soft"),
]
TEXT_LEAST, EDGE_LEAST = 4.5, 3.0
"""WCAG 2.2, 1.4.3 and 1.4.11."""


def tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+): ([^;]+);", block))


LIGHT, DARK = (
    tokens(block)
    for block in re.findall(r":root \{\n\s+(?:color-scheme|--paper).*?\}", SHEET, re.DOTALL)[:2]
)


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_page_of_the_design_names_every_token() -> None:
    assert set(LIGHT) == {*COLOURS, *MEASURES, "fonts"}
    assert set(DARK) == set(COLOURS)
    for name in COLOURS:
        assert f".t-{name} {{ background: var(--{name}); }}" in SHEET


def test_no_token_is_used_that_is_not_there() -> None:
    assert set(re.findall(r"var\(--([a-z-]+)\)", SHEET)) == set(LIGHT)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_and_edges_stand_out(theme: dict[str, str]) -> None:
    for text, ground in TEXT_ON:
        assert contrast(theme[text], theme[ground]) >= TEXT_LEAST, (text, ground)
    for ground in ("paper", "card"):
        assert contrast(theme["line"], theme[ground]) >= EDGE_LEAST, ground


def test_contrast_is_what_wcag_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_the_sheet_asks_nobody_for_anything() -> None:
    """No address in it, so no request: not even a relative one."""
    assert not re.search(r"url\(|@import|@font-face|image-set|https?:", SHEET)


def test_each_state_that_is_told_has_a_shape() -> None:
    """Never by colour alone; and what is blocked has another shape than what is gone."""
    told = {name for css in _BADGES.values() for name in css.split()[1:]} | {"up"}
    rules = re.findall(r"^(\.badge[^{]*)::(?:before|after) \{", SHEET, re.MULTILINE)
    shapes = {name: {rule for rule in rules if f".{name}" in rule} for name in told}
    for name in told:
        assert len(shapes[name]) >= 2, name
    assert len(shapes["gone"] & shapes["blocked"]) == 1, "what all shapes have"
