# SPDX-License-Identifier: Apache-2.0
"""Receipts: what was reported when, signed with Ed25519 (RFC 8032) over canonical JSON (RFC 8785).

A receipt holds no picture, no fingerprint and nothing that was written, only commitments to each:
whoever has the file or the texts, and the receipt, can show that they belong together, and nobody can
read them out of it. docs/receipt-format.md says enough to write a second verifier. This module needs
no database.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from haechi.errors import VerificationFailed
from haechi.evidence._commitments import commit_to_sighting, commit_to_signals
from haechi.evidence._statement import FORMAT, ReceiptFacts, read_statement, statement_of
from haechi.values import MediaKind, Signal


@dataclass(frozen=True, slots=True)
class ReceiptItem:
    """One reported picture or video, known by its signals, one of a type."""

    kind: MediaKind
    signals: Sequence[Signal]


def sign_receipt(
    signing_key: bytes,
    *,
    case_number: str,
    reported_at: datetime,
    items: Sequence[ReceiptItem],
    sightings: Sequence[Mapping[str, str]],
    kind: Literal["opened", "added"] = "opened",
) -> dict[str, Any]:
    """A signed receipt as a JSON object: `{"statement": …, "signature": …}`.

    `signing_key` is the 32-byte Ed25519 seed; a sighting is its texts by name, as they are stored.
    The salt of each commitment is new each time.

    Raises:
        ValueError: a text that has no UTF-8; an item without a signal, or with two of a type.
    """
    return _signed(
        signing_key,
        {
            "format": FORMAT,
            "kind": kind,
            "case_number": case_number,
            "reported_at": _written(reported_at),
            "items": [
                {"kind": item.kind.value, "signals": commit_to_signals(item.signals)}
                for item in items
            ],
            "sightings": len(sightings),
            "places": [commit_to_sighting(sighting) for sighting in sightings],
        },
    )


def sign_erasure(
    signing_key: bytes,
    *,
    case_number: str,
    erased_at: datetime,
    item_count: int,
    sighting_count: int,
) -> dict[str, Any]:
    """A signed receipt that a case was erased: how much was in it, and no commitment to any of it."""
    return _signed(
        signing_key,
        {
            "format": FORMAT,
            "kind": "erased",
            "case_number": case_number,
            "erased_at": _written(erased_at),
            "item_count": item_count,
            "sighting_count": sighting_count,
        },
    )


def signed_bytes(receipt: Mapping[str, Any]) -> bytes:
    """The exact bytes that the signature covers: the statement as canonical JSON.

    Raises:
        VerificationFailed: this is no receipt.
    """
    statement: Any = statement_of(receipt)
    read_statement(statement)
    try:
        return rfc8785.dumps(statement)
    except (ValueError, RecursionError) as error:  # rfc8785's errors are ValueErrors
        raise VerificationFailed(reason="the receipt holds values that no receipt has") from error


def receipt_facts(receipt: Mapping[str, Any]) -> ReceiptFacts:
    """What a receipt says. Does not check that its signature holds: `verify_receipt` does.

    Raises:
        VerificationFailed: this is no receipt.
    """
    return read_statement(statement_of(receipt))


def verify_receipt(receipt: Mapping[str, Any], *, public_key: bytes | None = None) -> None:
    """Return nothing if the signature holds for the statement as it stands.

    With `public_key` (32 raw bytes) the receipt must be signed by that very key. Without it the key
    inside the receipt is used: this shows that nothing was altered, *not* who signed.

    Raises:
        VerificationFailed: not a receipt, another key, or altered.
    """
    covered = signed_bytes(receipt)
    signature = receipt.get("signature")
    if not isinstance(signature, dict) or signature.get("algorithm") != "Ed25519":
        raise VerificationFailed(reason="the receipt has no Ed25519 signature")
    try:
        named_key, value = _decoded(signature["public_key"]), _decoded(signature["value"])
        key = Ed25519PublicKey.from_public_bytes(named_key)
    except (KeyError, TypeError, ValueError) as error:
        raise VerificationFailed(reason="the signature cannot be read") from error
    if public_key is not None and named_key != public_key:
        raise VerificationFailed(reason="the receipt was signed by another key")
    try:
        key.verify(value, covered)
    except InvalidSignature as error:
        raise VerificationFailed(reason="the receipt was altered after it was signed") from error


def public_key_pem(signing_key: bytes) -> str:
    """The public half of the signing key as PEM, to be published beside the service."""
    public = Ed25519PrivateKey.from_private_bytes(signing_key).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _signed(signing_key: bytes, statement: dict[str, Any]) -> dict[str, Any]:
    key = Ed25519PrivateKey.from_private_bytes(signing_key)
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {
        "statement": statement,
        "signature": {
            "algorithm": "Ed25519",
            "public_key": base64.b64encode(public).decode(),
            "value": base64.b64encode(key.sign(rfc8785.dumps(statement))).decode(),
        },
    }


def _written(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


def _decoded(text: str) -> bytes:
    """The bytes of their one Base64 form; other forms of the same bytes are refused.

    Raises:
        ValueError, TypeError: not Base64, or its unused bits are set.
    """
    value = base64.b64decode(text, validate=True)
    if base64.b64encode(value).decode() != text:
        raise ValueError("not the canonical form")
    return value
