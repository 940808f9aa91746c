# SPDX-License-Identifier: Apache-2.0
"""Receipts: the public key that checks them, and the check itself, which needs no installation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from haechi import evidence
from haechi.errors import VerificationFailed
from haechi.workflows._context import Context


def receipt_key_pem(ctx: Context) -> str:
    """The public key of this installation's receipts, as PEM."""
    return evidence.public_key_pem(ctx.keys.signing)


def check_receipt(receipt: Mapping[str, Any], *, key_pem: bytes | None) -> None:
    """Return nothing if the receipt holds; with a key, if that very key signed it.

    Raises:
        VerificationFailed: it does not, or the key is no Ed25519 public key.
    """
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
