# SPDX-License-Identifier: Apache-2.0
"""Results go to standard output, progress and errors to standard error, progress only on a terminal."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from typing import Annotated, Final

import typer
from rich.console import Console

from haechi.errors import HaechiError

JsonFlag = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]

_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def emit(line: Mapping[str, object]) -> None:
    """Write one JSON line to standard output."""
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def say_error(error: HaechiError) -> None:
    """Write the sentence of an error to standard error."""
    err.print(f"haechi: {error.sentence}", style="red", markup=False)


def clean(name: object) -> str:
    """A name from outside, fit for a terminal: control and direction characters are shown as such."""
    return _UNSAFE.sub(lambda found: f"\\x{ord(found.group()):02x}", str(name))
