# SPDX-License-Identifier: Apache-2.0
"""What a receipt says: its statement, read field by field and trusted in nothing.

Anybody can sign anything with a key of their own, so a statement is read like any other text from
outside. This module needs no database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from haechi.errors import VerificationFailed
from haechi.values import MediaKind, SignalType

FORMAT: Final = "haechi-receipt/2"
"""The format that is written now."""

FIRST_FORMAT: Final = "haechi-receipt/1"
"""The format before it, whose receipts go on holding."""

# Lists, not sets: what is looked for may be anything, and not everything has a hash.
_KINDS: Final = [kind.value for kind in MediaKind]
_TYPES: Final = [kind.value for kind in SignalType]
_SALT: Final = re.compile(r"[0-9a-f]{32}")
_COMMITMENT: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """What a receipt says, whether or not its signature holds.

    `kind` is `opened`, `added` or `erased`; `stated_at` is the time as it is written there. A count
    is None where the receipt does not give it: an erasure does not tell photos from videos.
    `file_fits_by` is by which fingerprints a file that was asked about belongs to it (empty: it is
    not shown to), and None where none was.
    """

    kind: str
    case_number: str
    stated_at: str
    image_count: int | None
    video_count: int | None
    item_count: int | None
    sighting_count: int | None
    file_fits_by: frozenset[SignalType] | None = None


def read_statement(statement: object) -> ReceiptFacts:
    """The facts of a statement, of the first format or the second.

    Raises:
        VerificationFailed: this is no receipt, or it lacks what every receipt has.
    """
    if not isinstance(statement, dict) or statement.get("format") not in (FIRST_FORMAT, FORMAT):
        raise VerificationFailed(reason="this is not a receipt that we know how to read")
    is_first = statement["format"] == FIRST_FORMAT
    kind = "opened" if is_first else statement.get("kind")
    if kind not in ("opened", "added", "erased"):
        raise VerificationFailed(reason="the receipt does not say what happened")
    case_number = statement.get("case_number")
    stated_at = statement.get("erased_at" if kind == "erased" else "reported_at")
    if not isinstance(case_number, str) or not isinstance(stated_at, str):
        raise VerificationFailed(reason="the receipt does not say which case, or when")
    if is_first:
        counts = _counts_of_first_format(statement)
    elif kind == "erased":
        counts = _counts_of_erasure(statement)
    else:
        counts = _counts_of_report(statement)
    return ReceiptFacts(kind, case_number, stated_at, *counts)


def statement_of(receipt: object) -> object:
    """The statement of what may be a receipt; None if there is none."""
    return receipt.get("statement") if isinstance(receipt, Mapping) else None


def is_commitment(value: object) -> TypeGuard[dict[str, str]]:
    """Whether this is a salt and the SHA-256 made with it, in their one written form."""
    if not isinstance(value, dict):
        return False
    salt, commitment = value.get("salt"), value.get("commitment")
    return (
        isinstance(salt, str)
        and isinstance(commitment, str)
        and _SALT.fullmatch(salt) is not None
        and _COMMITMENT.fullmatch(commitment) is not None
    )


_Counts = tuple[int | None, int | None, int | None, int | None]


def _counts_of_first_format(statement: Mapping[str, Any]) -> _Counts:
    """Counts as far as they are there: the first format was never checked for them."""
    items, sightings = statement.get("items"), statement.get("sightings")
    sighting_count = sightings if _is_count(sightings) else None
    if not isinstance(items, list) or not all(_is_item_of_first_format(one) for one in items):
        return None, None, None, sighting_count
    return *_by_kind(items), len(items), sighting_count


def _counts_of_erasure(statement: Mapping[str, Any]) -> _Counts:
    item_count, sighting_count = statement.get("item_count"), statement.get("sighting_count")
    if not _is_count(item_count) or not _is_count(sighting_count):
        raise VerificationFailed(reason="the receipt does not say how much was erased")
    return None, None, item_count, sighting_count


def _counts_of_report(statement: Mapping[str, Any]) -> _Counts:
    items, places = statement.get("items"), statement.get("places")
    if (
        not isinstance(items, list)
        or not isinstance(places, list)
        or not all(_is_item(item) for item in items)
        or not all(is_commitment(place) for place in places)
        or not _is_count(statement.get("sightings"))
        or statement["sightings"] != len(places)
    ):
        raise VerificationFailed(reason="the receipt does not say what was reported")
    return *_by_kind(items), len(items), len(places)


def _by_kind(items: list[dict[str, Any]]) -> tuple[int, int]:
    kinds = [item["kind"] for item in items]
    return kinds.count(MediaKind.IMAGE.value), kinds.count(MediaKind.VIDEO.value)


def _is_item_of_first_format(value: object) -> bool:
    return is_commitment(value) and value.get("kind") in _KINDS


def _is_item(value: object) -> bool:
    """Whether this is a kind, and a commitment to each of its signals in their one order."""
    if not isinstance(value, dict) or value.get("kind") not in _KINDS:
        return False
    signals = value.get("signals")
    if not isinstance(signals, list) or not all(
        is_commitment(one) and one.get("type") in _TYPES for one in signals
    ):
        return False
    types = [one["type"] for one in signals]
    return bool(types) and types == sorted(set(types))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
