# SPDX-License-Identifier: Apache-2.0
"""A close look at a page: axe in both themes, narrow, with large text, large enough to touch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from page_visit import DESKTOP, NARROW


@dataclass
class Look:
    """Looks at the page as it stands, in each size."""

    page: Any
    has_exit: bool = True
    """Pages for people begin with the exit; those of the console with the way past the menu."""

    def at(self, name: str) -> None:
        language = self.page.locator("html").get_attribute("lang")
        assert language in ("ko", "en")
        assert self.page.locator("h1").count() == 1, name
        first = "exit" if self.has_exit else "skip"
        assert self.page.evaluate(_FIRST_FOCUSABLE) == first, name
        if self.has_exit:
            assert self.page.get_by_text(_EXIT_NOTE[language]).is_visible(), name
        for size in (DESKTOP, NARROW):
            self.page.set_viewport_size(size)
            # Scrolled, the exit lies over whatever passes below it.
            self.page.evaluate("window.scrollTo(0, 0)")
            self._fits(f"{name} at {size['width']}")
            # One column: on a desktop only its words are elsewhere, so one language is enough there.
            if size is NARROW or language == "en":
                self._is_accessible(f"{name} at {size['width']}", _ALL_RULES)
        self.page.emulate_media(color_scheme="dark")
        self._is_accessible(f"{name} in the dark", _COLOUR_RULES)
        self.page.emulate_media(color_scheme="light")
        small = self.page.evaluate(_SMALL_TARGETS)
        assert small == [], name
        self.page.evaluate("document.documentElement.style.fontSize = '225%'")
        self._fits(f"{name} with large text")
        self.page.evaluate("document.documentElement.style.fontSize = ''")

    def _is_accessible(self, name: str, rules: list[str]) -> None:
        found = Axe().run(self.page, options={"resultTypes": ["violations"], "runOnly": rules})
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"

    def _fits(self, name: str) -> None:
        sides = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        needed, given = self.page.evaluate(sides)
        assert needed <= given, f"{name} scrolls sideways"


_EXIT_NOTE = {
    "en": "Leaving quickly does not clear this browser's history.",
    "ko": "빨리 나가도 이 브라우저의 방문 기록은 지워지지 않아요.",
}
_ALL_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_COLOUR_RULES = ["color-contrast", "link-in-text-block"]
"""In the dark only the colours are others."""
_FIRST_FOCUSABLE = "document.querySelector('a[href], button, input, select, textarea, summary').id"
_SMALL_TARGETS = """
[...document.querySelectorAll("a, button, summary, input:not([type=file], [type=hidden]), textarea, select, label.file")]
  // A box is ticked by its label.
  .map((it) => (["checkbox", "radio"].includes(it.type) ? it.labels[0] : it))
  .filter((it) => it.checkVisibility() && !it.closest("p") && it.getBoundingClientRect().height < 44)
  .map((it) => it.outerHTML)
"""
