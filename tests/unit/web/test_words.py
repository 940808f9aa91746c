# SPDX-License-Identifier: Apache-2.0
"""The catalogue is complete, and the language is chosen as people expect."""

from __future__ import annotations

import ast
import contextlib
import importlib
import string
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from jinja2.ext import extract_from_ast

from haechi import errors
from haechi.errors import BadInput, HaechiError, MalformedField, NotFound, TooManyRequests
from haechi.evidence import RECEIPT_MESSAGES
from haechi.web._render import environment
from haechi.web._words import LOCALE_FOLDER, catalogue, choose_words, language_names

SOURCE = Path(errors.__file__).parent
CATALOGUES = sorted(LOCALE_FOLDER.glob("*/LC_MESSAGES/haechi.po"))
SAID_IN_ERRORS = [
    *sorted((SOURCE / "cases").glob("*.py")),
    SOURCE / "workflows" / "_add_to_case.py",
    SOURCE / "workflows" / "_open_case.py",
    SOURCE / "workflows" / "_report.py",
    *(
        SOURCE / "workflows" / f"{name}.py"
        for name in (
            "_appeals",
            "_bank_writers",
            "_banks",
            "_contents",
            "_partners",
            "_sources",
        )
    ),
    SOURCE / "bank" / "_banks.py",
    SOURCE / "bank" / "_notes.py",
    SOURCE / "exchange" / "_partners.py",
    SOURCE / "exchange" / "_sources.py",
    SOURCE / "workflows" / "_staff_account.py",
    SOURCE / "workflows" / "_staff_entry.py",
    SOURCE / "workflows" / "_staff_users.py",
    SOURCE / "staff" / "_password.py",
    SOURCE / "staff" / "_users.py",
    SOURCE / "asgi" / "_errors.py",
]
"""Where the `reason` of an error that a page can show is written."""


def template_messages() -> Iterator[str]:
    """What the templates say: the first argument of every `t(…)`."""
    for name in environment().list_templates(["html"]):
        source, *_ = environment().loader.get_source(environment(), name)
        for _, _, message in extract_from_ast(environment().parse(source), ["t"]):
            assert isinstance(message, (str, tuple)), name
            text = message if isinstance(message, str) else message[0]
            assert text is not None, f"{name}: t(…) needs the message itself"
            yield text


