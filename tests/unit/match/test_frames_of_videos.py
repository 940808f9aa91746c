# SPDX-License-Identifier: Apache-2.0
"""From a video file that was edited and encoded again to what is said of it."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import pytest
from made_videos import moving_pattern
from PIL import Image

from haechi.bench._video_edits import VIDEO_EDITS, VideoEdit
from haechi.bench._video_film import Film, encoded, photo_film
from haechi.match._frames import FrameMatch, match_frames
from haechi.media import Decoder
from haechi.signals import FrameList, Rendition, Turn, vpdq, vpdq_views

_SECONDS = 14
_QUERY_EVERY_S = 0.1


@functools.cache
def _film(seed: int) -> Film:
    """Slow pans over drawn patterns."""
    drawings = [
        Image.fromarray(moving_pattern(1, width=640, height=400, seed=100 * seed + shot)[0])
        for shot in range(5)
    ]
    return photo_film(drawings, _SECONDS, seed)


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder


@pytest.fixture(scope="module")
def known(decoder: Decoder) -> dict[int, FrameList]:
    """The bank: one frame a second of two films, the second of which nobody uploads."""
    return {
        seed: FrameList.from_signal(vpdq(decoder.frames(encoded(_film(seed), crf=20))))
        for seed in (1, 2)
    }


def _matches(
    decoder: Decoder, data: bytes, known: dict[int, FrameList]
) -> dict[tuple[int, Rendition, Turn], FrameMatch]:
    views = vpdq_views(decoder.frames(data, every_s=_QUERY_EVERY_S))
    found = {}
    for entry_id, frames in known.items():
        for view in views:
            match = match_frames(entry_id, view.frames, frames)
            if match is not None:
                found[entry_id, view.rendition, view.turn] = match
    return found


def _uploaded(edit: VideoEdit) -> bytes:
    return encoded(edit.apply(_film(1), _film(3)), edit.crf)


_HARD = {"the middle half", "caption", "picture in picture"}


@pytest.mark.parametrize("edit", VIDEO_EDITS, ids=lambda edit: edit.name)
def test_an_edited_video_is_found(
    decoder: Decoder, known: dict[int, FrameList], edit: VideoEdit
) -> None:
    found = _matches(decoder, _uploaded(edit), known)
    assert {entry_id for entry_id, _, _ in found} <= {1}, "another video"
    if edit.name not in _HARD:
        assert any(match.is_whole for match in found.values())


def _edit(name: str) -> bytes:
    return _uploaded(next(edit for edit in VIDEO_EDITS if edit.name == name))


def test_half_of_it_is_a_part(decoder: Decoder, known: dict[int, FrameList]) -> None:
    match = _matches(decoder, _edit("the middle half"), known)[1, Rendition.AS_SENT, Turn.NONE]
    assert not match.is_whole
    assert 0.3 <= match.timed_share <= 0.6
    (only,) = match.ranges
    # The cut is at a quarter and eleven frames.
    assert only.known_from_s - only.query_from_s == pytest.approx(_SECONDS / 4 + 11 / 25, abs=0.3)


def test_it_is_told_how_it_was_turned(decoder: Decoder, known: dict[int, FrameList]) -> None:
    for name, rendition, turn in (
        ("mirrored", Rendition.AS_SENT, Turn.MIRRORED),
        ("letterbox", Rendition.TRIMMED, Turn.NONE),
        ("bars on both sides", Rendition.TRIMMED, Turn.NONE),
    ):
        found = _matches(decoder, _edit(name), known)
        assert max(found, key=lambda way: found[way].timed_share) == (1, rendition, turn), name


def test_it_is_told_where_and_how_fast(decoder: Decoder, known: dict[int, FrameList]) -> None:
    for name, starts_s, speed in (
        ("inside another video", 7.36, 1.0),
        ("black before", 3.28, 1.0),
        ("1.25 × as fast", 0.0, 1.25),
        ("reversed", 0.0, -1.0),
    ):
        match = _matches(decoder, _edit(name), known)[1, Rendition.AS_SENT, Turn.NONE]
        main = max(match.ranges, key=lambda part: part.frames)
        assert main.speed == pytest.approx(speed, abs=0.02), name
        begins_s = (_SECONDS - main.known_to_s if speed < 0 else main.known_from_s) / abs(speed)
        assert main.query_from_s - begins_s == pytest.approx(starts_s, abs=0.3), name
