# SPDX-License-Identifier: Apache-2.0
"""The live bench: one small real run, and what it does when a server does not come to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from haechi import bank
from haechi.bench import _live, _live_bank, _live_load
from haechi.bench._live_bank import installation
from haechi.bench._live_load import _until
from haechi.bench._live_server import Asker
from haechi.errors import OutsideServiceFailed
from haechi.settings import load_settings
from haechi.workflows import open_context


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(_live_bank, "checkout", lambda: tmp_path / "checkout")
    return tmp_path / "checkout"


def _contents(folder: Path) -> int:
    settings = load_settings({}, data_folder=folder)
    with open_context(settings, follows=False) as ctx, ctx.database.read() as tx:
        return bank.feed_position(tx)


class Answers:
    """A server that finds a value from its nth answer on."""

    def __init__(self, found_from: int) -> None:
        self._left = found_from

    def post(self, _path: str, _body: Any) -> tuple[dict[str, list[str]], str]:
        self._left -= 1
        return {"matches": ["it"] if self._left <= 0 else []}, ""


def test_filling_goes_on_where_it_was_cut_off(
    tmp_path: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_live_bank, "_AT_ONCE", 4)
    said: list[str] = []

    def cut_off(text: str) -> None:
        said.append(text)
        if len(said) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        installation(10, tmp_path / "one", cut_off)
    kept = checkout / "build" / "bench-live" / "10"
    assert _contents(kept) == 4
    settings = installation(10, tmp_path / "two", said.append)
    assert _contents(settings.data_folder) == _contents(kept) == 10
    assert said[2:] == ["filling the bank, 4 of 10", "filling the bank, 8 of 10"]


def test_without_a_checkout_it_is_filled_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere() -> Path:
        raise OutsideServiceFailed(service="", reason="")

    monkeypatch.setattr(_live_bank, "checkout", nowhere)
    settings = installation(3, tmp_path, lambda _text: None)
    assert _contents(settings.data_folder) == 3


def test_each_server_is_asked_until_it_answers_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_live_load, "_PAUSE_S", 0.001)
    monkeypatch.setattr(_live_load, "_GIVE_UP_S", 0.2)
    servers = [cast("Asker", Answers(at)) for at in (1, 5, 10**9)]
    at_once, later, never = _until(servers, {}, is_found=True)
    assert at_once < later < never == 0.2


def test_a_small_real_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_live, "_WARM_UP_S", 0.5)
    report = _live.bench_live(20, rate_per_s=8, seconds=1)
    by_name = {figure.name: figure for figure in report.figures}
    for what in ("report to protected", "withdrawal to silent"):
        for server in ("the server that took it", "another server", "a follower of that"):
            assert 0 < by_name[f"{what}, {server}, median of 2"].value < 15_000
            assert by_name[f"{what}, {server}, 99th percentile"].goal == "< 1000 ms"
    assert by_name["reports taken a second"].value > 1
    assert by_name["start until ready with 2e-05 M contents"].value > 0
    compared = [
        figure for figure in report.figures if figure.name.startswith(("missed", "too many"))
    ]
    assert [figure.value for figure in compared] == [0, 0, 0, 0]
