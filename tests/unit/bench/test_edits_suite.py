# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image

from haechi.bench._edits_edit import Edit, Strength, as_sent
from haechi.bench._edits_suite import EXPECTED_FAILURES, all_edits, edited

EDITS = all_edits()
DRAWN_ANEW = {
    "caption",
    "chain",
    "collage",
    "crop centre",
    "crop corner",
    "noise",
    "perspective",
    "photographed screen",
    "picture-in-picture",
    "regional edit",
    "rotate",
    "screenshot",
    "sticker",
    "tiled watermark",
}


def _photo(name: str) -> Image.Image:
    folder = Path(skimage.__file__).parent / "data"
    with Image.open(folder / name) as picture:
        return picture.convert("RGB").resize((320, 240))


PHOTO = _photo("astronaut.png")
OTHERS = [_photo("coffee.png"), _photo("chelsea.png"), _photo("rocket.jpg")]


def _opened(file: bytes) -> Image.Image:
    with Image.open(io.BytesIO(file)) as picture:
        return picture.convert("RGB")


def test_names_are_unique() -> None:
    assert [name for name, times in Counter(edit.name for edit in EDITS).items() if times > 1] == []


def test_every_family_has_three_members_and_three_strengths() -> None:
    for family in {edit.family for edit in EDITS}:
        members = [edit for edit in EDITS if edit.family == family]
        assert len(members) >= 3, family
        strengths = {edit.strength for edit in members}
        # A mirrored photo is mirrored: there is no more and no less of it.
        assert strengths == ({Strength.MIDDLE} if family == "mirror and turn" else set(Strength))


def test_the_families_of_the_protocol_are_there() -> None:
    assert {edit.family for edit in EDITS} == {
        "recompress",
        "resize",
        "aspect",
        "crop centre",
        "crop corner",
        "mirror and turn",
        "rotate",
        "perspective",
        "border",
        "letterbox",
        "colour",
        "blur",
        "sharpen",
        "noise",
        "caption",
        "sticker",
        "logo",
        "tiled watermark",
        "screenshot",
        "collage",
        "picture-in-picture",
        "photographed screen",
        "regional edit",
        "chain",
    }


def test_expected_failures_are_members_of_the_suite() -> None:
    assert EXPECTED_FAILURES.keys() <= {(edit.family, edit.strength) for edit in EDITS}
    assert all(EXPECTED_FAILURES.values())


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_an_edit_gives_the_same_file_again_in_any_process(edit: Edit) -> None:
    pixels = PHOTO.tobytes()
    file = edited(PHOTO, edit, seed=1, others=OTHERS)
    # A process pool pickles.
    sent = pickle.loads(pickle.dumps(edit))  # noqa: S301
    assert edited(PHOTO, sent, seed=1, others=OTHERS) == file
    assert PHOTO.tobytes() == pixels, "the photo was changed"
    picture = _opened(file)
    assert max(picture.size) <= 1600
    assert min(picture.size) >= 24
    unedited = np.asarray(PHOTO, np.int16)
    as_large = np.asarray(picture.resize(PHOTO.size), np.int16)
    assert np.abs(as_large - unedited).mean() > 0.2, "nothing was edited"


@pytest.mark.parametrize(
    "edit", [edit for edit in EDITS if edit.family in DRAWN_ANEW], ids=lambda edit: edit.name
)
def test_another_seed_draws_another_edit(edit: Edit) -> None:
    first = edited(PHOTO, edit, seed=0, others=OTHERS)
    assert any(edited(PHOTO, edit, seed=seed, others=OTHERS) != first for seed in range(1, 5))


def test_what_is_drawn_depends_on_the_photo() -> None:
    sticker = next(edit for edit in EDITS if edit.name == "sticker 30 % wide")
    gray = [Image.new("RGB", (320, 240), (level, level, level)) for level in (100, 101, 102)]
    places = set()
    for photo in gray:
        difference = np.abs(
            np.asarray(_opened(edited(photo, sticker, seed=1)), np.int16) - np.asarray(photo)
        )
        rows, columns = np.nonzero(difference.max(2) > 40)
        places.add((int(rows.mean()), int(columns.mean())))
    assert len(places) > 1


@pytest.mark.parametrize(("width", "height"), [(24, 18), (900, 60), (60, 900)])
def test_a_photo_of_any_shape_is_edited_even_alone_in_its_folder(width: int, height: int) -> None:
    photo = OTHERS[0].resize((width, height))
    for edit in EDITS:
        if edit.family in {"caption", "collage", "letterbox", "sticker", "rotate"}:
            assert max(_opened(edited(photo, edit, seed=3)).size) <= 1600, edit.name


def test_encodings_are_what_the_name_says() -> None:
    found = {}
    for edit in EDITS:
        if edit.family == "recompress":
            with Image.open(io.BytesIO(edited(PHOTO, edit, seed=1))) as picture:
                found[edit.name.split()[0]] = picture.format
    assert found == {"JPEG": "JPEG", "WEBP": "WEBP", "AVIF": "AVIF"}


def test_a_photo_is_sent_small_and_without_transparency() -> None:
    large = Image.new("RGBA", (4000, 1000), (255, 0, 0, 0))
    sent = as_sent(large)
    assert sent.size == (1280, 320)
    assert sent.mode == "RGB"
    assert sent.getpixel((5, 5)) == (255, 255, 255)
    assert as_sent(PHOTO).tobytes() == PHOTO.tobytes()
    assert as_sent(sent) is sent or as_sent(sent).tobytes() == sent.tobytes()
