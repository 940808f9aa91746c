# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import itertools
from pathlib import Path

import av
import numpy as np
import pytest
import skimage
from PIL import Image

from haechi.bench._edits_edit import Surroundings
from haechi.bench._negatives_drawn import DRAWINGS
from haechi.bench._negatives_kinds import NegativePair, NegativeSet, chance
from haechi.bench._negatives_pairs import neighbour_pairs, same_scene_pairs
from haechi.bench._negatives_scene import Camera, Light, photographed, some_scene
from haechi.bench._negatives_sets import _photo_sets, structured_sets

DATA = Path(skimage.__file__).parent / "data"
VIDEOS = Path(__file__).parents[3].parent / "shared" / "conformance" / "vpdq"


def _photo(name: str) -> Image.Image:
    with Image.open(DATA / name) as picture:
        return picture.convert("RGB").resize((400, 300))


PHOTOS = [_photo(name) for name in ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg")]
SETS = list(structured_sets(PHOTOS, seed=1, count=2))


def _pixels(file: bytes, size: tuple[int, int] = (160, 120)) -> np.ndarray:
    with Image.open(io.BytesIO(file)) as picture:
        return np.asarray(picture.convert("RGB").resize(size), np.int16)


def _difference(one: bytes, other: bytes) -> float:
    return float(np.abs(_pixels(one) - _pixels(other)).mean())


def test_names_of_sets_are_unique() -> None:
    names = [one.name for one in SETS]
    assert len(set(names)) == len(names)
    assert len(names) > 40


@pytest.mark.parametrize("negatives", SETS, ids=lambda negatives: negatives.name)
def test_no_two_files_of_a_set_show_the_same(negatives: NegativeSet) -> None:
    assert len(negatives.files) == len(negatives.shows) <= 2
    for one, other in itertools.combinations(negatives.files, 2):
        assert _difference(one, other) > 0.5
    known = [place for place in negatives.shows if place is not None]
    assert len(set(known)) == len(known)
    assert all(0 <= place < len(PHOTOS) for place in known)
    if negatives.name != "plain parts of photos":
        assert len(negatives.files) == 2


def test_shared_things_are_the_same_and_the_photos_are_not() -> None:
    """The badge of a product page, the header of a chat: equal; what they surround: not."""
    by_name = {one.name: one for one in SETS}
    one, other = (_pixels(file, (100, 100)) for file in by_name["products on white"].files[:2])
    assert np.abs(one[6:22, 79:95] - other[6:22, 79:95]).mean() < 6
    assert np.abs(one[30:70, 35:65] - other[30:70, 35:65]).mean() > 20
    one, other = (_pixels(file, (100, 200)) for file in by_name["chat, blue dark"].files[:2])
    assert np.abs(one[:18] - other[:18]).mean() < 3
    assert np.abs(one[-18:] - other[-18:]).mean() < 3


def test_a_set_says_which_photo_it_shows() -> None:
    player = next(one for one in SETS if one.name == "video player")
    for file, place in zip(player.files, player.shows, strict=True):
        middle = _pixels(file)[5:50]
        distances = []
        for photo in PHOTOS:
            cut = photo.crop((0, 37, 400, 263)).resize((160, 120))
            distances.append(np.abs(np.asarray(cut, np.int16)[5:50] - middle).mean())
        assert int(np.argmin(distances)) == place


def test_sets_are_made_as_they_are_asked_for_and_alike_each_time() -> None:
    endless = structured_sets(PHOTOS, seed=1, count=2)
    assert next(endless) == SETS[0]
    other_seed = next(structured_sets(PHOTOS, seed=2, count=2))
    assert other_seed.name == SETS[0].name
    assert other_seed.files != SETS[0].files


def test_no_set_has_more_photos_than_there_are() -> None:
    of_photos = itertools.islice(_photo_sets(PHOTOS[:2], 1, 3), 1, 3)
    assert [len(one.files) for one in of_photos] == [2, 2]


def test_qr_codes_share_their_finder_squares_only() -> None:
    draw = DRAWINGS["QR codes"]
    codes = [np.asarray(draw(Surroundings(chance(1, place))).convert("L")) for place in range(3)]
    for one, other in itertools.combinations(codes, 2):
        assert np.array_equal(one[80:240, 80:240], other[80:240, 80:240])
        modules = one[260:580:20, 260:580:20] != other[260:580:20, 260:580:20]
        assert 0.3 < modules.mean() < 0.7


def test_pairs_are_alike_each_time_and_anew_with_another_seed() -> None:
    for pairs in (same_scene_pairs, neighbour_pairs):
        first = next(pairs(PHOTOS, seed=1, count=1))
        assert next(pairs(PHOTOS, seed=1, count=1)) == first
        assert next(pairs(PHOTOS, seed=2, count=1)) != first


def test_a_scene_changes_more_than_a_burst() -> None:
    scenes = [pair for pair in same_scene_pairs(PHOTOS, seed=3, count=2) if "made-up" in pair.name]
    bursts = list(neighbour_pairs(PHOTOS, seed=3, count=2))
    assert len(scenes) == len(bursts) == 2
    apart = [np.mean([_difference(p.reference, p.query) for p in ps]) for ps in (scenes, bursts)]
    assert apart[0] > 2 * apart[1] > 2


def test_the_stereo_pair_stands_among_the_scenes() -> None:
    pairs = [pair for pair in same_scene_pairs(PHOTOS, seed=1, count=0) if "stereo" in pair.name]
    assert len(pairs) == 1
    assert _difference(pairs[0].reference, pairs[0].query) > 8


def test_what_is_near_moves_more_than_what_is_far() -> None:
    """One step aside must not be undone by moving the whole picture: that would be a crop."""
    around = Surroundings(np.random.default_rng(0))
    scene = some_scene([PHOTOS[1]], around, things=0)
    light = Light(noise=0.0)
    still = np.asarray(photographed(scene, Camera(), light, around).convert("L"), np.float64)
    aside = photographed(scene, Camera(across=0.08), light, around)
    moved = np.asarray(aside.convert("L"), np.float64)
    shifts = []
    for top in (100, 650):
        block = still[top : top + 120, 500:700]
        errors = [
            np.abs(moved[top : top + 120, 500 - shift : 700 - shift] - block).mean()
            for shift in range(120)
        ]
        shifts.append(int(np.argmin(errors)))
    assert shifts[1] > shifts[0] + 10


def _video(path: Path, *, speed_px: int) -> Path:
    """Two seconds of a photo that slides by, or stands still."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=20)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number in range(44):
            left = 10 + number * speed_px
            frame = PHOTOS[1].crop((left, 20, left + 160, 140))
            made = av.VideoFrame.from_ndarray(np.asarray(frame), format="rgb24")
            container.mux(stream.encode(made))
        container.mux(stream.encode())
    return path


def _frames_only(pairs: list[NegativePair]) -> list[NegativePair]:
    return [pair for pair in pairs if pair.name.startswith("frames")]


def test_frames_of_a_moving_video_are_pairs_and_of_a_still_one_are_not(tmp_path: Path) -> None:
    moving = _video(tmp_path / "moving.mp4", speed_px=4)
    still = _video(tmp_path / "still.mp4", speed_px=0)
    apart = _frames_only(list(same_scene_pairs(PHOTOS, seed=1, count=0, videos=[moving])))
    near = _frames_only(list(neighbour_pairs(PHOTOS, seed=1, count=0, videos=[moving])))
    assert [pair.name for pair in apart] == ["frames 0.5 s apart"] * 2
    assert [pair.name for pair in near] == ["frames 0.1 s apart"] * 3
    for pairs in (same_scene_pairs, neighbour_pairs):
        assert _frames_only(list(pairs(PHOTOS, seed=1, count=0, videos=[still]))) == []


def test_the_conformance_videos_give_pairs_of_both_kinds() -> None:
    video = VIDEOS / "doorknob-hd-no-bar.mp4"
    if not video.is_file():
        pytest.skip("the shared conformance videos are not beside this checkout")
    pairs = list(neighbour_pairs(PHOTOS, seed=1, count=0, videos=[video]))
    assert len(pairs) >= 2
