# SPDX-License-Identifier: Apache-2.0
"""The centre's day at the console: sent, received, looked; and how the case then stands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from installations import report
from typer.testing import CliRunner, Result

from haechi.cli._app import app
from haechi.errors import MalformedField, NotFound
from haechi.settings import load_settings
from haechi.workflows import Sighting, open_context

Call = Callable[..., Result]


@pytest.fixture
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HAECHI_CENTRE_NAME", "Haechi Centre")
    monkeypatch.setenv("HAECHI_CENTRE_CONTACT", "case@centre.example")
    return tmp_path / "data"


@pytest.fixture
def number(data_folder: Path) -> str:
    with open_context(load_settings(data_folder=data_folder), follows=False) as ctx:
        return report(ctx, sightings=(Sighting(url="https://example.com"),)).case.number


@pytest.fixture
def run(data_folder: Path) -> Call:
    def call(*words: str) -> Result:
        return CliRunner().invoke(app, [*words, "--data-folder", str(data_folder)])

    return call


def _json(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_case_from_the_draft_to_what_was_found(run: Call, number: str) -> None:
    asked = ("notice", "draft", number, "--service", "Forum", "--good-faith", "--authorised")
    notice = _json(run(*asked, "--json"))["id"]
    sent = _json(run("notice", "sent", number, notice, "--json"))
    assert (sent["status"], sent["is_confirmed"], sent["received_at"]) == ("sent", False, None)
    assert sent["due_at"] > sent["sent_at"]
    received = run("notice", "received", number, notice)
    assert "counted from the receipt" in received.stdout
    look = ("case", "check", number, "--place", "1", "--outcome", "blocked_in", "--country", "kr")
    assert _json(run(*look, "--json"))["country"] == "KR"
    case = _json(run("case", "show", number, "--json"))
    (standing,) = case["timelines"]
    assert (standing["state"], standing["blocked_in"]) == ("blocked", ["KR"])
    assert standing["next"]["kind"] == "next_look"
    assert case["notices"][0]["received_at"] is not None
    assert case["agency"] == "unset"
    shown = run("case", "show", number).stdout
    assert "blocked KR, next: next_look" in shown
    assert "removed" not in shown
    assert notice in shown


def test_the_id_of_a_draft_is_not_in_its_text(run: Call, number: str) -> None:
    drafted = run("notice", "draft", number, "--service", "Forum", "--good-faith", "--authorised")
    assert "Notice ntc_" in drafted.stderr
    assert "ntc_" not in drafted.stdout


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (("case", "check", "{}", "--outcome", "gone"), MalformedField, "blocked_in"),
        (("case", "check", "{}", "--outcome", "blocked_in"), MalformedField, "KR"),
        (("case", "check", "{}", "--outcome", "up", "--place", "2"), NotFound, ""),
        (("case", "check", "{}", "--outcome", "up", "--at", "today"), MalformedField, "09:30"),
        (("notice", "sent", "{}", "ntc_none"), NotFound, ""),
        (("notice", "received", "{}", "ntc_none"), NotFound, ""),
    ],
)
def test_what_cannot_be_recorded_is_said(
    run: Call, number: str, words: tuple[str, ...], error: type[Exception], said: str
) -> None:
    done = run(*(word.format(number) for word in words))
    assert isinstance(done.exception, error)
    assert said in str(done.exception)


@pytest.mark.parametrize(
    "words", [("case", "check"), ("notice", "sent"), ("notice", "received")], ids=" ".join
)
def test_every_help_ends_with_an_example(words: tuple[str, ...]) -> None:
    assert (
        f"Example: haechi {' '.join(words)}" in CliRunner().invoke(app, [*words, "--help"]).stdout
    )