def handler_messages() -> Iterator[str]:
    """What the handlers say: `t("…")`, `self("…")` and `page.words("…")`."""
    for path in sorted((SOURCE / "web").glob("_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = ast.unparse(node.func)
            if name in ("t", "self", "page.words") and isinstance(node.args[0], ast.Constant):
                yield node.args[0].value


def error_messages() -> Iterator[str]:
    """What errors say: their templates, and the reasons given where they are raised."""
    waiting = [HaechiError]
    while waiting:
        error = waiting.pop()
        waiting.extend(error.__subclasses__())
        if error.__module__ == errors.__name__ and error.template != "{reason}":
            yield error.template
    for path in SAID_IN_ERRORS:
        yield from raised_reasons(path)


def raised_reasons(path: Path) -> Iterator[str]:
    """Every `MalformedField(reason=…)` whose text is known without running the code around it."""
    module = importlib.import_module(
        ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)
    )
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "MalformedField":
            for keyword in node.keywords:
                if keyword.arg != "reason":
                    continue
                # Sentences are built from constants of the module at most; what is made at run
                # time out of a framework's words has no translation.
                code = compile(ast.Expression(keyword.value), str(path), "eval")
                with contextlib.suppress(NameError):
                    yield eval(code, vars(module))  # noqa: S307  # our own source


def law_messages() -> Iterator[str]:
    """What starts a clock, as the laws' data say it."""
    for path in sorted((SOURCE / "notices" / "laws").glob("*.toml")):
        yield tomllib.loads(path.read_text("utf-8"))["clock"]["starts_with"]


def guidance_messages() -> Iterator[str]:
    """What the data of where one can turn say: of people and laws, not numbers and addresses."""
    said = {"name", "serves", "how", "hours", "says", "who", "proof", "reason"}

    def walk(facts: object) -> Iterator[str]:
        if isinstance(facts, list):
            for one in facts:
                yield from walk(one)
        elif isinstance(facts, dict):
            for key, value in facts.items():
                if key in said and isinstance(value, str):
                    yield value
                else:
                    yield from walk(value)

    for path in sorted((SOURCE / "guidance").glob("*.toml")):
        for key, value in tomllib.loads(path.read_text("utf-8")).items():
            # A rule is for somebody (`who`); that is no sentence.
            yield from (m for m in walk(value) if key != "route" or " " in m)


def all_messages() -> set[str]:
    """Everything a page can say."""
    return {
        *template_messages(),
        *handler_messages(),
        *error_messages(),
        *law_messages(),
        *guidance_messages(),
        *RECEIPT_MESSAGES,
    }


def placeholders(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_there_is_a_korean_catalogue() -> None:
    assert "ko" in {path.parts[-3] for path in CATALOGUES}


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_every_message_is_translated_and_none_is_left_over(path: Path) -> None:
    with path.open("rb") as file:
        translated = {entry.id for entry in read_po(file) if entry.id and entry.string}
    assert all_messages() - translated == set(), "not translated"
    assert translated - all_messages() == set(), "no longer said anywhere"


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_translations_have_the_same_placeholders_and_are_checked(path: Path) -> None:
    with path.open("rb") as file:
        entries = [entry for entry in read_po(file) if entry.id]
    for entry in entries:
        assert not entry.fuzzy, entry.id
        assert placeholders(str(entry.string)) == placeholders(str(entry.id)), entry.id


@pytest.mark.parametrize("words", catalogue().values(), ids=lambda words: words.language)
def test_nothing_promises_a_removal(words) -> None:  # type: ignore[no-untyped-def]
    said = " ".join(words(message) for message in template_messages()).lower()
    for promise in ("removed", "deleted", "guarantee", "삭제", "보장"):
        assert promise not in said


@pytest.mark.parametrize(
    ("asked", "remembered", "accepted", "language"),
    [
        (None, None, "", "en"),
        (None, None, "ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "ko"),
        (None, None, "en-US,en;q=0.9,ko;q=0.8", "en"),
        (None, None, "fr-FR,ko;q=0.3", "ko"),
        (None, None, "ko;q=0, en", "en"),
        (None, None, ";;q=x,,ko;q=high", "en"),
        (None, "ko", "en", "ko"),
        ("en", "ko", "ko", "en"),
        ("xx", None, "ko", "ko"),
        ("xx", "../..", "", "en"),
    ],
)
def test_the_language_is_the_one_asked_for_then_remembered_then_accepted(
    asked: str | None, remembered: str | None, accepted: str, language: str
) -> None:
    chosen = choose_words(asked=asked, remembered=remembered, accepted=accepted)
    assert chosen.language == language


def test_errors_speak_the_language_of_the_page() -> None:
    korean = catalogue()["ko"]
    assert korean.sentence(NotFound()) != NotFound().sentence
    assert "60" in korean.sentence(TooManyRequests(seconds=60))
    reason = "This text is too long. Please shorten it."
    assert korean.sentence(MalformedField(reason=reason)) == korean(reason) != reason
    assert korean.sentence(MalformedField(reason="{unknown} words")) == "{unknown} words"
    assert catalogue()["en"].sentence(BadInput()) == BadInput().sentence


def test_moments_are_written_in_the_zone_of_the_language() -> None:
    at = datetime(2026, 11, 22, 22, 34, tzinfo=UTC)
    assert "2026년 11월 23일" in catalogue()["ko"].moment(at)
    assert "November 22, 2026" in catalogue()["en"].moment(at)


def test_languages_are_named_in_their_own_words() -> None:
    assert ("ko", "한국어") in language_names()
    assert ("en", "English") in language_names()


def test_korean_speaks_in_one_polite_form() -> None:
    """해요체 throughout: a change of form in the middle of a page sounds like an office."""
    for message, said in catalogue()["ko"].sentences.items():
        assert "니다" not in said, message
