# SPDX-License-Identifier: Apache-2.0
"""Where the chain stood, noted outside the database: one line a minute while anything changes."""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from haechi.audit._chain import Head
from haechi.errors import BrokenStore
from haechi.storage import Keys

_NAME: Final = "audit-heads.txt"
_OWNER_ONLY: Final = 0o600
_TAIL_BYTES: Final = 1024
"""More than two lines."""


@dataclass(frozen=True, slots=True)
class HeadFile:
    """The file of noted ends: lines of number, digest and a code that only our key can make."""

    path: Path
    key: bytes = field(repr=False)

    @classmethod
    def of(cls, folder: Path, keys: Keys) -> Self:
        """The file of an installation, under a key of its own."""
        derived = HKDF(SHA256(), 32, None, b"haechi audit heads").derive(keys.master)
        return cls(folder / _NAME, derived)

    def note(self, head: Head) -> bool:
        """Add where the chain stands now, on the disk when this returns; False if it is there already.

        Raises:
            BrokenStore: the file was altered, or cannot be written.
        """
        last, torn_from = self._last()
        if head.seq == 0 or (last is not None and head.seq <= last.seq):
            return False
        line = f"{head.seq} {head.digest.hex()} {self._code(head)}\n"
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _OWNER_ONLY)
            try:
                if torn_from is not None:
                    # What a power cut left of a line is no line.
                    os.ftruncate(descriptor, torn_from)
                os.write(descriptor, line.encode())
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise BrokenStore(reason=f"{_NAME} cannot be written") from error
        return True

    def _last(self) -> tuple[Head | None, int | None]:
        """The end that was noted last, and where a line begins that was cut off, if one was."""
        try:
            with self.path.open("rb") as file:
                start = max(0, self.path.stat().st_size - _TAIL_BYTES)
                file.seek(start)
                tail = file.read().decode("ascii")
        except FileNotFoundError:
            return None, None
        except (OSError, UnicodeDecodeError) as error:
            raise BrokenStore(reason=f"{_NAME} cannot be read") from error
        whole = tail[: tail.rfind("\n") + 1]
        last = self._parse(whole.splitlines()[-1]) if whole else None
        return last, start + len(whole) if len(whole) < len(tail) else None

    def read(self) -> dict[int, bytes]:
        """Every noted digest by its number; empty without a file. A last line that was cut off is none.

        Raises:
            BrokenStore: a line was altered, or the file cannot be read.
        """
        try:
            text = self.path.read_text(encoding="ascii")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise BrokenStore(reason=f"{_NAME} cannot be read") from error
        found: dict[int, bytes] = {}
        for line in text.splitlines(keepends=True):
            if line.endswith("\n"):
                head = self._parse(line)
                found[head.seq] = head.digest
        return found

    def _parse(self, line: str) -> Head:
        try:
            seq, digest, code = line.split()
            head = Head(int(seq), bytes.fromhex(digest))
        except ValueError as error:
            raise BrokenStore(reason=f"{_NAME} was altered") from error
        if not hmac.compare_digest(code, self._code(head)):
            raise BrokenStore(reason=f"{_NAME} was altered")
        return head

    def _code(self, head: Head) -> str:
        return hmac.digest(self.key, f"{head.seq} {head.digest.hex()}".encode(), "sha256").hex()
