# SPDX-License-Identifier: Apache-2.0
"""The peers' rules, and the films that they and we are measured with."""

from __future__ import annotations

import numpy as np
from made_frames import Scene, filmed, joined
from made_videos import moving_pattern
from PIL import Image

from haechi.bench._video_edits import VIDEO_EDITS
from haechi.bench._video_film import Film, encoded, photo_film, still_film
from haechi.bench._video_rules import pytx_says, readme_says


def test_a_clip_in_a_long_upload_divides_the_rules() -> None:
    clip, rest = filmed(Scene(1), 30), filmed(Scene(2), 300)
    assert readme_says(joined(rest, clip), clip)
    assert not pytx_says(joined(rest, clip), clip)
    assert pytx_says(clip, joined(rest, clip))
    assert not readme_says(clip, joined(rest, clip))
    assert not readme_says(rest, clip)
    assert not pytx_says(rest, clip)


def test_four_fifths_are_enough() -> None:
    clip, rest = filmed(Scene(1), 8), filmed(Scene(2), 2)
    assert readme_says(clip, joined(clip, rest))
    assert not readme_says(clip, joined(clip, rest, filmed(Scene(3), 1)))


def _drawings() -> list[Image.Image]:
    return [
        Image.fromarray(moving_pattern(1, width=480, height=300, seed=seed)[0]) for seed in (1, 2)
    ]


def test_films_come_out_the_same_again() -> None:
    one, other = (photo_film(_drawings(), 1.0, 5, sides=(64, 48)) for _ in range(2))
    assert len(one.frames) == 25
    assert all(map(np.array_equal, one.frames, other.frames))
    assert not np.array_equal(
        one.frames[0], photo_film(_drawings(), 1.0, 6, sides=(64, 48)).frames[0]
    )
    assert len(still_film(_drawings(), 1.0).frames) == 50


def test_every_edit_makes_a_video() -> None:
    film = photo_film(_drawings(), 1.0, 5, sides=(64, 48))
    other = Film([255 - frame for frame in film.frames], film.fps)
    assert len({edit.name for edit in VIDEO_EDITS}) == len(VIDEO_EDITS)
    for edit in VIDEO_EDITS:
        edited = edit.apply(film, other)
        assert len({frame.shape for frame in edited.frames}) == 1, edit.name
        assert encoded(Film(edited.frames[:2], edited.fps), edit.crf)[4:8] == b"ftyp", edit.name
