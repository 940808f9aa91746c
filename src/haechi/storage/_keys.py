# SPDX-License-Identifier: Apache-2.0
"""The two keys of an installation, each in a file of its own that only its owner can read."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from haechi.errors import BrokenStore

_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Keys:
    """`master` wraps every data key (AES-256); `signing` is the Ed25519 seed that signs receipts."""

    master: bytes = field(repr=False)
    signing: bytes = field(repr=False)


def load_keys(folder: Path, *, may_create: bool) -> Keys:
    """The keys in `folder`. With `may_create`, missing ones are made; none is ever overwritten.

    Does not check that the keys belong to a database; `Vault.check` does.

    Raises:
        BrokenStore: a key file is missing, has another length, can be read by others, or cannot be
            made.
    """
    try:
        if may_create:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Keys(*(_load(folder / name, may_create) for name in ("master.key", "signing.key")))
    except OSError as error:
        raise BrokenStore(reason="the key folder cannot be read or written") from error


def _load(path: Path, may_create: bool) -> bytes:  # noqa: FBT001  # private, and named at the call
    if not path.exists():
        if not may_create:
            raise BrokenStore(reason=f"{path.name} is missing; restore it from your backup")
        _create(path)
    if path.stat().st_mode & 0o077:
        raise BrokenStore(reason=f"others can read {path.name}; run chmod 600 on it")
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise BrokenStore(reason=f"{path.name} is damaged; restore it from your backup")
    return key


def _create(path: Path) -> None:
    # Written beside and linked into place: of two processes that start at once one wins, and a
    # crash leaves no half key behind.
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        os.link(beside, path)
        _sync_folder(path.parent)
    except FileExistsError:
        pass  # another process made the key first: that one counts
    finally:
        beside.unlink()


def _sync_folder(folder: Path) -> None:
    """A power cut must not take the name of a key whose database is on disk already."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
