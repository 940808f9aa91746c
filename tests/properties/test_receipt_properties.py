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
from haechi.evidence import (
    ReceiptItem,
    commits_to_item,
    commits_to_sighting,
    read_receipt_file,
    sign_receipt,
    signals_in_receipt,
    verify_receipt,
)
from haechi.values import MediaKind, SignalType

RECEIPT = sign_receipt(
    b"s" * 32,
    case_number="7KQ2-M4XR",
    reported_at=datetime(2026, 11, 22, 9, 5, tzinfo=UTC),
    items=[ReceiptItem(MediaKind.IMAGE, [pdq_value(1), digest(1)])],
    sightings=[{"place": f"room {number}"} for number in range(10)],
)
ITEM = RECEIPT["statement"]["items"][0]
WRITTEN = json.dumps(RECEIPT, separators=(",", ":")).encode()

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(
    [
        "format",
        "kind",
        "case_number",
        "reported_at",
        "items",
        "sightings",
        "places",
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


def _with_item(item: object) -> dict:
    return {
        "statement": {**RECEIPT["statement"], "items": [item]},
        "signature": RECEIPT["signature"],
    }


@given(JSON)
def test_junk_is_refused_and_nothing_else_happens(junk: object) -> None:
    for receipt in (
        junk,
        {"statement": junk, "signature": RECEIPT["signature"]},
        {"statement": RECEIPT["statement"], "signature": junk},
        {"statement": {"format": "haechi-receipt/1", "x": junk}, "signature": {}},
        {"statement": {**RECEIPT["statement"], "items": junk}, "signature": RECEIPT["signature"]},
        {"statement": {**RECEIPT["statement"], "places": [junk] * 10}, "signature": {}},
        _with_item(junk),
        _with_item({"kind": junk, "signals": ITEM["signals"]}),
        _with_item({**ITEM, "signals": [junk]}),
        _with_item({**ITEM, "signals": [{**ITEM["signals"][0], "type": junk}]}),
        _with_item({**ITEM, "signals": [{**ITEM["signals"][0], "commitment": junk}]}),
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


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SIGHTING = st.fixed_dictionaries({"url": TEXT, "place": TEXT, "note": TEXT})
MAKERS = {
    SignalType.PDQ: pdq_value,
    SignalType.MD5: lambda seed: digest(seed, SignalType.MD5),
    SignalType.SHA256: digest,
}
SIGNALS = st.dictionaries(st.sampled_from(list(MAKERS)), st.integers(0, 5), min_size=1).map(
    lambda seeds: [MAKERS[kind](seed) for kind, seed in seeds.items()]
)


@given(
    items=st.lists(SIGNALS, max_size=3),
    sightings=st.lists(SIGHTING, max_size=3),
    others=st.tuples(SIGNALS, SIGHTING),
)
def test_a_receipt_belongs_to_what_was_reported_and_to_nothing_else(
    items: list, sightings: list[dict[str, str]], others: tuple
) -> None:
    receipt = sign_receipt(
        b"s" * 32,
        case_number="7KQ2-M4XR",
        reported_at=datetime(2026, 11, 22, 9, 5, tzinfo=UTC),
        items=[ReceiptItem(MediaKind.IMAGE, signals) for signals in items],
        sightings=sightings,
    )
    verify_receipt(json.loads(json.dumps(receipt)))
    for item, signals in zip(receipt["statement"]["items"], items, strict=True):
        types = {signal.type for signal in signals}
        assert [one["type"] for one in item["signals"]] == sorted(types)
        assert commits_to_item(receipt, reversed(signals))
        assert signals_in_receipt(receipt, signals) == types
        for signal in signals:
            assert signals_in_receipt(receipt, [signal]) == {signal.type}
    for sighting in sightings:
        assert commits_to_sighting(receipt, dict(reversed(sighting.items())))
    signals, sighting = others
    reported = [signal for item in items for signal in item]
    fitting = {signal.type for signal in signals if signal in reported}
    assert signals_in_receipt(receipt, signals) == fitting
    assert commits_to_item(receipt, signals) is bool(fitting)
    assert commits_to_sighting(receipt, sighting) is (sighting in sightings)


@given(
    st.binary(max_size=200), st.sampled_from([b"", b"%PDF-1.7\n1 0 obj /EmbeddedFile\nstream\n"])
)
def test_any_file_is_read_or_refused(data: bytes, head: bytes) -> None:
    with contextlib.suppress(VerificationFailed):
        assert isinstance(read_receipt_file(head + data), dict)
