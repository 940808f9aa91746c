# SPDX-License-Identifier: Apache-2.0
"""Films that are edited and looked for again, by our rule and by the peers'."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from PIL import Image

from haechi.match import match_frames
from haechi.media import Decoder
from haechi.signals import FrameList, vpdq, vpdq_views

from ._negatives_sets import structured_sets
from ._video_edits import VIDEO_EDITS, VideoEdit
from ._video_film import Film, encoded, photo_film, still_film
from ._video_rules import pytx_says, readme_says

__all__ = ["FILMS", "Tally", "tallied", "tallied_negatives"]

FILMS: Final = 5
"""Films that are known; one more lends its pictures to those that are mixed with another."""

_SECONDS: Final = 15.0
_KNOWN_CRF: Final = 20
_KNOWN_EVERY_S: Final = 1.0
_QUERY_EVERY_S: Final = 0.1
_ANOTHER_PATH: Final = 1000
_EVERY_NTH_SET: Final = 3
_SET_FILES: Final = 6


@dataclass(slots=True)
class Tally:
    """How often something was said of so many uploads: ours, and what each of the peers' rules say.

    `whole` and `part` are ours, of the right video; `wrong` counts uploads for which another video
    was named, whole or in part. `readme`, `pytx` and `md5` found the right video.
    """

    uploads: int = 0
    whole: int = 0
    part: int = 0
    wrong: int = 0
    readme: int = 0
    pytx: int = 0
    md5: int = 0
    peers_wrong: int = 0


@dataclass(frozen=True, slots=True)
class _Bank:
    """The known films by number: one frame a second of each, and the md5 of its file."""

    frames: dict[int, FrameList] = field(default_factory=dict)
    md5: dict[int, bytes] = field(default_factory=dict)

    def add(self, entry_id: int, data: bytes, decoder: Decoder) -> None:
        with decoder.frames(data, every_s=_KNOWN_EVERY_S) as frames:
            self.frames[entry_id] = FrameList.from_signal(vpdq(frames))
        self.md5[entry_id] = _md5(data)


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _film(photos: Sequence[Image.Image], place: int, *, path: int = 0) -> Film:
    """Film number `place`: no photo is in two of them. Another `path` is another camera's."""
    return photo_film(photos[place :: FILMS + 1], _SECONDS, place + path)


def _ours(data: bytes, bank: _Bank, decoder: Decoder) -> dict[int, bool]:
    """The known films that an upload shows, and whether it shows the whole of them."""
    with decoder.frames(data, every_s=_QUERY_EVERY_S) as frames:
        views = vpdq_views(frames)
    found: dict[int, bool] = {}
    for entry_id, known in bank.frames.items():
        for view in views:
            match = match_frames(entry_id, view.frames, known)
            if match is not None:
                found[entry_id] = found.get(entry_id, False) or match.is_whole
    return found


def _count(tally: Tally, data: bytes, bank: _Bank, right: int | None, decoder: Decoder) -> None:
    """Look for one upload, which shows film `right` or none that is known."""
    found = _ours(data, bank, decoder)
    with decoder.frames(data, every_s=_KNOWN_EVERY_S) as frames:
        sampled = FrameList.from_signal(vpdq(frames))
    readme = {i for i, known in bank.frames.items() if readme_says(sampled, known)}
    pytx = {i for i, known in bank.frames.items() if pytx_says(sampled, known)}
    tally.uploads += 1
    tally.wrong += any(entry_id != right for entry_id in found)
    tally.peers_wrong += any(entry_id != right for entry_id in readme | pytx)
    if right is not None:
        tally.whole += found.get(right, False)
        tally.part += right in found and not found[right]
        tally.readme += right in readme
        tally.pytx += right in pytx
        tally.md5 += bank.md5[right] == _md5(data)


def tallied(
    photos: Sequence[Image.Image], decoder: Decoder
) -> tuple[dict[VideoEdit, Tally], _Bank]:
    """Every edit of every film, looked for among all films; and the bank, for the negatives."""
    bank, films = _Bank(), [_film(photos, place) for place in range(FILMS)]
    other = _film(photos, FILMS)
    for place, film in enumerate(films):
        bank.add(place, encoded(film, _KNOWN_CRF), decoder)
    tallies = {edit: Tally() for edit in VIDEO_EDITS}
    for edit, tally in tallies.items():
        for place, film in enumerate(films):
            _count(tally, encoded(edit.apply(film, other), edit.crf), bank, place, decoder)
    return tallies, bank


def _shows(photos: Sequence[Image.Image]) -> Iterator[tuple[Film, Film]]:
    """Pairs of shows of pages, charts and screens that look alike by their make, none a copy."""
    sets = structured_sets(photos, seed=1, count=_SET_FILES)
    for number, pictures in enumerate(sets):
        if number % _EVERY_NTH_SET == 0 and len(pictures.files) == _SET_FILES:
            images = [Image.open(io.BytesIO(data)) for data in pictures.files]
            half = _SET_FILES // 2
            yield still_film(images[:half]), still_film(images[half:])


def tallied_negatives(
    photos: Sequence[Image.Image], bank: _Bank, decoder: Decoder
) -> dict[str, Tally]:
    """Uploads that show none of the known films: the same places filmed anew, and alike shows."""
    same_places, shows = Tally(), Tally()
    for place in range(FILMS):
        data = encoded(_film(photos, place, path=_ANOTHER_PATH))
        _count(same_places, data, bank, None, decoder)
    for number, (known, unknown) in enumerate(_shows(photos)):
        bank.add(FILMS + number, encoded(known, _KNOWN_CRF), decoder)
        _count(shows, encoded(unknown), bank, None, decoder)
    return {"the same places, filmed anew": same_places, "alike pages, charts and screens": shows}
