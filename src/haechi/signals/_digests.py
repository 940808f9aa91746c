# SPDX-License-Identifier: Apache-2.0
"""The exact digests: equal files and no others."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from haechi.values import Signal, SignalType

__all__ = ["digests"]


def digests(chunks: Iterable[bytes]) -> tuple[Signal, Signal]:
    """The md5 and sha256 of a file given as consecutive chunks, in one pass.

    How the file is cut does not matter; no chunk, or empty ones, give the digests of nothing. md5
    is here because other banks hold it; it can be forged and is never proof.
    """
    md5 = hashlib.md5(usedforsecurity=False)
    sha256 = hashlib.sha256()
    for chunk in chunks:
        md5.update(chunk)
        sha256.update(chunk)
    return (
        Signal(SignalType.MD5, md5.digest()),
        Signal(SignalType.SHA256, sha256.digest()),
    )
