# SPDX-License-Identifier: Apache-2.0
"""`haechi bench` at its edge: what it hands on, what it prints, how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from haechi import bench
from haechi.bench import Figure, Report
from haechi.cli import app
from haechi.cli._bench_table import _number
from haechi.cli._handed import Handed

FIGURES = (
    Figure("search in 1 M", 24.3, "µs", "Flat", 2310.0, 95.06, "≥ 20 ×", True),
    Figure("search in 1 M", 24.3, "µs", "MultiHash", 61.0, 2.51, "≥ 4 ×", False),
    Figure("recall", 0.96, "", interval=(0.91, 0.98)),
)


class Benches:
    """Notes what is asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        def run(*args: Any, **options: Any) -> Report:
            options.pop("say", lambda _text: None)("half of it")
            self.asked.append((name.removeprefix("bench_"), (*args, options)))
            return Report(name.removeprefix("bench_"), FIGURES)

        return run


@pytest.fixture
def benches() -> Benches:
    return Benches()


def run(benches: Benches, *words: str | Path) -> Result:
    handed = Handed(
        run_site=lambda _settings: None, load_benches=lambda: benches, run_bot=lambda *_: None
    )
    return CliRunner().invoke(app, ["bench", *map(str, words)], obj=handed)


def test_the_real_benches_can_be_handed_over() -> None:
    for name in ("search", "hash", "video", "live", "api", "edits"):
        assert callable(getattr(bench, f"bench_{name}"))


def test_one_object_of_json_as_the_contract_says(benches: Benches) -> None:
    done = run(benches, "match", "--size", "1e6", "--threads", "2", "--json")
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert list(told) == ["bench", "machine", "figures"]
    assert told["bench"] == "search"
    contract = {"name", "value", "unit", "peer", "peer_value", "ratio", "goal", "holds"}
    assert all(contract <= set(figure) for figure in told["figures"])
    assert told["figures"][2]["peer"] is None
    assert done.stderr == ""
    assert benches.asked == [("search", (1_000_000, {"threads": 2}))]


def test_the_table_has_a_column_for_each_peer_and_says_what_is_missed(benches: Benches) -> None:
    done = run(benches, "match")
    rows = [line for line in done.stdout.splitlines() if "search in 1 M" in line]
    assert len(rows) == 1
    for cell in ("24.3 µs", "2310 µs  95.1 ×", "61 µs  2.51 ×", "≥ 20 ×  holds"):
        assert cell in rows[0]
    assert "≥ 4 ×  MISSED" in done.stdout
    assert "0.96 (0.91–0.98)" in done.stdout
    assert "1 of 2 goals hold." in done.stdout


def test_a_missed_goal_is_no_error(benches: Benches, tmp_path: Path) -> None:
    assert run(benches, "hash", tmp_path).exit_code == 0


def test_what_is_asked_for_is_handed_on(benches: Benches, tmp_path: Path) -> None:
    words = ("--negatives", tmp_path, "--split", "test", "--photos", "5")
    run(benches, "edits", tmp_path, *words)
    run(benches, "edits", tmp_path, "--all", "--out", tmp_path / "out")
    run(benches, "live", "--size", "2e4", "--rate", "20", "--seconds", "3")
    run(benches, "api", "--size", "2e4", "--seconds", "3")
    run(benches, "video")
    (_, (photos, first)), (_, (_, second)), live, api, video = benches.asked
    assert photos == tmp_path
    assert first == {
        "negatives": tmp_path, "split": "test", "most_photos": 5, "edits_each": 40, "out": None,
    }  # fmt: skip
    assert second["edits_each"] is None
    assert second["out"] == tmp_path / "out"
    assert live == ("live", (20_000, {"rate_per_s": 20.0, "seconds": 3.0}))
    assert api == ("api", (20_000, {"seconds": 3.0}))
    assert video == ("video", (None, {}))


def test_out_takes_the_json_too(benches: Benches, tmp_path: Path) -> None:
    done = run(benches, "hash", tmp_path, "--json", "--out", tmp_path / "a" / "b")
    written = (tmp_path / "a" / "b" / "hash.json").read_text(encoding="utf-8")
    assert json.loads(written) == json.loads(done.stdout)


def test_all_runs_every_bench_and_prints_a_line_each(benches: Benches, tmp_path: Path) -> None:
    done = run(benches, "all", tmp_path, "--json")
    names = [json.loads(line)["bench"] for line in done.stdout.splitlines()]
    assert sorted(names) == ["api", "edits", "hash", "live", "search", "video"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("match", "--size", "many"), "many is not a whole number"),
        (("match", "--size", "0"), "0 is not a whole number"),
        (("match", "--size", "nan"), "nan is not a whole number"),
        (("match", "--size", "1e99"), "1e99 is not a whole number"),
        (("match", "--size", "1.5"), "1.5 is not a whole number"),
        (("hash", "nowhere"), "does not exist"),
        (("hash",), "Missing argument"),
        (("edits", ".", "--split", "half"), "one of test, tune and all"),
        (("edits", ".", "--negatives", "nowhere"), "does not exist"),
        (("hash", ".", "--out", "/dev/null/x"), "cannot be made"),
    ],
)
def test_what_cannot_be_meant_is_said_before_anything_runs(
    benches: Benches, words: tuple[str, ...], said: str
) -> None:
    done = run(benches, *words)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert benches.asked == []


def test_numbers_are_short_and_not_wrong() -> None:
    shown = [_number(value) for value in (0, 1, 0.01234, 2.456, 24.31, 99.97, 231.4, 12345.6)]
    assert shown == ["0", "1", "0.0123", "2.46", "24.3", "100", "231", "12346"]
