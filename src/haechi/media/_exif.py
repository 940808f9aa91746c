# SPDX-License-Identifier: Apache-2.0
"""The one EXIF tag that matters here: which way up.

Read by hand because a general reader unpacks, and warns about, everything else a stranger put
there.
"""

from __future__ import annotations

from typing import Final, Literal

__all__ = ["exif_turn"]

_HEADER: Final = b"Exif\x00\x00"
_ORIENTATION: Final = 0x0112
_SHORT: Final = 3
_ENTRY_BYTES: Final = 12
_UPRIGHT: Final = 1


def exif_turn(untrusted_exif: object) -> int:
    """The orientation, 1-8, that an EXIF block gives; 1 when it gives none, or nothing sensible.

    Takes the block with or without its `Exif` header. Only the first directory is read.
    Source: CIPA DC-008 (Exif 2.32) 4.6.4, TIFF 6.0.
    """
    if not isinstance(untrusted_exif, bytes):
        return _UPRIGHT
    tiff = untrusted_exif.removeprefix(_HEADER)
    if tiff[:4] not in (b"II*\x00", b"MM\x00*"):
        return _UPRIGHT
    order: Literal["little", "big"] = "little" if tiff[:2] == b"II" else "big"
    start = int.from_bytes(tiff[4:8], order)
    count = int.from_bytes(tiff[start : start + 2], order)
    for at in range(start + 2, start + 2 + count * _ENTRY_BYTES, _ENTRY_BYTES):
        entry = tiff[at : at + _ENTRY_BYTES]
        if len(entry) < _ENTRY_BYTES:
            break
        tag, kind = int.from_bytes(entry[:2], order), int.from_bytes(entry[2:4], order)
        if tag == _ORIENTATION and kind == _SHORT:
            turn = int.from_bytes(entry[8:10], order)
            return turn if 1 <= turn <= 8 else _UPRIGHT
    return _UPRIGHT
