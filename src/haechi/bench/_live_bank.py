# SPDX-License-Identifier: Apache-2.0
"""An installation that holds many contents: filled once, kept under build/, copied for each run."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from haechi import bank
from haechi.bench._peers import checkout
from haechi.errors import OutsideServiceFailed
from haechi.settings import Settings, load_settings
from haechi.values import Signal, SignalType
from haechi.workflows import open_context

__all__ = ["installation"]

_AT_ONCE: Final = 20_000


def installation(size: int, workspace: Path, say: Callable[[str], None]) -> Settings:
    """The settings of a fresh installation in `workspace`, with `size` random contents in a bank.

    They come from a copy of a filled one, where there is a checkout to keep that in.
    """
    folder = workspace / "data"
    try:
        kept = checkout() / "build" / "bench-live" / str(size)
    except OutsideServiceFailed:
        _fill(folder, size, say)
    else:
        _fill(kept, size, say)
        shutil.copytree(kept, folder)
    return load_settings({}, data_folder=folder, reports_per_min=10**9)


def _fill(folder: Path, size: int, say: Callable[[str], None]) -> None:
    """Fill the bank up to `size`; goes on where an earlier run was cut off."""
    with open_context(load_settings({}, data_folder=folder), follows=False) as ctx:
        with ctx.database.read() as tx:
            count = bank.feed_position(tx)
        while count < size:
            say(f"filling the bank, {count:,} of {size:,}")
            step = min(_AT_ONCE, size - count)
            with ctx.database.write() as tx:
                key_id = ctx.vault.new_key(tx)
                bank_id = bank.ensure_bank(tx, "bench").id
                for _ in range(step):
                    signal = Signal(SignalType.PDQ, secrets.token_bytes(32), 100)
                    bank.add_content(
                        tx, ctx.vault, bank_id=bank_id, key_id=key_id, signals=[signal]
                    )
            count += step
