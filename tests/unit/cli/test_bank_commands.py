# SPDX-License-Identifier: Apache-2.0
"""`haechi bank`: each command on a real installation, in this process."""

from __future__ import annotations

import io
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from installations import pdq_value
from typer.testing import CliRunner, Result

from haechi.cli import app
from haechi.errors import HaechiError, MalformedField, NotFound

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a command of `haechi bank`; an error of ours is raised, as the way out turns it into a status."""

    def call(*arguments: object, stdin: bytes = b"") -> Result:
        words = ["bank", *map(str, arguments), "--data-folder", str(tmp_path / "data")]
        done = CliRunner().invoke(app, words, input=stdin)
        if isinstance(done.exception, HaechiError):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done

    return call


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    path = tmp_path / "list.txt"
    path.write_text(f"pdq {pdq_value(1).hex}\nsomething else\npdq {pdq_value(2).hex}\n")
    return path


def _lines(done: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_bank_from_its_making_to_its_end(run: Run, listed: Path, tmp_path: Path) -> None:
    (made,) = _lines(
        run("add", "known", "--policy", "review", "--radius", 12, "--limited", "--off", "--json")
    )
    facts = {"policy": "review", "radius": 12, "limited": True, "on": False, "writers": "lead"}
    assert made == {"name": "known", "note": "", **facts}
    (changed,) = _lines(run("change", "known", "--on", "--for-all", "--note", "x", "--json"))
    assert changed == {**made, "on": True, "limited": False, "note": "x"}

    (report,) = _lines(run("import", "known", listed, "--format", "tx", "--json"))
    assert (report["added"], report["known"]) == (2, 0)
    assert report["named"] == [{"place": "line 2", "reason": "a type that is not known here"}]
    (bad,) = _lines(run("aside", report["import"], "--json"))
    assert (bad["place"], bad["reason"]) == ("line 2", "a type that is not known here")
    assert "line 2" in run("aside", report["import"]).output
    again = run("import", "known", "-", "--adults", stdin=listed.read_bytes())
    assert "0 added, 2 known already, 1 set aside" in again.output
    assert "line 2: a type that is not known here" in again.output

    (view,) = _lines(run("show", "known", "--json"))
    assert view["active"] == 2
    first, second = (content["content"] for content in view["contents"])
    run("hold", "known", first, "--until", "2027-01-01T00:00Z")
    run("note", "known", first, "a logo\x1b[31m")
    run("withdraw", "known", second, "--json")
    shown = run("show", "known", "--status", "held").output
    assert first in shown
    assert second not in shown
    assert "until 2027-01-01 00:00 UTC" in shown

    (history,) = _lines(run("history", "known", first, "--json"))
    verbs = [event["verb"] for event in history["events"]]
    assert verbs == ["note_content", "hold_content"]
    said = run("history", "known", first).output
    assert "a logo\\x1b[31m" in said
    assert "\x1b" not in said
    run("release", "known", first)
    run("lift", "known", first)

    out = tmp_path / "out.csv"
    run("export", "known", "--format", "csv", "--out", out)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert [line.split(",")[0] for line in out.read_text().splitlines()] == ["content", first]
    with pytest.raises(MalformedField):
        run("export", "known", "--out", out)
    exported = run("export", "known", "--format", "tx")
    assert exported.stdout.splitlines()[1] == f"pdq {pdq_value(1).hex}"
    assert "Keep it sealed" in exported.stderr
    assert _lines(run("list", "--json"))[0]["withdrawn"] == 1
    assert "known  review, within 12 bits, 1 active, 0 held, 1 withdrawn" in run("list").output


def test_what_is_wrong_is_said_and_leaves_nothing(run: Run, tmp_path: Path) -> None:
    run("add", "known")
    for wrong in (
        ("add", "known"), ("add", "other", "--radius", 32), ("show", "other"),
        ("access", "known", "--partner", "none", "--read"), ("hold", "known", "con_none"),
        ("import", "known", tmp_path / "none.txt"), ("import", "known", tmp_path),
        ("export", "known", "--for", "none", "--out", tmp_path / "out"),
        ("hold", "known", "con_none", "--until", "tomorrow"),
    ):  # fmt: skip
        with pytest.raises(HaechiError):
            run(*wrong)
    assert not (tmp_path / "out").exists()
    assert len(run("list").output.splitlines()) == 1


def test_access_is_shown(run: Run, tmp_path: Path) -> None:
    run("add", "known", "--limited")
    folder = ["--data-folder", str(tmp_path / "data")]
    added = ["partner", "add", "--name", "forum", "--scope", "match", *folder]
    assert CliRunner().invoke(app, added).exit_code == 0
    run("access", "known", "--partner", "forum", "--read", "--write", "--json")
    assert "forum  reads and writes" in run("show", "known").output
    run("access", "known", "--partner", "forum")
    assert "forum" not in run("show", "known").output
    with pytest.raises(NotFound):
        run("history", "known", "con_none")


def test_half_a_list_is_not_left_lying(
    run: Run, listed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("add", "known")
    run("import", "known", listed)

    def write(_: object, text: str) -> int:
        raise OSError("the disk is full")

    out = tmp_path / "out"
    monkeypatch.setattr("haechi.cli._bank_files.os.fdopen", lambda *_, **__: _Full())
    monkeypatch.setattr(_Full, "write", write)
    with pytest.raises(AssertionError):
        run("export", "known", "--out", out)
    assert not out.exists()


class _Full(io.StringIO):
    """A file on a disk that is full."""
