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

# Control and direction characters, line ends, and bytes of file names that are no UTF-8.
_UNSAFE: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def emit(line: Mapping[str, object]) -> None:
    """Write one JSON line to standard output.

    What could steer a terminal or end the line is written as an escape of JSON; so is a byte of a file
    name that is no UTF-8, and Python reads that byte back from it.
    """
    text = json.dumps(line, ensure_ascii=False)
    sys.stdout.write(_UNSAFE.sub(lambda found: f"\\u{ord(found.group()):04x}", text) + "\n")
    sys.stdout.flush()


def say_error(error: HaechiError) -> None:
    """Write the sentence of an error to standard error."""
    err.print(f"haechi: {clean(error.sentence)}", style="red", markup=False)


def clean(name: object) -> str:
    """A text from outside as one line fit for a terminal: what could steer it is shown as an escape."""
    return _UNSAFE.sub(_escape, str(name))


def _escape(found: re.Match[str]) -> str:
    number = ord(found.group())
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
