# SPDX-License-Identifier: Apache-2.0
"""The edits bench on a few small photos: what is counted, what is wrong, what is left out."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from haechi.bench import _edits, _edits_peers, _edits_photos, _edits_round
from haechi.bench._edits_count import OURS, counted, recall_figures
from haechi.bench._edits_edit import Strength
from haechi.bench._edits_ours import Said
from haechi.bench._edits_peers import PEERS, peers_said
from haechi.bench._edits_photos import SentPhotos, distinct_photos, in_split
from haechi.bench._edits_round import EditedUpload, Looked, PhotoEdits, look_at_edits
from haechi.bench._edits_suite import EXPECTED_FAILURES, all_edits
from haechi.bench._edits_wrong import pair_figures, structured_figures, wrong_among_edits
from haechi.bench._negatives_kinds import NegativePair, NegativeSet
from haechi.errors import MalformedField
from haechi.values import SignalType
from haechi.workflows import Reason, Verdict

SAME = Said(Verdict.SAME, Reason.NEAR_VALUE, SignalType.PDQ, 2)
REVIEW = Said(Verdict.REVIEW, Reason.FAR_VALUE, SignalType.PDQ, 30)


def _photo(seed: int) -> Image.Image:
    noise = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), np.uint8)
    return Image.fromarray(noise).resize((320, 240), Image.Resampling.BICUBIC)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(7):
        _photo(seed).save(folder / f"{seed}.png")
    _photo(6).resize((640, 480)).save(folder / "6 again.png")
    Image.new("RGB", (40, 40)).save(folder / "small.png")
    (folder / "broken.jpg").write_bytes(b"no picture")
    return folder


@pytest.fixture(autouse=True)
def _peers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Peers that know nothing, and pixels that say which file shows a picture again."""

    def alike(script: str, paths: list[str]) -> list[list[int]]:
        assert script == "alike_with_opencv"
        names = [Path(path).name for path in paths]
        if "6 again.png" not in names:
            return []
        return [[names.index("6.png"), names.index("6 again.png")]]

    monkeypatch.setattr(_edits_photos, "ask_peer", alike)
    monkeypatch.setattr(_edits_peers, "ask_peer", lambda _script, paths: [None] * len(paths))


def _upload(photo: int, edit: int, ours: dict[int, Said], lent: set[int] | None = None) -> Any:
    looked = Looked(ours, {peer: frozenset() for peer in PEERS}, 0.1)
    return EditedUpload(photo, edit, frozenset(lent or ()), looked)


class TestPhotos:
    def test_of_each_picture_the_largest_file(self, photos: Path) -> None:
        found, left_out = distinct_photos(photos)
        names = [photo.path.name for photo in found]
        assert names == ["0.png", "1.png", "2.png", "3.png", "4.png", "5.png", "6 again.png"]
        assert left_out == 1

    def test_the_halves_share_nothing_and_miss_nothing(self, photos: Path) -> None:
        found, _ = distinct_photos(photos)
        test, tune = in_split(found, "test"), in_split(found, "tune")
        assert test
        assert tune
        assert sorted(test + tune) == in_split(found, "all") == list(range(7))

    def test_a_half_does_not_depend_on_name_or_neighbours(self, photos: Path) -> None:
        before = {photo.path.name: photo.is_test for photo in distinct_photos(photos)[0]}
        (photos / "0.png").unlink()
        (photos / "1.png").rename(photos / "z.png")
        after = {photo.path.name: photo.is_test for photo in distinct_photos(photos)[0]}
        assert after.pop("z.png") == before.pop("1.png")
        assert after.items() <= before.items()


