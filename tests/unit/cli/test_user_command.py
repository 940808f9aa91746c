# SPDX-License-Identifier: Apache-2.0
"""`haechi user`: the first admin, and everybody after."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from haechi.cli._app import app
from haechi.errors import MalformedField, NotFound
from haechi.settings import load_settings
from haechi.workflows import open_context, read_invitation

Call = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("HAECHI_PUBLIC_URL", "https://haechi.example/")

    def call(*words: str) -> Result:
        return CliRunner().invoke(app, ["user", *words, "--data-folder", str(tmp_path / "data")])

    return call


def test_added_invited_disabled_and_back(run: Call, tmp_path: Path) -> None:
    added = run("add", "--login", "Min", "--role", "admin")
    assert added.exit_code == 0, added.output
    first = added.stdout.strip()
    assert first.startswith("https://haechi.example/work/invitation/")
    assert "shown once" in added.stderr
    again = json.loads(run("invite", "--login", "min", "--json").stdout)
    assert again["login"] == "min"
    assert again["invitation"] != first
    with open_context(load_settings(data_folder=tmp_path / "data"), follows=False) as ctx:
        token = again["invitation"].rpartition("/")[2]
        assert read_invitation(ctx, token=token) == "min"
        with pytest.raises(NotFound):
            read_invitation(ctx, token=first.rpartition("/")[2])
    assert run("list").stdout == "min  admin  invited\n"
    assert json.loads(run("disable", "--login", "min", "--json").stdout) == {
        "login": "min", "disabled": True,
    }  # fmt: skip
    assert run("list").stdout == "min  admin  disabled\n"
    assert isinstance(run("invite", "--login", "min").exception, MalformedField)
    assert run("disable", "--login", "min", "--undo").exit_code == 0
    told = json.loads(run("list", "--json").stdout)
    assert told == {
        "login": "min", "role": "admin", "state": "needs an invitation",
        "app": False, "passkeys": 0,
    }  # fmt: skip


def test_what_cannot_be_is_said(run: Call) -> None:
    run("add", "--login", "min", "--role", "worker")
    assert isinstance(run("add", "--login", "MIN", "--role", "lead").exception, MalformedField)
    assert isinstance(run("disable", "--login", "nobody").exception, NotFound)
    assert run("add", "--login", "jae", "--role", "king").exit_code == 2
