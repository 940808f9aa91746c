# SPDX-License-Identifier: Apache-2.0
"""One figure of a bench, the report it stands in, and how both are written down."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["Figure", "Report", "machine"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value, beside a peer's where there is one.

    `ratio` says how many times better ours is than the peer's. `goal` is the bound that `value` or
    `ratio` is held to and `holds` whether it does; a missed goal is printed as missed, not an error.
    `interval` is where the true value lies with 95 % confidence, where that was worked out.
    """

    name: str
    value: float
    unit: str
    peer: str | None = None
    peer_value: float | None = None
    ratio: float | None = None
    goal: str | None = None
    holds: bool | None = None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What one bench measured: its name, its figures, and the pictures it drew, if any."""

    bench: str
    figures: tuple[Figure, ...]
    plots: tuple[Path, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The one JSON object of `haechi bench … --json`."""
        return {
            "bench": self.bench,
            "machine": machine(),
            "figures": [asdict(figure) for figure in self.figures],
        }


def machine() -> str:
    """The kind of machine, its cores and its Python: nothing that names it."""
    processor = _processor_name()
    return f"{processor}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{platform.machine()} {names[0]}" if names else platform.machine()
