# SPDX-License-Identifier: Apache-2.0
"""Commitments: what ties a receipt to a file or to a text without holding either.

Each is the SHA-256 of a salt of its own and of one thing: one signal of an item, or the texts of one
sighting. One signal is enough to open the receipt, so the same file always opens it by its digest,
whatever another decoder makes of the picture. This module needs no database.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import rfc8785

from haechi.evidence._statement import FIRST_FORMAT, is_commitment, read_statement, statement_of
from haechi.values import Signal, SignalType

_SALT_BYTES: Final = 16


def commit_to_signals(signals: Sequence[Signal]) -> list[dict[str, str]]:
    """A commitment to each signal, sorted by type. The salts are new each time.

    Raises:
        ValueError: no signal, or two of a type: no receipt has such an item.
    """
    if not signals or len({signal.type for signal in signals}) < len(signals):
        raise ValueError("an item has one signal or more, and one of a type")
    return [
        {"type": signal.type.value, **_commit(_line(signal))}
        for signal in sorted(signals, key=lambda signal: signal.type.value)
    ]


def commit_to_sighting(sighting: Mapping[str, str]) -> dict[str, str]:
    """A commitment to the texts of a sighting. The salt is new each time.

    Raises:
        ValueError: a text that has no UTF-8.
    """
    return _commit(rfc8785.dumps(dict(sighting)))


def signals_in_receipt(
    receipt: Mapping[str, Any], signals: Iterable[Signal]
) -> frozenset[SignalType]:
    """The types of those signals that the receipt is about; empty if it is about none.

    `sha256` says that it is the very file. Any other type says less: pictures that look alike can
    share a PDQ, and files with the same MD5 can be made. Does not check who signed the receipt, nor
    that its signature holds, nor that the signals of one item came from one file: whoever reported
    them said so. A receipt of the first format answers only to all signals of an item at once.

    Raises:
        VerificationFailed: this is no receipt.
    """
    facts = read_statement(statement_of(receipt))
    given = list(signals)
    if facts.item_count is None or facts.kind == "erased":
        return frozenset()
    statement = receipt["statement"]
    if statement["format"] == FIRST_FORMAT:
        together = "".join(sorted(_line(signal).decode() for signal in given)).encode()
        is_there = any(_opens(item, together) for item in statement["items"])
        return frozenset(signal.type for signal in given) if is_there else frozenset()
    committed = [one for item in statement["items"] for one in item["signals"]]
    return frozenset(
        signal.type
        for signal in given
        if any(one["type"] == signal.type.value and _opens(one, _line(signal)) for one in committed)
    )


def commits_to_item(receipt: Mapping[str, Any], signals: Iterable[Signal]) -> bool:
    """Whether one of these signals is one of the receipt's: `signals_in_receipt` says which, and how much.

    Does not check who signed the receipt, nor that its signature holds.

    Raises:
        VerificationFailed: this is no receipt.
    """
    return bool(signals_in_receipt(receipt, signals))


def commits_to_sighting(receipt: Mapping[str, Any], sighting: Mapping[str, str]) -> bool:
    """Whether these texts, to the letter, are those of one of the receipt's sightings.

    Does not check who signed the receipt, nor that its signature holds. A receipt of the first
    format has no commitment to a sighting.

    Raises:
        VerificationFailed: this is no receipt.
        ValueError: a text that has no UTF-8.
    """
    facts = read_statement(statement_of(receipt))
    statement = receipt["statement"]
    if statement["format"] == FIRST_FORMAT or facts.kind == "erased":
        return False
    content = rfc8785.dumps(dict(sighting))
    return any(_opens(place, content) for place in statement["places"])


def _line(signal: Signal) -> bytes:
    return f"{signal.type.value} {signal.hex}\n".encode()


def _commit(content: bytes) -> dict[str, str]:
    salt = secrets.token_bytes(_SALT_BYTES)
    return {"salt": salt.hex(), "commitment": hashlib.sha256(salt + content).hexdigest()}


def _opens(one: object, content: bytes) -> bool:
    return (
        is_commitment(one)
        and hashlib.sha256(bytes.fromhex(one["salt"]) + content).hexdigest() == one["commitment"]
    )
