# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from haechi.bench import _hash
from haechi.bench._figures import Report
from haechi.bench._hash import bench_hash
from haechi.errors import MalformedField
from haechi.media import open_picture
from haechi.signals import pdq


def _photo(seed: int) -> Image.Image:
    noise = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), np.uint8)
    return Image.fromarray(noise).resize((420, 300), Image.Resampling.BICUBIC)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    (tmp_path / "more").mkdir()
    _photo(1).save(tmp_path / "one.JPG")
    _photo(2).save(tmp_path / "more" / "two.webp")
    (tmp_path / "more" / "three.png").write_bytes(b"no picture")
    (tmp_path / "notes.txt").write_text("no picture either")
    return tmp_path


def _report(
    photos: Path, monkeypatch: pytest.MonkeyPatch, *, ms: float, wrong_bits: int = 0
) -> tuple[Report, dict[str, Any]]:
    asked: dict[str, Any] = {}

    def peer(script: str, question: dict[str, Any]) -> list[dict[str, Any]]:
        asked.update(question, script=script)
        signals = [pdq(open_picture(Path(path).read_bytes())) for path in question["paths"]]
        return [
            {
                "value": f"{int(signal.hex, 16) ^ ((1 << wrong_bits) - 1):064x}",
                "quality": signal.quality,
                "ms": ms,
            }
            for signal in signals
        ]

    monkeypatch.setattr(_hash, "ask_peer", peer)
    return bench_hash(photos, rounds=1), asked


def test_every_size_is_there_and_made_photos_are_named(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, asked = _report(photos, monkeypatch, ms=1e6)
    assert asked["script"] == "hash_with_pdqhash"
    names = [figure.name for figure in report.figures]
    for made in ("12-megapixel JPEG", "1.6-megapixel JPEG"):
        assert f"{made} (made of the 2 largest photos) → PDQ, median of 2" in names
    assert "JPEG of up to half a megapixel → PDQ, median of 1" in names
    assert "WebP → PDQ, median of 1" in names
    assert not any(name.startswith("PNG") for name in names)
    assert [figure.holds for figure in report.figures if figure.ratio and figure.goal] == [True] * 4
    # What was made is gone again, and the folder is as it was.
    assert len(list(photos.rglob("*"))) == 5
    assert sum(not Path(path).exists() for path in asked["paths"]) == 4


def test_missed_goals_are_told_as_missed(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report, _ = _report(photos, monkeypatch, ms=1e-6, wrong_bits=11)
    held = {figure.name: figure.holds for figure in report.figures if figure.goal is not None}
    assert len(held) == 5
    assert set(held.values()) == {False}


def test_a_folder_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(MalformedField, match="a photo"):
        bench_hash(tmp_path)