class TestWork:
    def test_every_edit_comes_equally_often_and_never_twice_to_a_photo(self) -> None:
        work = _edits._work(range(73), 73, 40)
        assert all(len(set(one.edits)) == 40 for one in work)
        counts = Counter(edit for one in work for edit in one.edits)
        assert set(counts) == set(range(len(all_edits())))
        assert max(counts.values()) - min(counts.values()) <= 1

    def test_no_photo_is_lent_to_itself(self) -> None:
        assert all(one.photo not in one.others for one in _edits._work(range(9), 9, 3))

    def test_all_means_all(self) -> None:
        assert [len(one.edits) for one in _edits._work([1, 2], 5, None)] == [len(all_edits())] * 2


class TestPeers:
    @staticmethod
    def _hashes(bits: int, *, quality: int = 100) -> dict[str, Any]:
        turned = [f"{(1 << 255) - 1:064x}"] * 7
        value = f"{(1 << bits) - 1:064x}"
        return {
            "turns": [value, *turned],
            "quality": quality,
            "perception": value,
            "imagehash": value[-16:],
        }

    def test_each_has_its_own_threshold(self) -> None:
        known = [self._hashes(0)]
        said = {bits: peers_said(self._hashes(bits), known) for bits in (10, 11, 31, 32, 51, 52)}
        nearest = {peer: max(bits for bits, found in said.items() if found[peer]) for peer in PEERS}
        assert list(nearest.values()) == [31, 31, 51, 10]

    def test_flat_pictures_are_not_looked_for(self) -> None:
        found = peers_said(self._hashes(0, quality=49), [self._hashes(0)])
        assert [bool(places) for places in found.values()] == [False, False, True, True]
        found = peers_said(self._hashes(0), [self._hashes(0, quality=49), None])
        assert [bool(places) for places in found.values()] == [False, False, True, True]

    def test_turns_are_of_the_upload(self) -> None:
        turned = self._hashes(0) | {"turns": ["f" * 64, "0" * 64]}
        found = peers_said(turned, [self._hashes(0)])
        assert [bool(places) for places in found.values()][:2] == [False, True]


class TestCounting:
    def test_any_verdict_on_the_photo_itself_is_found(self) -> None:
        edit = next(at for at, one in enumerate(all_edits()) if one.strength is Strength.MIDDLE)
        cell = (all_edits()[edit].family, Strength.MIDDLE)
        counts = counted(
            [
                _upload(0, edit, {0: SAME}),
                _upload(1, edit, {1: REVIEW}),
                _upload(2, edit, {0: SAME}),
                _upload(3, edit, {}),
            ]
        )
        assert counts.recall(OURS, cell) == 0.5
        assert counts.recall(Verdict.REVIEW, cell) == 0.25
        assert counts.recall(next(iter(PEERS)), cell) == 0

    def test_expected_failures_are_shown_and_held_to_nothing(self) -> None:
        uploads = [
            _upload(0, at, {})
            for at, edit in enumerate(all_edits())
            if edit.strength is Strength.MIDDLE
        ]
        figures = list(recall_figures(counted(uploads)))
        held = {figure.name for figure in figures if figure.goal and figure.peer}
        shown = [figure.name for figure in figures if "expected to fail" in figure.name]
        assert any(name.startswith("photographed screen, middle") for name in shown)
        assert not any("expected to fail" in name for name in held)
        middle = {edit.family for edit in all_edits() if edit.strength is Strength.MIDDLE}
        expected = {family for family, strength in EXPECTED_FAILURES if strength == "middle"}
        low = next(figure for figure in figures if figure.name.startswith("families under"))
        assert low.value == len(middle - expected)
        assert low.holds is False

    def test_what_is_lent_is_no_wrong_picture(self) -> None:
        uploads = [
            _upload(0, 0, {0: SAME, 3: REVIEW}, {3}),
            _upload(1, 0, {2: REVIEW, 4: SAME}),
            _upload(2, 0, {2: SAME}),
        ]
        by_name = {figure.name: figure for figure in wrong_among_edits(uploads, 300)}
        wrong = by_name["wrong pictures, edited photos among the others, 3 uploads of 300"]
        assert wrong.value == 1
        assert by_name["of these as same: edited photos among the others"].value == 1
        assert by_name["of these as review: edited photos among the others"].value == 0

    def test_the_bound_is_of_photos_not_of_uploads(self) -> None:
        uploads = [_upload(photo, edit, {}) for photo in range(30) for edit in range(5)]
        by_name = {figure.name: figure for figure in wrong_among_edits(uploads, 30)}
        name = "so at most this share of pictures (95 %): edited photos among the others"
        assert by_name[name].value == pytest.approx(0.1)

    def test_in_a_set_only_itself_and_what_it_shows_are_right(self) -> None:
        negatives = NegativeSet("chats", (b"", b"", b""), (0, None, 1))
        peers = {peer: frozenset[int]() for peer in PEERS}
        looks = [
            Looked({0: SAME, 5: SAME}, peers, 0.1),  # the photo it shows, and itself
            Looked({5: REVIEW}, peers, 0.1),  # another of the set
            Looked({0: SAME}, peers, 0.1),  # a photo that it does not show
        ]
        figures = list(structured_figures([(negatives, looks)], known=5))
        assert figures[0].value == 2
        assert figures[0].holds is False
        assert "wrong pictures, chats, 3 uploads (1 review, 1 same)" in {f.name for f in figures}

    def test_a_scene_may_be_reviewed_and_never_the_same(self) -> None:
        pairs = [NegativePair("scene", b"", b"")] * 3
        peers = {peer: frozenset[int]() for peer in PEERS}
        looks = [Looked({0: REVIEW}, peers, 0), Looked({0: SAME}, peers, 0), Looked({}, peers, 0)]
        figures = list(pair_figures("same scene", pairs, looks, may_be_same=False))
        assert [(figure.value, figure.holds) for figure in figures[:3]] == [
            (0, True),
            (0, None),
            (1, None),
        ]


