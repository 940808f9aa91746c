# SPDX-License-Identifier: Apache-2.0
"""A receipt that was changed anywhere does not hold, and junk is never anything but refused."""

from __future__ import annotations

import contextlib
import copy
import json
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from installations import digest, pdq_value

from haechi.errors import VerificationFailed
from haechi.evidence import ReceiptItem, sign_receipt, verify_receipt
from haechi.values import MediaKind

RECEIPT = sign_receipt(
    b"s" * 32,
    case_number="7KQ2-M4XR",
    reported_at=datetime(2026, 11, 22, 9, 5, tzinfo=UTC),
    items=[ReceiptItem(MediaKind.IMAGE, [pdq_value(1), digest(1)])],
    sighting_count=10,
)
WRITTEN = json.dumps(RECEIPT, separators=(",", ":")).encode()

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(
    [
        "format",
        "case_number",
        "reported_at",
        "items",
        "sightings",
        "algorithm",
        "public_key",
        "value",
    ]
)


@given(place=st.integers(0, len(WRITTEN) - 1), change=st.integers(1, 255))
def test_any_changed_byte_is_noticed(place: int, change: int) -> None:
    altered = bytearray(WRITTEN)
    altered[place] ^= change
    with contextlib.suppress(ValueError, RecursionError):
        loaded = json.loads(bytes(altered))
        with pytest.raises(VerificationFailed):
            verify_receipt(loaded)


def test_every_changed_letter_of_the_signature_is_noticed() -> None:
    """All of them, each with its nearest neighbour: the unused bits of Base64 too."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for name in ("public_key", "value"):
        text = RECEIPT["signature"][name]
        for place, letter in enumerate(text.rstrip("=")):
            for bit in (1, 2, 4, 8, 16, 32):
                changed = copy.deepcopy(RECEIPT)
                other = letters[letters.index(letter) ^ bit]
                changed["signature"][name] = text[:place] + other + text[place + 1 :]
                with pytest.raises(VerificationFailed):
                    verify_receipt(changed)


@given(key=KEYS, value=JSON)
def test_any_other_value_in_any_place_is_noticed(key: str, value: object) -> None:
    changed = copy.deepcopy(RECEIPT)
    part = changed["statement"] if key in changed["statement"] else changed["signature"]
    # True == 1 and 1.0 == 1 in Python; in canonical JSON 10.0 and 10 are one number.
    if type(part[key]) is not type(value) or part[key] != value:
        if isinstance(value, float) and value == part[key]:
            return
        part[key] = value
        with pytest.raises(VerificationFailed):
            verify_receipt(changed)


@given(key=st.text().filter(lambda key: key not in RECEIPT["statement"]), value=JSON)
@example(key="\ud800", value=None)
def test_any_more_in_the_statement_is_noticed(key: str, value: object) -> None:
    changed = {**RECEIPT, "statement": {**RECEIPT["statement"], key: value}}
    with pytest.raises(VerificationFailed):
        verify_receipt(changed)


@given(JSON)
def test_junk_is_refused_and_nothing_else_happens(junk: object) -> None:
    for receipt in (
        junk,
        {"statement": junk, "signature": RECEIPT["signature"]},
        {"statement": RECEIPT["statement"], "signature": junk},
        {"statement": {"format": "haechi-receipt/1", "x": junk}, "signature": {}},
    ):
        with pytest.raises(VerificationFailed):
            verify_receipt(receipt)


def test_the_deepest_junk_is_refused() -> None:
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    statement = {**RECEIPT["statement"], "x": deep}
    with pytest.raises(VerificationFailed):
        verify_receipt({**RECEIPT, "statement": statement})
