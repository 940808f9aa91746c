# SPDX-License-Identifier: Apache-2.0
"""What she writes comes back as it was written; what cannot be kept is one kind sentence.

Files that cannot be read have tests of their own, beside the form's.
"""

from __future__ import annotations

import pytest
from page_visit import Begin, Visit

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

LANGUAGES = pytest.mark.parametrize("language", ["ko", "en"])


def _problems(one: Visit) -> list[str]:
    return [box.inner_text() for box in one.page.locator("[role=alert]").all()]


@pytest.mark.parametrize(
    "text",
    [
        "😀" * 100,
        "\u202emoc.elpmaxe\u202c",
        "<script>alert(1)</script>",
        "{{ 7 * 7 }}",
        "'; DROP TABLE item;--",
    ],
)
def test_any_text_comes_back_as_it_was_written(visit: Begin, text: str) -> None:
    one = visit(java_script_enabled=False)
    one.open("/case/new")
    one.page.fill("#note", text)
    one.page.click("#send")
    one.shown_keys()
    one.open("/case")
    one.page.locator("summary", has_text="What you wrote").click()
    assert one.page.locator(".note-text").inner_text() == text


@LANGUAGES
def test_a_day_that_has_not_been(visit: Begin, language: str) -> None:
    one = visit(language, java_script_enabled=False)
    one.open("/case/new")
    one.page.fill("#place", "a room")
    one.page.locator("#more summary").click()
    one.page.fill("#first_heard_on", "2999-01-01")
    one.page.click("#send")
    (said,) = _problems(one)
    assert "2026-11-24" in said
    assert one.page.input_value("#place") == "a room"
    assert one.page.locator("#first_heard_on").is_visible()


@LANGUAGES
def test_nothing_at_all(visit: Begin, language: str) -> None:
    one = visit(language)
    one.open("/case/new")
    one.page.click("#send")
    one.page.locator("[role=alert]").wait_for()
    assert len(_problems(one)) == 1
    assert one.page.evaluate("document.activeElement.id") in ("place", "problem")
