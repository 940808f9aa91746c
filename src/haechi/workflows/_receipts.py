# SPDX-License-Identifier: Apache-2.0
"""Receipts: the key that checks them, the check of one and of a file beside it, and the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from haechi import evidence
from haechi.errors import FileNotReadable, VerificationFailed
from haechi.values import Signal
from haechi.workflows._context import Context
from haechi.workflows._fingerprint import check_regular, hash_files


def receipt_key_pem(ctx: Context) -> str:
    """The public key of this installation's receipts, as PEM."""
    return evidence.public_key_pem(ctx.keys.signing)


def check_receipt(
    receipt: Mapping[str, Any] | bytes, *, key_pem: bytes | None, file: Path | None = None
) -> evidence.ReceiptFacts:
    """What the receipt says, if it holds; with a key, if that very key signed it.

    The bytes are those of a saved file, JSON or PDF. Of a PDF only what is attached is checked. With
    a file, a picture or a video, `file_fits_by` of the answer says whether it belongs to the receipt.

    Raises:
        VerificationFailed: it does not, or the key is no Ed25519 public key.
        MediaError: the file is no picture or video that we know, or it cannot be read.
    """
    if isinstance(receipt, bytes):
        receipt = evidence.read_receipt_file(receipt)
    public_key = None
    if key_pem is not None:
        try:
            key = load_pem_public_key(key_pem)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise VerificationFailed(
                reason="the key file holds no public key that we know"
            ) from error
        if not isinstance(key, Ed25519PublicKey):
            raise VerificationFailed(reason="the key file holds no Ed25519 key")
        public_key = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    evidence.verify_receipt(receipt, public_key=public_key)
    facts = evidence.receipt_facts(receipt)
    if file is None:
        return facts
    return replace(facts, file_fits_by=evidence.signals_in_receipt(receipt, _signals_of(file)))


def receipt_pdf(receipt: Mapping[str, Any], *, language: str, words: Callable[[str], str]) -> bytes:
    """The receipt as a PDF to print or hand over, itself attached; `words` looks each sentence up.

    Raises:
        VerificationFailed: the receipt does not hold.
    """
    return evidence.receipt_pdf(receipt, language=language, words=words)


def _signals_of(file: Path) -> tuple[Signal, ...]:
    """Of a file that cannot be decoded, its digests: they are enough."""
    try:
        check_regular(file)
    except OSError as error:
        raise FileNotReadable from error
    (hashed,) = hash_files([file])
    if hashed.error is not None and not hashed.signals:
        raise hashed.error
    return hashed.signals
