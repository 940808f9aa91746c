# SPDX-License-Identifier: Apache-2.0
"""What `haechi exchange` is given: credentials from a file or standard input, options as NAME=VALUE."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from haechi.cli._exchange import _credentials, _options
from haechi.errors import FileNotReadable, MalformedField

GIVEN = {"user": "centre", "password": "very-secret"}


def test_credentials_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(GIVEN))
    assert _credentials(path) == GIVEN
    assert _credentials(None) == {}


def test_credentials_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(GIVEN)))
    assert _credentials(Path("-")) == GIVEN


@pytest.mark.parametrize(
    "text", ["user: very-secret", '["very-secret"]', '{"very-secret": 1}', "[" * 50_000, ""]
)
def test_credentials_that_are_none_are_not_repeated(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)
    with pytest.raises(MalformedField) as caught:
        _credentials(path)
    error = caught.value
    assert "very-secret" not in f"{error} {error!r} {error.__cause__!r}"
    assert error.__suppress_context__ or error.__context__ is None


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotReadable):
        _credentials(tmp_path / "none")


def test_options() -> None:
    given = ["privacy_group=12", "only_members=1, 2", "only_confirmed=yes", "public_key=ab=="]
    assert _options(given) == {
        "privacy_group": "12",
        "only_members": ["1", "2"],
        "only_confirmed": True,
        "public_key": "ab==",
    }
    assert _options(None) == {}
    with pytest.raises(MalformedField):
        _options(["form"])
