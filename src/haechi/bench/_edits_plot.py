# SPDX-License-Identifier: Apache-2.0
"""The picture of an edits run: what is found of each family at middle strength, by us and by the peers."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import Patch

from ._edits_count import OURS, Cell, Counts
from ._edits_edit import Strength
from ._edits_peers import PEERS
from ._edits_suite import EXPECTED_FAILURES
from ._intervals import wilson

__all__ = ["recall_plot"]

_WIDTH_PX: Final = 1800
"""Shown at half of it on a page, sharp on a fine screen."""

_DPI: Final = 200
_INK: Final = "#2b2f36"
_QUIET: Final = "#8a9099"
_LINE: Final = "#e6e8eb"
_OURS: Final = "#2f6f73"
_MARKS: Final = (
    ("#e0913a", "o", 0.27),
    ("#f3c98b", "D", 0.09),
    ("#8f9bd0", "s", -0.09),
    ("#b5a9d8", "^", -0.27),
)
"""Colour, shape and height in its row of each peer: told apart without colour too."""


def recall_plot(counts: Counts, path: Path) -> Path:
    """Write the plot as PNG to `path`; returns it."""
    cells = counts.cells(Strength.MIDDLE)
    # The best at the top; what is expected to fail stands below all others.
    cells.sort(key=lambda cell: (cell not in EXPECTED_FAILURES, counts.recall(OURS, cell)))
    height_in = 1.6 + 0.29 * len(cells)
    drawing = Drawing(figsize=(_WIDTH_PX / _DPI, height_in), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(drawing)
    axes = drawing.add_axes((0.19, 0.75 / height_in, 0.73, 1 - 1.6 / height_in))
    for row, cell in enumerate(cells):
        _draw_row(axes, row, cell, counts)
    _finish(axes, [_label(cell) for cell in cells])
    _head(drawing, counts, height_in)
    drawing.savefig(path)
    return path


def _label(cell: Cell) -> str:
    return cell[0] + (" *" if cell in EXPECTED_FAILURES else "")


def _draw_row(axes: Axes, row: int, cell: Cell, counts: Counts) -> None:
    recall = counts.recall(OURS, cell)
    paleness = 0.45 if cell in EXPECTED_FAILURES else 1.0
    axes.barh(row, recall, height=0.74, color=_OURS, alpha=paleness, zorder=2)
    low, high = wilson(int(counts.hits[OURS][cell].sum()), int(counts.trials[cell].sum()))
    axes.plot((low, high), (row, row), color=_INK, linewidth=0.8, alpha=0.45, zorder=3)
    share = f"{recall:.0%}".replace("%", " %")
    axes.text(1.03, row, share, fontsize=8.5, color=_INK, va="center", clip_on=False)
    for peer, (colour, shape, up) in zip(PEERS, _MARKS, strict=True):
        axes.scatter(
            counts.recall(peer, cell), row + up,
            s=15, c=colour, marker=shape, edgecolors="white", linewidths=0.5, zorder=4,
            clip_on=False,
        )  # fmt: skip


def _finish(axes: Axes, labels: list[str]) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.6, len(labels) - 0.4)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1], ["0", "20", "40", "60", "80", "100 %"])
    axes.tick_params(length=0, labelsize=8.5, colors=_INK)
    axes.grid(visible=True, axis="x", color=_LINE, linewidth=0.8, zorder=0)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)


def _head(drawing: Drawing, counts: Counts, height_in: float) -> None:
    """Title, the legend with each method's mean, and what the signs mean."""
    drawing.text(
        0.012, 1 - 0.3 / height_in, "Everyday edits of photos: how many are recognised",
        fontsize=12.5, fontweight="bold", color=_INK, va="center",
    )  # fmt: skip
    handles: list[Artist] = []
    names: list[str] = []
    axes = drawing.axes[0]
    for method, mark in zip((OURS, *PEERS), (None, *_MARKS), strict=True):
        mean, _ = counts.mean(method, Strength.MIDDLE)
        names.append(f"{method}  {mean:.0%}".replace("%", " %"))
        if mark is None:
            handles.append(Patch(color=_OURS))
        else:
            handles.append(axes.scatter([], [], s=24, c=mark[0], marker=mark[1]))
    drawing.legend(
        handles, names, loc="center left", bbox_to_anchor=(0.0, 1 - 0.62 / height_in),
        ncols=len(names), frameon=False, fontsize=7.8, labelcolor=_INK, handletextpad=0.4,
        columnspacing=1.1, handlelength=1.1,
    )  # fmt: skip
    uploads = sum(int(counts.trials[cell].sum()) for cell in counts.cells(Strength.MIDDLE))
    photos = len(next(iter(counts.trials.values())))
    drawing.text(
        0.012, 0.2 / height_in,
        f"Middle strength: {uploads:,} uploads of {photos} photos. Percentages above: mean over the "
        "families.\nLines: 95 % intervals (Wilson). * expected to fail. "
        "To repeat: haechi bench edits PHOTOS --out FOLDER",
        fontsize=7.2, color=_QUIET, va="center", linespacing=1.4,
    )  # fmt: skip
