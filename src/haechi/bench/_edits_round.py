# SPDX-License-Identifier: Apache-2.0
"""One round of an edits run, in a worker process: make the uploads, screen them, ask the peers."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from haechi.values import Signal

from ._edits_ours import Ours, Said, known_signals
from ._edits_peers import Hashes, peer_hashes, peers_said
from ._edits_photos import SentPhotos
from ._edits_suite import all_edits, edited
from ._negatives_kinds import NegativePair, NegativeSet

__all__ = [
    "EditedUpload",
    "Known",
    "Looked",
    "PhotoEdits",
    "look_at_edits",
    "look_at_pairs",
    "look_at_sets",
]


@dataclass(frozen=True, slots=True)
class Known:
    """Known pictures by their places, as we and as the peers fingerprint them."""

    ours: list[tuple[Signal, ...]] = field(repr=False)
    peers: list[Hashes] = field(repr=False)

    @classmethod
    def of(cls, paths: Sequence[Path]) -> Known:
        """The pictures in these files."""
        return cls(known_signals(paths), peer_hashes(paths))

    def and_also(self, more: Known) -> Known:
        """These, and `more` behind them."""
        return Known([*self.ours, *more.ours], [*self.peers, *more.peers])


@dataclass(frozen=True, slots=True)
class Looked:
    """What was said of one upload: by us, with how sure, and by each peer; known pictures by place.

    `ours_s` is the mean time to screen one upload of its round.
    """

    ours: dict[int, Said]
    peers: dict[str, frozenset[int]]
    ours_s: float


@dataclass(frozen=True, slots=True)
class PhotoEdits:
    """A photo by its place, which edits it is given (places in `all_edits`), and which other photos."""

    photo: int
    edits: tuple[int, ...]
    others: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EditedUpload:
    """One edit of one photo and what was said of it; `lent` are the other photos seen in it."""

    photo: int
    edit: int
    lent: frozenset[int]
    looked: Looked


class _Lent(Sequence[Image.Image]):
    """Other photos, noting which were taken: those really are in the upload."""

    def __init__(self, sent: SentPhotos, places: Sequence[int]) -> None:
        self._sent = sent
        self._places = places
        self.taken: set[int] = set()

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, at: int) -> Image.Image:  # type: ignore[override]  # nobody slices it
        self.taken.add(self._places[at])
        return self._sent[self._places[at]]


@contextmanager
def _files(datas: Sequence[bytes]) -> Iterator[list[Path]]:
    """The uploads as files, for as long as the block."""
    with tempfile.TemporaryDirectory(prefix="haechi-bench-") as name:
        paths = [Path(name) / f"{place:05}" for place in range(len(datas))]
        for path, data in zip(paths, datas, strict=True):
            path.write_bytes(data)
        yield paths


def _looked(paths: Sequence[Path], known: Known, hashes: Sequence[Hashes]) -> list[Looked]:
    """What is said of uploads against the known pictures; `hashes` are the peers' of the uploads."""
    ours = Ours(known.ours)
    begun_s = time.perf_counter()
    said = ours.said(paths)
    each_s = (time.perf_counter() - begun_s) / max(1, len(paths))
    return [
        Looked(found, peers_said(upload, known.peers), each_s)
        for found, upload in zip(said, hashes, strict=True)
    ]


def look_at_edits(
    work: Sequence[PhotoEdits], *, sent: SentPhotos, known: Known, seed: int
) -> list[EditedUpload]:
    """Edit these photos and look for them."""
    datas, whose = [], []
    for one in work:
        photo = sent[one.photo]
        for place in one.edits:
            lent = _Lent(sent, one.others)
            datas.append(edited(photo, all_edits()[place], seed=seed, others=lent))
            whose.append((one.photo, place, frozenset(lent.taken)))
    with _files(datas) as paths:
        looks = _looked(paths, known, peer_hashes(paths))
    return [
        EditedUpload(photo, edit, lent, looked)
        for (photo, edit, lent), looked in zip(whose, looks, strict=True)
    ]


def look_at_sets(sets: Sequence[NegativeSet], *, known: Known) -> list[list[Looked]]:
    """Look for the files of each set among the known pictures and, behind those, the set's own files."""
    with _files([data for negatives in sets for data in negatives.files]) as paths:
        everything = Known.of(paths)
        looks, start = [], 0
        for negatives in sets:
            part = slice(start, start + len(negatives.files))
            own = Known(everything.ours[part], everything.peers[part])
            looks.append(_looked(paths[part], known.and_also(own), own.peers))
            start = part.stop
    return looks


def look_at_pairs(pairs: Sequence[NegativePair]) -> list[Looked]:
    """Look for the second of each pair among all the first ones, known by their places."""
    with _files([pair.reference for pair in pairs]) as paths:
        known = Known.of(paths)
    with _files([pair.query for pair in pairs]) as paths:
        return _looked(paths, known, peer_hashes(paths))
