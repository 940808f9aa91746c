# SPDX-License-Identifier: Apache-2.0
"""`haechi bench edits`: which edited photos are found, and what is found that should not be."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

from ._edits_count import Counts, counted, recall_figures
from ._edits_photos import Photo, SentPhotos, distinct_photos, in_split
from ._edits_plot import recall_plot
from ._edits_round import (
    EditedUpload,
    Known,
    Looked,
    PhotoEdits,
    look_at_edits,
    look_at_pairs,
    look_at_sets,
)
from ._edits_suite import all_edits
from ._edits_wrong import (
    pair_figures,
    structured_figures,
    wrong_among_edits,
    wrong_among_others,
)
from ._figures import Figure, Report
from ._negatives_pairs import neighbour_pairs, same_scene_pairs
from ._negatives_sets import structured_sets
from ._photos import too_few_photos
from ._workers import Workers

__all__ = ["bench_edits"]

_SEED: Final = 20_261_124
_LEAST_PHOTOS: Final = 6
_OTHERS: Final = 4
_PHOTOS_AT_ONCE: Final = 4
_SETS_AT_ONCE: Final = 6
_SET_FILES: Final = 6
_PAIRS: Final = 24
_UNRELATED_EDITS: Final = 3
_COLUMNS: Final = (
    "photo", "family", "strength", "edit", "verdict", "reason", "signal", "bits", "wrong",
)  # fmt: skip

Say = Callable[[str], None]


def bench_edits(
    photos: Path | None,
    *,
    negatives: Path | None = None,
    split: str = "all",
    most_photos: int | None = None,
    edits_each: int | None = None,
    out: Path | None = None,
    processes: int = 2,
    say: Say = lambda _text: None,
) -> Report:
    """Screen edited photos and negatives as uploads are screened, and let the peers look at the same.

    Every distinct picture of the folder is known. Those of the split are edited.

    Args:
        photos: A folder; None: scikit-image's samples.
        negatives: A folder of photos that show nothing of `photos`.
        split: `test`, `tune` or `all`; see `in_split`.
        most_photos: Edit only so many, drawn by the seed.
        edits_each: How many edits a photo is given; None: all. All edits come equally often.
        out: Where the plot and a table of all uploads are written.
        processes: How many work at once; 0: this one alone.
        say: Told what is done.

    Raises:
        MalformedField: too few photos.
        OutsideServiceFailed: the peers' environment cannot be set up, or a peer failed.
    """
    say("looking for photos that show the same picture")
    known_photos, left_out = distinct_photos(photos)
    if len(known_photos) < _LEAST_PHOTOS:
        raise too_few_photos(_LEAST_PHOTOS)
    chosen = _chosen(in_split(known_photos, split), most_photos)
    if not chosen:
        raise too_few_photos(_LEAST_PHOTOS)
    with tempfile.TemporaryDirectory(prefix="haechi-bench-") as name, Workers(processes) as workers:
        say("reading the photos")
        sent = SentPhotos.of(known_photos, Path(name))
        known = Known.of([photo.path for photo in known_photos])
        run = _Run(known, workers, say)
        uploads = run.edits(sent, _work(chosen, len(sent), edits_each), "edits")
        counts = counted(uploads)
        figures = [
            Figure("photos that are known", len(known_photos), "photos"),
            Figure("left out: the same picture as another", left_out, "photos"),
            Figure("photos that were edited", len(chosen), "photos"),
            *recall_figures(counts),
            *wrong_among_edits(uploads, len(known_photos)),
            *run.unrelated(negatives),
            *run.structured(sent),
            *run.pairs(sent),
            _cost_figure(uploads),
        ]
    return Report("edits", tuple(figures), _written(out, counts, uploads, known_photos))


def _chosen(places: Sequence[int], most: int | None) -> list[int]:
    if most is None or most >= len(places):
        return list(places)
    drawn = np.random.default_rng(_SEED).choice(len(places), most, replace=False)
    return sorted(places[int(at)] for at in drawn)


def _work(chosen: Sequence[int], photos: int, edits_each: int | None) -> list[PhotoEdits]:
    """The edits of each photo: the next so many of one shuffled round of them all."""
    count = len(all_edits())
    each = count if edits_each is None else min(edits_each, count)
    rng = np.random.default_rng(_SEED)
    order = rng.permutation(count)
    work = []
    for turn, photo in enumerate(chosen):
        edits = sorted(int(order[(turn * each + at) % count]) for at in range(each))
        others = [int(place) for place in rng.permutation(photos) if place != photo][:_OTHERS]
        work.append(PhotoEdits(photo, tuple(edits), tuple(others)))
    return work


_Item = TypeVar("_Item")


def _rounds(items: Sequence[_Item], most: int) -> list[Sequence[_Item]]:
    """The items in rounds: each round asks the peers once, who take a second to begin."""
    return [items[at : at + most] for at in range(0, len(items), most)]


class _Run:
    """The known photos, and the workers that look for uploads among them."""

    def __init__(self, known: Known, workers: Workers, say: Say) -> None:
        self._known = known
        self._workers = workers
        self._say = say

    def edits(self, sent: SentPhotos, work: Sequence[PhotoEdits], what: str) -> list[EditedUpload]:
        """Every upload of this work."""
        rounds = _rounds(work, _PHOTOS_AT_ONCE)
        look = partial(look_at_edits, sent=sent, known=self._known, seed=_SEED)
        uploads: list[EditedUpload] = []
        for number, found in enumerate(self._workers.each(look, rounds)):
            uploads += found
            self._say(f"{what}, {number + 1} of {len(rounds)} rounds")
        return uploads

    def unrelated(self, folder: Path | None) -> Iterator[Figure]:
        """Photos of another folder, edited too: not one of them is known."""
        if folder is None:
            return
        photos, _ = distinct_photos(folder)
        with tempfile.TemporaryDirectory(prefix="haechi-bench-") as name:
            sent = SentPhotos.of(photos, Path(name))
            work = _work(range(len(photos)), len(photos), _UNRELATED_EDITS)
            yield from wrong_among_others(self.edits(sent, work, "unrelated photos"))

    def structured(self, sent: SentPhotos) -> Iterator[Figure]:
        """Sets that look alike by their make."""
        sets = list(structured_sets(sent, seed=_SEED, count=_SET_FILES))
        looks: list[list[Looked]] = []
        look = partial(look_at_sets, known=self._known)
        for found in self._workers.each(look, _rounds(sets, _SETS_AT_ONCE)):
            looks += found
            self._say(f"structured pictures, {len(looks)} of {len(sets)} kinds")
        yield from structured_figures(list(zip(sets, looks, strict=True)), len(sent))

    def pairs(self, sent: SentPhotos) -> Iterator[Figure]:
        """Two photographs of one scene, and of one moment and the next."""
        self._say("pairs of one scene")
        made = {
            "same scene": list(same_scene_pairs(sent, seed=_SEED, count=_PAIRS)),
            "neighbouring frames": list(neighbour_pairs(sent, seed=_SEED, count=_PAIRS)),
        }
        looks = self._workers.each(look_at_pairs, list(made.values()))
        for (what, pairs), found in zip(made.items(), looks, strict=True):
            may_be_same = what == "neighbouring frames"
            yield from pair_figures(what, pairs, found, may_be_same=may_be_same)


def _cost_figure(uploads: Sequence[EditedUpload]) -> Figure:
    mean_s = float(np.mean([one.looked.ours_s for one in uploads]))
    return Figure("decoded, fingerprinted and looked for, an upload, mean", mean_s * 1000, "ms")


def _written(
    out: Path | None, counts: Counts, uploads: Sequence[EditedUpload], photos: Sequence[Photo]
) -> tuple[Path, ...]:
    """The plot, if there is a folder for it; beside it a table of what was said of every upload."""
    if out is None:
        return ()
    out.mkdir(parents=True, exist_ok=True)
    with (out / "edits-uploads.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(_COLUMNS)
        for one in uploads:
            edit, said = all_edits()[one.edit], one.looked.ours.get(one.photo)
            wrong = [
                photos[place].path.name
                for place in one.looked.ours
                if place != one.photo and place not in one.lent
            ]
            how = (
                [said.verdict, said.reason, said.signal_type, said.distance_bits]
                if said
                else [""] * 4
            )
            name = photos[one.photo].path.name
            table.writerow([name, edit.family, edit.strength, edit.name, *how, " ".join(wrong)])
    return (recall_plot(counts, out / "edits-recall.png"),)
