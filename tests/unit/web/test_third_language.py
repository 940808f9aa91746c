# SPDX-License-Identifier: Apache-2.0
"""A further language is a further folder: no code knows which there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from haechi.settings import Settings
from haechi.web import _words
from haechi.web._render import Page, environment
from haechi.web._words import catalogue, choose_words, language_names

ARABIC = """msgid ""
msgstr ""
"Language: ar\\n"
"Content-Type: text/plain; charset=UTF-8\\n"

msgid "Leave quickly"
msgstr "اخرج بسرعة"
"""


@pytest.fixture
def with_arabic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The catalogue with a language more, written from right to left."""
    folder = tmp_path / "locale" / "ar" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "haechi.po").write_text(ARABIC, "utf-8")
    monkeypatch.setattr(_words, "LOCALE_FOLDER", tmp_path / "locale")
    catalogue.cache_clear()
    yield
    catalogue.cache_clear()


def test_a_folder_is_a_language(with_arabic: None) -> None:
    assert "العربية" in dict(language_names())["ar"]
    words = choose_words(asked=None, remembered=None, accepted="ar-EG,ar;q=0.9")
    assert words.language == "ar"
    assert words.direction == "rtl"
    assert words("Leave quickly") == "اخرج بسرعة"
    assert words("Language") == "Language"


def test_every_page_shows_it(with_arabic: None) -> None:
    words = catalogue()["ar"]
    page = Page(Settings(), words, "/case/enter", remembers_language=False)
    html = page.show("enter.html", number="", problem=None).content
    assert '<html lang="ar" dir="rtl">' in html
    assert "اخرج بسرعة" in html
    assert environment().get_template("enter.html")
