# SPDX-License-Identifier: Apache-2.0
"""The installation that a command works on, opened by whoever holds its data folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.settings import Settings, load_settings
from haechi.values import Actor, ActorKind

if TYPE_CHECKING:
    from haechi.workflows import Context

DataFolder = Annotated[
    Path | None,
    typer.Option("--data-folder", help="Where the database and the keys live.", show_default=False),
]

OPERATOR = Actor(ActorKind.OPERATOR, "console")


def settings_for(data_folder: Path | None) -> Settings:
    """The settings of the environment, with the folder of the command line on top."""
    return load_settings(data_folder=data_folder)


def open_installation(data_folder: Path | None, *, may_create: bool = False) -> Context:
    """The open installation, without a live index: close it, or use it as a context manager.

    Raises:
        BrokenStore: it cannot be used, or there is none and `may_create` does not allow one.
    """
    from haechi.workflows import open_context

    return open_context(settings_for(data_folder), follows=False, may_create=may_create)
