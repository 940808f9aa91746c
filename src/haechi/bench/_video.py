# SPDX-License-Identifier: Apache-2.0
"""A video file → vPDQ: how long it takes, how near the reference, and which edits it is found in."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from haechi.media import Decoder
from haechi.signals import FrameList, vpdq, vpdq_views

from ._figures import Figure, Report
from ._peers import ask_peer
from ._photos import photo_paths, too_few_photos
from ._video_film import encoded, photo_film
from ._video_recall import FILMS, Tally, tallied, tallied_negatives

__all__ = ["bench_video"]

_PEER: Final = "FFmpeg, every frame to RGB + pdqhash"
_README: Final = "80 % of the known frames at 1 a second (vPDQ's README)"
_PYTX: Final = "80 % of the query's frames at 1 a second (python-threatexchange)"
_LEAST_SIDE_PX: Final = 400
_LONGEST_SIDE_PX: Final = 1400
_SPEED_SIDES: Final = (1280, 720)
_SPEED_SECONDS: Final = 20.0
_ROUNDS: Final = 3
_QUERY_EVERY_S: Final = 0.1
_NEAR_BITS: Final = 6
_LEAST_RECALL: Final = 0.95


def _photos(folder: Path | None) -> list[Image.Image]:
    """The photos to make films of: those of a folder, or the samples of an installed package."""
    if folder is not None and (folder / "photos").is_dir():
        folder /= "photos"
    found = []
    for path in photo_paths(folder):
        try:
            with Image.open(path) as opened:
                photo = opened.convert("RGB")
        except OSError:
            continue  # no picture that can be read
        photo.thumbnail((_LONGEST_SIDE_PX, _LONGEST_SIDE_PX))
        if min(photo.size) >= _LEAST_SIDE_PX:
            found.append(photo)
    if len(found) <= FILMS:
        raise too_few_photos(FILMS + 1)
    return found


def _fastest_s(path: Path, decoder: Decoder, every_s: float, *, is_query: bool) -> float:
    times_s = []
    for _ in range(_ROUNDS):
        begun_s = time.perf_counter()
        with decoder.frames(path, every_s=every_s) as frames:
            if is_query:
                vpdq_views(frames)
            else:
                vpdq(frames)
        times_s.append(time.perf_counter() - begun_s)
    return min(times_s)


def _speed_figures(path: Path, decoder: Decoder) -> Iterator[Figure]:
    """Seconds for a minute of video, the start of the child included."""
    per_minute = 60 / _SPEED_SECONDS
    ours = _fastest_s(path, decoder, 1.0, is_query=False) * per_minute
    queries = _fastest_s(path, decoder, _QUERY_EVERY_S, is_query=True) * per_minute
    sides = f"{_SPEED_SIDES[0]}×{_SPEED_SIDES[1]}, H.264"
    for every_s, what in ((0.0, "every frame"), (1.0, "one frame a second, all decoded")):
        question = {"rounds": _ROUNDS, "paths": [str(path)], "every_s": every_s}
        theirs = ask_peer("video_with_pdqhash", question)[0]["seconds"] * per_minute
        yield Figure(
            f"a minute of {sides} → vPDQ, one frame a second (peer: {what})",
            ours, "s", _PEER, theirs, theirs / ours,
        )  # fmt: skip
    yield Figure(
        f"a minute of {sides} → a query: 10 frames a second, as sent and mirrored", queries, "s"
    )


def _conformance(folder: Path | None) -> list[Path]:
    """The reference's videos, each with the hashes of all its frames beside it."""
    if folder is None:
        return []
    return [path for path in sorted(folder.rglob("*.mp4")) if path.with_suffix(".txt").is_file()]


def _agreement_figures(paths: Sequence[Path], decoder: Decoder) -> Iterator[Figure]:
    for path in paths:
        lines = [line.split(",") for line in path.with_suffix(".txt").read_text().splitlines()]
        known = FrameList.of(
            [
                (bytes.fromhex(digits), int(quality), round(float(seconds) * 1000))
                for _, quality, digits, seconds in lines
            ]
        )
        with decoder.frames(path, every_s=0.0) as frames:
            ours = FrameList.from_signal(vpdq(frames))
        name = path.stem
        yield Figure(
            f"{name}: frames", len(ours), "frames", "the reference", len(known),
            goal="the same count", holds=len(ours) == len(known),
        )  # fmt: skip
        if len(ours) == len(known):
            yield from _distance_figures(name, ours, known)


