# SPDX-License-Identifier: Apache-2.0
"""A picture file → PDQ: how long it takes, beside what Meta's HMA does, and how near the values are."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image

from haechi.errors import MediaError
from haechi.media import Decoder, PictureFormat, open_picture
from haechi.signals import pdq, pdq_views
from haechi.values import Signal

from ._figures import Figure, Report
from ._peers import ask_peer
from ._photos import photo_paths, too_few_photos

__all__ = ["bench_hash"]

_PEER: Final = "Pillow + pdqhash"
_MEGAPIXEL: Final = 1_000_000
_ROUNDS: Final = 5
_MADE_OF: Final = 6
_MADE_QUALITY: Final = 90
_MOST_BITS: Final = 10
_COMPARED_QUALITY: Final = 80


@dataclass(frozen=True, slots=True)
class _SizeClass:
    """Files of one format and about one size; `made_sides` are given to photos when there are none."""

    name: str
    format: PictureFormat
    least_pixels: float
    most_pixels: float
    least_ratio: float | None = None
    made_sides: tuple[int, int] | None = None


_JPEG: Final = PictureFormat.JPEG
_CLASSES: Final = (
    _SizeClass("12-megapixel JPEG", _JPEG, 11e6, 13e6, 10.0, (4000, 3000)),
    _SizeClass("JPEG of 8 megapixels and more", _JPEG, 8e6, 1e12),
    _SizeClass("1.6-megapixel JPEG", _JPEG, 1.4e6, 1.8e6, 5.0, (1600, 1000)),
    _SizeClass("JPEG of up to half a megapixel", _JPEG, 0.0, 0.5e6),
    _SizeClass("WebP", PictureFormat.WEBP, 0.0, 1e12),
    _SizeClass("PNG", PictureFormat.PNG, 0.0, 1e12),
)


@dataclass(frozen=True, slots=True)
class _Photo:
    """One file and what was measured of it; times in milliseconds, of the fastest round."""

    path: Path
    format: str
    pixels: int
    signal: Signal
    pdq_ms: float
    query_ms: float
    apart_ms: float
    view_count: int


def _fastest_ms(work: Callable[[], object], rounds: int) -> float:
    times_ms = []
    for _ in range(rounds):
        begun_s = time.perf_counter()
        work()
        times_ms.append((time.perf_counter() - begun_s) * 1000)
    return min(times_ms)


def _measured(path: Path, decoder: Decoder, rounds: int) -> _Photo | None:
    """The photo in a file; None when there is no picture in it that we can read."""
    data = path.read_bytes()
    try:
        picture = open_picture(data)
    except MediaError:
        return None
    return _Photo(
        path,
        picture.format.value,
        picture.source_width * picture.source_height,
        pdq(picture),
        _fastest_ms(lambda: pdq(open_picture(data)), rounds),
        _fastest_ms(lambda: pdq_views(open_picture(data)), rounds),
        _fastest_ms(lambda: pdq(decoder.picture(data)), rounds),
        len(pdq_views(picture)),
    )


def _all_measured(paths: Sequence[Path], rounds: int) -> list[_Photo]:
    with Decoder() as decoder:
        photos = [_measured(path, decoder, rounds) for path in paths]
    return [photo for photo in photos if photo is not None]


def _made(photos: Sequence[_Photo], sides: tuple[int, int], folder: Path) -> list[Path]:
    """JPEGs of these sides, made of the largest photos."""
    largest = sorted(photos, key=lambda photo: photo.pixels, reverse=True)[:_MADE_OF]
    paths = []
    for place, photo in enumerate(largest):
        with Image.open(photo.path) as opened:
            resized = opened.convert("RGB").resize(sides, Image.Resampling.LANCZOS)
        path = folder / f"{sides[0]}x{sides[1]}-{place}.jpg"
        resized.save(path, quality=_MADE_QUALITY)
        paths.append(path)
    return paths


def _ratios(
    name: str, ours_ms: Sequence[float], theirs_ms: Sequence[float], least: float | None
) -> Iterator[Figure]:
    """The median time and the least ratio of one class."""
    ratios = [theirs / ours for ours, theirs in zip(ours_ms, theirs_ms, strict=True)]
    middle, worst = statistics.median(ratios), min(ratios)
    goal = None if least is None else f"ratio at least {least:g}"
    yield Figure(
        f"{name} → PDQ, median of {len(ratios)}",
        statistics.median(ours_ms), "ms", _PEER, statistics.median(theirs_ms), middle,
        goal, None if least is None else middle >= least,
    )  # fmt: skip
    slowest = ratios.index(worst)
    yield Figure(
        f"{name} → PDQ, least ratio of {len(ratios)}",
        ours_ms[slowest], "ms", _PEER, theirs_ms[slowest], worst,
        goal, None if least is None else worst >= least,
    )  # fmt: skip


def _class_figures(
    kind: _SizeClass, photos: Sequence[_Photo], theirs_ms: dict[Path, float], made: set[Path]
) -> Iterator[Figure]:
    members = [
        photo for photo in photos
        if photo.format == kind.format and kind.least_pixels <= photo.pixels <= kind.most_pixels
        and (photo.path not in made or kind.made_sides is not None)
    ]  # fmt: skip
    if not members:
        return
    name = kind.name
    if any(photo.path in made for photo in members):
        name += f" (made of the {len(members)} largest photos)"
    ours_ms = [photo.pdq_ms for photo in members]
    yield from _ratios(
        name, ours_ms, [theirs_ms[photo.path] for photo in members], kind.least_ratio
    )
    queries_ms = [photo.query_ms for photo in members]
    yield Figure(f"{name} → every view, median", statistics.median(queries_ms), "ms")
    extra_ms = [photo.apart_ms - photo.pdq_ms for photo in members]
    yield Figure(f"{name}, decoded in a child: more, median", statistics.median(extra_ms), "ms")


def _distance_figures(
    photos: Sequence[_Photo], answers: Sequence[dict[str, str | int]]
) -> Iterator[Figure]:
    distances = [
        (int(photo.signal.hex, 16) ^ int(str(answer["value"]), 16)).bit_count()
        for photo, answer in zip(photos, answers, strict=True)
        if int(answer["quality"]) >= _COMPARED_QUALITY
    ]
    if not distances:
        return
    within = sum(bits <= 4 for bits in distances) / len(distances)
    yield Figure(
        f"largest distance to the peer's value, {len(distances)} photos of quality "
        f"{_COMPARED_QUALITY} and more",
        max(distances), "bits", _PEER, goal=f"at most {_MOST_BITS}",
        holds=max(distances) <= _MOST_BITS,
    )  # fmt: skip
    yield Figure("within 4 bits of the peer's value", within, "share", _PEER)


def bench_hash(photos: Path | None, *, rounds: int = _ROUNDS) -> Report:
    """The time from a file's bytes to its PDQ by size class, beside the peer's, on one thread each.

    Reads every JPEG, WebP and PNG under `photos`; None: scikit-image's samples. Where there is no JPEG of 12 or of 1.6 megapixels,
    some are made of the six largest photos, and the figures say so. The fastest of `rounds` counts.

    Raises:
        MalformedField: no picture is there.
        OutsideServiceFailed: the peer's environment cannot be set up, or the peer failed.
    """
    found = _all_measured(photo_paths(photos), rounds)
    if not found:
        raise too_few_photos(1)
    with tempfile.TemporaryDirectory() as folder:
        made: list[Path] = []
        for kind in _CLASSES:
            has_some = any(
                photo.format == kind.format
                and kind.least_pixels <= photo.pixels <= kind.most_pixels
                for photo in found
            )
            if kind.made_sides is not None and not has_some:
                made += _made(found, kind.made_sides, Path(folder))
        found += _all_measured(made, rounds)
        question = {"rounds": rounds, "paths": [str(photo.path) for photo in found]}
        answers = ask_peer("hash_with_pdqhash", question)
    theirs_ms = {
        photo.path: float(answer["ms"]) for photo, answer in zip(found, answers, strict=True)
    }
    figures = [
        figure for kind in _CLASSES for figure in _class_figures(kind, found, theirs_ms, set(made))
    ]
    figures += _distance_figures(found, answers)
    most_views = max(photo.view_count for photo in found)
    figures.append(Figure("most views of one photo", most_views, "views"))
    return Report("hash", tuple(figures))
