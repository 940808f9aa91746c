# SPDX-License-Identifier: Apache-2.0
"""The live index on disk, so that a restart need not read the whole bank again.

The bank stays the truth: a file that is damaged, of another installation, or ahead of the bank is
named in the log, set aside, and the index is built from the bank.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from haechi.errors import BrokenStore, DamagedSnapshot
from haechi.match import Index
from haechi.storage import Keys

_KEY_BYTES: Final = 32
_NAME: Final = "live-index.snapshot"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class IndexFile:
    """Where the index is kept, sealed: it holds signals, which the database holds only sealed too."""

    path: Path
    sealing_key: bytes = field(repr=False)

    @classmethod
    def of(cls, folder: Path, keys: Keys) -> IndexFile:
        """The file of an installation, under a key of its own."""
        derived = HKDF(SHA256(), _KEY_BYTES, None, b"haechi live index file").derive(keys.master)
        return cls(folder / _NAME, derived)

    def load(self, *, head: int) -> tuple[Index, int] | None:
        """The index and the position of the feed it was kept at; None: build it from the bank.

        `head` is the newest step of the feed. A file that cannot be used is logged by its name and
        removed.
        """
        try:
            index, position = Index.load(self.path, sealing_key=self.sealing_key)
        except FileNotFoundError:
            return None
        except DamagedSnapshot as error:
            self._set_aside(str(error.params["reason"]))
            return None
        if position > head:
            # The database came back from a backup: what the file knows more never happened.
            index.close()
            self._set_aside("it is ahead of the bank")
            return None
        return index, position

    def save(self, index: Index, position: int) -> bool:
        """Write the index down, whole or not at all; whether that worked. A failure is only logged."""
        try:
            index.save(self.path, position=position, sealing_key=self.sealing_key)
        except BrokenStore:
            _log.warning("index_file_not_written", file=self.path.name)
            return False
        return True

    def _set_aside(self, reason: str) -> None:
        _log.warning("index_file_not_used", file=self.path.name, reason=reason)
        self.path.unlink(missing_ok=True)