def _distance_figures(name: str, ours: FrameList, known: FrameList) -> Iterator[Figure]:
    both = ours.is_trusted & known.is_trusted
    bits = np.bitwise_count(ours.values[both] ^ known.values[both]).sum(axis=1)
    off = np.abs(ours.quality.astype(np.int64) - known.quality)
    yield Figure(
        f"{name}: largest distance of {len(bits)} trusted frames", int(bits.max()), "bits",
        "the reference", goal="under 31", holds=bool(bits.max() < 31),
    )  # fmt: skip
    within = float((bits <= _NEAR_BITS).mean())
    yield Figure(f"{name}: within {_NEAR_BITS} bits", within, "share", "the reference")
    yield Figure(
        f"{name}: largest difference of quality", int(off.max()), "points", "the reference",
        goal="at most 1", holds=bool(off.max() <= 1),
    )  # fmt: skip


def _recall_figures(photos: Sequence[Image.Image], decoder: Decoder) -> Iterator[Figure]:
    tallies, bank = tallied(photos, decoder)
    for edit, tally in tallies.items():
        found, what = tally.whole / tally.uploads, "found whole"
        if edit.share < 0.8:
            found, what = (tally.whole + tally.part) / tally.uploads, "found, in part"
        is_held = edit.is_expected
        yield Figure(
            f"{edit.name}: {what}", found, "share", _README, tally.readme / tally.uploads,
            goal=f"at least {_LEAST_RECALL}" if is_held else None,
            holds=found >= _LEAST_RECALL if is_held else None,
        )  # fmt: skip
    yield from _total_figures(list(tallies.values()))
    for name, tally in tallied_negatives(photos, bank, decoder).items():
        yield Figure(
            f"{name}: wrong videos among {tally.uploads}", tally.wrong, "uploads",
            "either 80 % rule", tally.peers_wrong, goal="none", holds=tally.wrong == 0,
        )  # fmt: skip


def _total_figures(tallies: Sequence[Tally]) -> Iterator[Figure]:
    def share(counts: Iterator[int]) -> float:
        return sum(counts) / sum(tally.uploads for tally in tallies)

    found = share(tally.whole + tally.part for tally in tallies)
    for peer, value in (
        (_README, share(tally.readme for tally in tallies)),
        (_PYTX, share(tally.pytx for tally in tallies)),
        ("md5", share(tally.md5 for tally in tallies)),
    ):
        yield Figure("all edits: found, whole or in part", found, "share", peer, value)
    wrong, uploads = sum(t.wrong for t in tallies), sum(t.uploads for t in tallies)
    yield Figure(
        f"all edits: wrong videos among {uploads}", wrong, "uploads",
        "either 80 % rule", sum(tally.peers_wrong for tally in tallies),
        goal="none", holds=wrong == 0,
    )  # fmt: skip


def bench_video(folder: Path | None) -> Report:
    """What a minute of video costs, how near the reference's hashes are, which edits are found.

    `folder` holds photos, of which films are made (slow pans and zooms), and may hold videos of the
    reference with the hashes of their frames (`NAME.mp4` beside `NAME.txt`); where it has a folder
    `photos`, only that one is searched for them. None: the samples of an installed package, and no
    reference. Takes about four minutes.

    Raises:
        MalformedField: too few photos.
        OutsideServiceFailed: the peer's environment cannot be set up, or the peer failed.
    """
    photos = _photos(folder)
    figures: list[Figure] = []
    with Decoder() as decoder, tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "film.mp4"
        path.write_bytes(encoded(photo_film(photos, _SPEED_SECONDS, 1, sides=_SPEED_SIDES)))
        figures += _speed_figures(path, decoder)
        figures += _agreement_figures(_conformance(folder), decoder)
        figures += _recall_figures(photos, decoder)
    return Report("video", tuple(figures))
