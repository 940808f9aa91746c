# SPDX-License-Identifier: Apache-2.0
"""The figures of a bench as a table: a row a figure, a column for ours and for each peer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from haechi.cli._handed import FigureLike, ReportLike
from haechi.cli._output import clean, out

_MOST_PEER_COLUMNS: Final = 4
_WITHOUT_PEERS: Final = 3
_BESIDE_PEERS: Final = 60
_PEER_WIDTH: Final = 22
"""On a narrower terminal the peers stand in one column, a row each."""

_WIDE: Final = 160
"""Columns of a page that nobody looks at on a terminal: lines are not broken there."""


def print_report(report: ReportLike, *, machine: str) -> None:
    """Print the report to standard output."""
    console = out if out.is_terminal else Console(highlight=False, width=_WIDE)
    peers = list(dict.fromkeys(figure.peer for figure in report.figures if figure.peer))
    has_room = console.width >= _BESIDE_PEERS + _PEER_WIDTH * len(peers)
    is_wide = len(peers) <= _MOST_PEER_COLUMNS and has_room
    console.print(_table(report, peers if is_wide else []), soft_wrap=False)
    held = [figure.holds for figure in report.figures if figure.holds is not None]
    console.print(f"{sum(held)} of {len(held)} goals hold.  {clean(machine)}", markup=False)


def _table(report: ReportLike, peers: Sequence[str]) -> Table:
    """With `peers` a column for each; without, one column that names the peer of each row."""
    table = Table(title=f"bench {report.bench}", title_justify="left", header_style="bold")
    table.add_column("what", overflow="fold", max_width=60)
    table.add_column("Haechi", justify="right")
    for peer in peers:
        table.add_column(escape(clean(peer)), justify="right", max_width=34)
    has_peers = any(figure.peer for figure in report.figures)
    if has_peers and not peers:
        table.add_column("peer", max_width=60)
    table.add_column("goal")
    rows: dict[str, list[FigureLike]] = {}
    for place, figure in enumerate(report.figures):
        # Figures of one name and value stand in one row, unless two are of one peer.
        key = f"{figure.name}|{figure.value}|{figure.unit}" if peers else str(place)
        rows.setdefault(key, []).append(figure)
    for figures in rows.values():
        _add_row(table, figures, peers)
    return table


def _add_row(table: Table, figures: Sequence[FigureLike], peers: Sequence[str]) -> None:
    first = figures[0]
    ours = _value(first.value, first.unit)
    if first.interval is not None:
        low, high = first.interval
        ours += f" ({low:.2f}–{high:.2f})"
    if peers:
        by_peer = {figure.peer: _beside(figure) for figure in figures if figure.peer}
        beside = [by_peer.get(peer, "") for peer in peers]
    elif len(table.columns) > _WITHOUT_PEERS:
        beside = [f"{_beside(first)}  {clean(first.peer)}" if first.peer else ""]
    else:
        beside = []
    cells = [clean(first.name), ours, *beside]
    table.add_row(*map(escape, cells), "\n".join(filter(None, map(_goal, figures))))


def _beside(figure: FigureLike) -> str:
    ratio = "" if figure.ratio is None else f"{_number(figure.ratio)} ×"
    if figure.peer_value is None:
        return ratio
    value = _value(figure.peer_value, figure.unit)
    return f"{value}  {ratio}" if ratio else value


def _goal(figure: FigureLike) -> str:
    if figure.goal is None:
        return ""
    goal = escape(clean(figure.goal))
    if figure.holds is None:
        return goal
    return f"{goal}  holds" if figure.holds else f"[bold]{goal}  MISSED[/bold]"


def _value(value: float, unit: str) -> str:
    return f"{_number(value)} {unit}".rstrip()


def _number(value: float) -> str:
    """Three digits and more: 0.0123, 1.23, 12.3, 123, 1234."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"
