# SPDX-License-Identifier: Apache-2.0
"""The API bench: one small real run, and what it does when an answer is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from haechi.bench import _api, _api_load, _live_bank
from haechi.bench._api_load import Order, ask_as_fast_as_answered
from haechi.errors import OutsideServiceFailed


@pytest.fixture(autouse=True)
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_live_bank, "checkout", lambda: tmp_path / "checkout")
    monkeypatch.setattr(_api, "_WARM_UP_S", 0.3)
    monkeypatch.setattr(_api, "_BATCH_SIGNALS", 300)
    monkeypatch.setattr(_api, "_KNOWN_EVERY", 10)
    monkeypatch.setattr(_api, "_peer_rates", lambda _size: (1000.0, 2000.0))


def test_a_small_real_run() -> None:
    report = _api.bench_api(20, seconds=0.4)
    by_name = {figure.name: figure for figure in report.figures}
    held = "2e-05 M contents"
    for known in ("nothing known", "one in a thousand known"):
        rate = by_name[f"lookups, {held}, {known}, a second"]
        assert rate.value > 1
        assert rate.goal == "≥ 4100 /s"
        assert rate.ratio == pytest.approx(rate.value / 1000)
        assert by_name[f"lookups, {held}, {known}, 99th percentile"].goal == "< 20 ms"
        batch = by_name[f"signals in batches of 300, {held}, {known}, a second"]
        assert batch.value > 1
        assert batch.goal == "≥ 50000 /s"
        assert batch.ratio == pytest.approx(batch.value / 2000)
    # As many were answered as known as were asked that are: 1 of 10, give or take chance.
    for how in ("one by one", "in batches"):
        assert 0.5 < by_name[f"known that were answered as known, {how}"].value < 1.5


def test_an_answer_that_is_an_error_is_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    order = Order(1, "token", 1, 1, 0.1, 0.1)
    with pytest.raises(OutsideServiceFailed):
        ask_as_fast_as_answered(order)
    monkeypatch.setattr(_api_load, "_SENDER", Path(__file__))
    with pytest.raises(OutsideServiceFailed):
        ask_as_fast_as_answered(order)
