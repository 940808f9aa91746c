# SPDX-License-Identifier: Apache-2.0
"""The search bench compares every answer, and says so when one is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haechi.bench import _search, _search_ours
from haechi.bench._search_sets import RADIUS_BITS, brute_force, search_sets


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_search_ours, "_LIVE_S", 0.05)


def near(known: np.ndarray, asked: np.ndarray) -> list[tuple[int, int, int]]:
    """Every (query, row, distance) of keys within 8 bits."""
    found = np.bitwise_count(asked[:, None] ^ known).sum(axis=2, dtype=np.int64)
    return [(int(q), int(row), int(found[q, row])) for q, row in np.argwhere(found <= 8)]


def peer(loses: str = "") -> Any:
    """Answers as faiss does, by brute force; loses one row of the set that is named."""

    def ask(_script: str, question: dict[str, Any], *, threads: int) -> dict[str, Any]:
        assert threads == 1
        folder, answer = Path(question["folder"]), {}
        for name, kinds in question["sets"].items():
            known, asked = (np.load(folder / f"{name}.{part}.npy") for part in ("known", "asked"))
            found = near(known, asked) if name == "regions" else brute_force(known, asked)
            rows = np.array(found, dtype=np.int64).reshape(-1, 3)
            for kind in kinds:
                np.save(folder / f"{name}.{kind}.npy", rows[1:] if name == loses else rows)
            answer[name] = {kind: {"build_s": 1.0, "us": 1e6, "single_us": 1e6} for kind in kinds}
        return answer

    return ask


def test_a_small_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_search, "ask_peer", peer())
    report = _search.bench_search(2000)
    assert report.bench == "match"
    by_name = {figure.name: figure for figure in report.figures}
    assert by_name["recall at distances 0 to 31, random"].value == 1
    exact = [figure for figure in report.figures if figure.name.startswith("the same ")]
    assert len(exact) == 9
    assert all(figure.holds for figure in exact)
    ratios = [
        figure.ratio for figure in report.figures if figure.name == "search in 0.002 M, one core"
    ]
    assert len(ratios) == 3
    assert min(ratios) > 100


def test_a_wrong_answer_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_search, "ask_peer", peer(loses="clustered"))
    report = _search.bench_search(1000)
    missed = [figure.name for figure in report.figures if figure.holds is False]
    assert "the same answers, clustered" in missed
    assert "the same answers, random" not in missed


def test_a_lost_vote_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_search, "ask_peer", peer(loses="regions"))
    report = _search.bench_search(1000)
    missed = [figure.name for figure in report.figures if figure.holds is False]
    assert "the same votes" in missed


def test_sets_are_the_same_for_a_seed_and_planted_where_they_say() -> None:
    one, again = (search_sets(700, seed=3) for _ in range(2))
    for first, second in zip(one, again, strict=True):
        assert first.known.tobytes() == second.known.tobytes()
        assert first.asked.tobytes() == second.asked.tobytes()
    chosen = one[0]
    planted = chosen.planted[chosen.planted >= 0]
    bits = np.bitwise_count(chosen.asked[: len(planted)] ^ chosen.known[planted]).sum(axis=1)
    assert sorted(set(bits.tolist())) == list(range(RADIUS_BITS + 1))
