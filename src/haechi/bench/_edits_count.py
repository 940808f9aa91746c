# SPDX-License-Identifier: Apache-2.0
"""Counting an edits run: what was found of each family at each strength, with intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from haechi.workflows import Verdict

from ._edits_edit import Strength
from ._edits_peers import PEERS
from ._edits_round import EditedUpload
from ._edits_suite import EXPECTED_FAILURES, all_edits
from ._figures import Figure
from ._intervals import mean_of_rows, wilson

__all__ = ["OURS", "Counts", "counted", "recall_figures"]

OURS: Final = "Haechi"
_GOAL_MEAN: Final = 0.95
_GOAL_EACH: Final = 0.8

Cell = tuple[str, Strength]
"""A family at a strength."""


@dataclass(frozen=True, slots=True)
class Counts:
    """By family and strength, arrays by photo: how many uploads, and how many each method found."""

    trials: dict[Cell, NDArray[np.int64]]
    hits: dict[str, dict[Cell, NDArray[np.int64]]]

    def recall(self, method: str, cell: Cell) -> float:
        """The share of a family's uploads at a strength that the method found."""
        return float(self.hits[method][cell].sum() / self.trials[cell].sum())

    def cells(self, strength: Strength) -> list[Cell]:
        """The families that have uploads of this strength."""
        return [cell for cell in self.trials if cell[1] is strength]

    def mean(self, method: str, strength: Strength) -> tuple[float, tuple[float, float]]:
        """The mean over families at a strength, and its interval."""
        cells = self.cells(strength)
        hits = np.array([self.hits[method][cell] for cell in cells])
        return mean_of_rows(hits, np.array([self.trials[cell] for cell in cells]), seed=1)


def counted(uploads: Sequence[EditedUpload]) -> Counts:
    """Any verdict on the photo itself counts as found."""
    photos = {photo: row for row, photo in enumerate(sorted({one.photo for one in uploads}))}
    methods = [OURS, *PEERS, *Verdict]
    cells = sorted({_cell(one) for one in uploads}, key=_order)
    trials = {cell: np.zeros(len(photos), dtype=np.int64) for cell in cells}
    hits = {
        str(method): {cell: np.zeros(len(photos), dtype=np.int64) for cell in cells}
        for method in methods
    }
    for one in uploads:
        cell, row = _cell(one), photos[one.photo]
        trials[cell][row] += 1
        said = one.looked.ours.get(one.photo)
        if said is not None:
            hits[OURS][cell][row] += 1
            hits[said.verdict][cell][row] += 1
        for peer, places in one.looked.peers.items():
            hits[peer][cell][row] += one.photo in places
    return Counts(trials, hits)


def _cell(upload: EditedUpload) -> Cell:
    edit = all_edits()[upload.edit]
    return edit.family, edit.strength


def _order(cell: Cell) -> int:
    return [(edit.family, edit.strength) for edit in all_edits()].index(cell)


def recall_figures(counts: Counts) -> Iterator[Figure]:
    """The means by strength, how sure they are, and each family at each strength."""
    for strength in (Strength.MIDDLE, Strength.LIGHT, Strength.STRONG):
        yield from _mean_figures(counts, strength)
    low = [
        family
        for family, strength in counts.cells(Strength.MIDDLE)
        if (family, strength) not in EXPECTED_FAILURES
        and counts.recall(OURS, (family, strength)) < _GOAL_EACH
    ]
    name = f"families under {_GOAL_EACH} at middle strength, but those expected to fail"
    yield Figure(name, len(low), "families", goal="none", holds=not low)
    for cell in counts.trials:
        yield from _family_figures(counts, cell)


def _mean_figures(counts: Counts, strength: Strength) -> Iterator[Figure]:
    cells = counts.cells(strength)
    if not cells:
        return
    value, interval = counts.mean(OURS, strength)
    is_held = strength is Strength.MIDDLE
    name = f"recall, {strength} strength, mean of {len(cells)} families"
    for peer in PEERS:
        is_first = peer == next(iter(PEERS))
        theirs, _ = counts.mean(peer, strength)
        yield Figure(
            name, value, "", peer, theirs,
            goal=f"≥ {_GOAL_MEAN}" if is_held and is_first else None,
            holds=value >= _GOAL_MEAN if is_held and is_first else None,
            interval=interval,
        )  # fmt: skip
    for verdict in Verdict:
        share, _ = counts.mean(verdict, strength)
        yield Figure(f"of these as {verdict}, {strength} strength", share, "")


def _family_figures(counts: Counts, cell: Cell) -> Iterator[Figure]:
    family, strength = cell
    trials = int(counts.trials[cell].sum())
    hits = int(counts.hits[OURS][cell].sum())
    is_expected = cell in EXPECTED_FAILURES
    is_held = strength is Strength.MIDDLE and not is_expected
    name = f"{family}, {strength}, {trials} uploads" + (", expected to fail" if is_expected else "")
    for peer in PEERS:
        is_first = is_held and peer == next(iter(PEERS))
        yield Figure(
            name, hits / trials, "", peer, counts.recall(peer, cell),
            goal=f"≥ {_GOAL_EACH}" if is_first else None,
            holds=hits / trials >= _GOAL_EACH if is_first else None,
            interval=wilson(hits, trials),
        )  # fmt: skip
