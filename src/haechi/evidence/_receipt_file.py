# SPDX-License-Identifier: Apache-2.0
"""A receipt out of the file it was saved as: JSON, or the PDF that the JSON is attached to.

Only what is attached to a PDF is read. What its pages show is not, and may say anything.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, Final

from haechi.errors import VerificationFailed

_MAX_BYTES: Final = 20_000_000
_MAX_RECEIPT_BYTES: Final = 1_000_000
_MAX_ATTACHMENTS: Final = 100
_STREAM: Final = re.compile(rb"\bstream\r?\n")
# How far before its stream the dictionary of a file may begin (ISO 32000-2, 7.11.4).
_MAX_DICTIONARY_BYTES: Final = 2000


def read_receipt_file(data: bytes) -> dict[str, Any]:
    """The receipt in a saved file. Does not check it: `verify_receipt` does.

    Reads a PDF as Haechi writes it, and as most programs save it again; not one under a password.

    Raises:
        VerificationFailed: no receipt in it, or more than one.
    """
    if len(data) > _MAX_BYTES:
        raise VerificationFailed(reason="this file is too large for a receipt")
    if data.startswith(b"%PDF-"):
        return _attached_to(data)
    try:
        stored = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise VerificationFailed(reason="this file is neither JSON nor a PDF") from error
    if not isinstance(stored, dict):
        raise VerificationFailed(reason="this is not a receipt that we know how to read")
    return stored


def _attached_to(pdf: bytes) -> dict[str, Any]:
    found: list[dict[str, Any]] = []
    for packed in islice(_file_streams(pdf), _MAX_ATTACHMENTS):
        try:
            stored = json.loads(packed)
        except (ValueError, RecursionError):
            continue  # some other attachment
        if isinstance(stored, dict) and "statement" in stored and stored not in found:
            found.append(stored)
    if not found:
        raise VerificationFailed(reason="no receipt is attached to this PDF")
    if len(found) > 1:
        raise VerificationFailed(reason="more than one receipt is attached to this PDF")
    return found[0]


def _file_streams(pdf: bytes) -> Iterator[bytes]:
    """What is attached, each as far as a receipt can be long."""
    for match in _STREAM.finditer(pdf):
        begin = pdf.rfind(b" obj", max(0, match.start() - _MAX_DICTIONARY_BYTES), match.start())
        dictionary = pdf[begin : match.start()] if begin >= 0 else b""
        if b"/EmbeddedFile" not in dictionary:
            continue
        packed = pdf[match.end() : match.end() + _MAX_RECEIPT_BYTES]
        if b"/Filter" not in dictionary:
            yield packed.partition(b"endstream")[0]
            continue
        # What was packed by another filter is no zlib stream, and passed over.
        with suppress(zlib.error):
            yield zlib.decompressobj().decompress(packed, _MAX_RECEIPT_BYTES)