def test_which_other_photos_are_in_an_upload_is_noted(photos: Path, tmp_path: Path) -> None:
    found, _ = distinct_photos(photos)
    (tmp_path / "sent").mkdir()
    sent = SentPhotos.of(found, tmp_path / "sent")
    assert sent[-1].size == (640, 480)
    known = _edits_round.Known.of([photo.path for photo in found])
    edits = {edit.name: at for at, edit in enumerate(all_edits())}
    joined = next(at for name, at in edits.items() if all_edits()[at].family == "collage")
    work = [PhotoEdits(0, (edits["JPEG 75"], joined), (2, 3, 4, 5))]
    plain, collage = look_at_edits(work, sent=sent, known=known, seed=1)
    assert plain.lent == frozenset()
    assert collage.lent
    assert collage.lent <= {2, 3, 4, 5}
    assert 0 in plain.looked.ours
    assert not set(plain.looked.ours) - {0}


def test_a_small_run(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_edits, "_PAIRS", 1)
    whole = _edits.structured_sets
    monkeypatch.setattr(
        _edits, "structured_sets", lambda sent, **_: list(whole(sent, seed=1, count=1))[:1]
    )
    said: list[str] = []
    report = _edits.bench_edits(
        photos, most_photos=2, edits_each=3, out=tmp_path / "out", processes=0, say=said.append
    )
    by_name = {figure.name: figure for figure in report.figures}
    assert by_name["photos that are known"].value == 7
    assert by_name["photos that were edited"].value == 2
    assert said
    assert report.plots == (tmp_path / "out" / "edits-recall.png",)
    with Image.open(report.plots[0]) as plot:
        assert plot.width == 1800
    with (tmp_path / "out" / "edits-uploads.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    assert {row["photo"] for row in rows} <= {path.name for path in photos.iterdir()}


def test_too_few_photos(tmp_path: Path) -> None:
    with pytest.raises(MalformedField, match="6 different photos"):
        _edits.bench_edits(tmp_path, processes=0)
