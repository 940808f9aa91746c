# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import base64
import copy
import hashlib
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from installations import digest, flipped, pdq_value

from haechi.errors import VerificationFailed
from haechi.evidence import (
    ReceiptItem,
    commits_to_item,
    commits_to_sighting,
    public_key_pem,
    receipt_facts,
    sign_erasure,
    sign_receipt,
    signals_in_receipt,
    signed_bytes,
    verify_receipt,
)
from haechi.values import MediaKind, Signal, SignalType
from haechi.workflows import check_receipt

SEED = b"s" * 32
ITEMS = [
    ReceiptItem(MediaKind.IMAGE, [pdq_value(1), digest(1)]),
    ReceiptItem(MediaKind.VIDEO, [digest(2)]),
]
SIGHTINGS = [
    {"url": "https://example.com/a?b=1", "place": "", "note": "어제 봤어요", "threats": ""},
    {"url": "", "place": "방 \U0001f610", "note": "", "threats": 'a "b"\n\u202e'},
]
FIRST_FORMAT = {
    "statement": {
        "format": "haechi-receipt/1",
        "case_number": "7KQ2-M4XR",
        "reported_at": "2026-11-22T09:05:01.234+00:00",
        "items": [
            {
                "kind": "image",
                "salt": "64a25d22e4024ccf68fdae2044e369f3",
                "commitment": "2d6b2e191cadeb42c90605d9a1d8086be8f5795964e593ec644419dbbe77a03d",
            }
        ],
        "sightings": 2,
    },
    "signature": {
        "algorithm": "Ed25519",
        "public_key": "/sFChnP2r+iSZLOAc0SuiyadElpQOFUgJofbWnEoV58=",
        "value": "0yNedsy5/9f1aJNhq5HSmwb0UfoU7T9NrY2cq30yqIol2iorO3IXgJEaZO6vuehIHK26cYMRXNHNHUZF+DuXCA==",
    },
}
"""A receipt as it was written before sightings had commitments."""


def _receipt(**changed: object) -> dict:
    return sign_receipt(
        SEED,
        **{
            "case_number": "7KQ2-M4XR",
            "reported_at": datetime(2026, 11, 22, 9, 5, 1, 234567, tzinfo=UTC),
            "items": ITEMS,
            "sightings": SIGHTINGS,
            **changed,
        },
    )


def _erasure(**changed: object) -> dict:
    return sign_erasure(
        SEED,
        **{
            "case_number": "7KQ2-M4XR",
            "erased_at": datetime(2026, 12, 1, 8, tzinfo=UTC),
            "item_count": 2,
            "sighting_count": 1,
            **changed,
        },
    )


def _signed(statement: dict) -> dict:
    """Whatever anybody may sign, with a signature that holds."""
    import rfc8785

    value = Ed25519PrivateKey.from_private_bytes(SEED).sign(rfc8785.dumps(statement))
    signature = {**_receipt()["signature"], "value": base64.b64encode(value).decode()}
    return {"statement": statement, "signature": signature}


def _public_key(seed: bytes = SEED) -> bytes:
    key = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def test_a_receipt_holds_with_its_own_key_and_with_ours() -> None:
    receipt = _receipt()
    verify_receipt(receipt)
    verify_receipt(receipt, public_key=_public_key())
    verify_receipt(json.loads(json.dumps(receipt, indent=3)), public_key=_public_key())


def test_it_says_what_was_reported_when_and_nothing_more() -> None:
    statement = _receipt()["statement"]
    assert statement["case_number"] == "7KQ2-M4XR"
    assert statement["reported_at"] == "2026-11-22T09:05:01.234+00:00"
    assert [item["kind"] for item in statement["items"]] == ["image", "video"]
    assert statement["sightings"] == 2
    assert statement["kind"] == "opened"
    assert set(statement) == {
        "format", "kind", "case_number", "reported_at", "items", "sightings", "places",
    }  # fmt: skip
    for item, reported in zip(statement["items"], ITEMS, strict=True):
        assert set(item) == {"kind", "signals"}
        types = [one["type"] for one in item["signals"]]
        assert types == sorted(signal.type.value for signal in reported.signals)
        for one in item["signals"]:
            assert set(one) == {"type", "salt", "commitment"}
    for place in statement["places"]:
        assert set(place) == {"salt", "commitment"}


def test_what_came_later_has_a_receipt_of_its_own_kind() -> None:
    receipt = _receipt(kind="added", items=[])
    verify_receipt(receipt, public_key=_public_key())
    facts = receipt_facts(receipt)
    assert (facts.kind, facts.image_count, facts.video_count) == ("added", 0, 0)
    assert (facts.item_count, facts.sighting_count) == (0, 2)


def test_an_erasure_says_how_much_and_nothing_of_what() -> None:
    receipt = _erasure()
    verify_receipt(receipt, public_key=_public_key())
    assert receipt["statement"] == {
        "format": "haechi-receipt/2",
        "kind": "erased",
        "case_number": "7KQ2-M4XR",
        "erased_at": "2026-12-01T08:00:00.000+00:00",
        "item_count": 2,
        "sighting_count": 1,
    }
    facts = receipt_facts(receipt)
    assert (facts.kind, facts.stated_at) == ("erased", "2026-12-01T08:00:00.000+00:00")
    assert (facts.image_count, facts.item_count, facts.sighting_count) == (None, 2, 1)
    assert not commits_to_item(receipt, ITEMS[0].signals)
    assert not commits_to_sighting(receipt, SIGHTINGS[0])


def test_a_receipt_of_the_first_format_goes_on_holding() -> None:
    verify_receipt(FIRST_FORMAT, public_key=_public_key())
    facts = receipt_facts(FIRST_FORMAT)
    assert (facts.kind, facts.image_count, facts.sighting_count) == ("opened", 1, 2)
    # All its signals at once, and no others.
    assert signals_in_receipt(FIRST_FORMAT, reversed(ITEMS[0].signals)) == {
        SignalType.PDQ, SignalType.SHA256,
    }  # fmt: skip
    assert commits_to_item(FIRST_FORMAT, ITEMS[0].signals)
    for signals in ([], ITEMS[0].signals[1:], [*ITEMS[0].signals, digest(1, SignalType.MD5)]):
        assert not commits_to_item(FIRST_FORMAT, signals)
    assert not commits_to_sighting(FIRST_FORMAT, SIGHTINGS[0])
    altered = copy.deepcopy(FIRST_FORMAT)
    altered["statement"]["sightings"] = 3
    with pytest.raises(VerificationFailed, match="altered"):
        verify_receipt(altered)


def test_it_holds_nothing_that_was_written() -> None:
    text = json.dumps(_receipt(), ensure_ascii=False)
    for sighting in SIGHTINGS:
        for written in filter(None, sighting.values()):
            assert written not in text


def test_it_holds_no_fingerprint() -> None:
    text = json.dumps(_receipt())
    for item in ITEMS:
        for signal in item.signals:
            assert signal.hex not in text
            assert base64.b64encode(signal.value).decode() not in text


def test_whoever_has_the_picture_can_show_that_it_belongs() -> None:
    """As docs/receipt-format.md says it, with no code of ours."""
    committed = _receipt()["statement"]["items"][0]["signals"]
    signals = sorted(ITEMS[0].signals, key=lambda signal: signal.type.value)
    for one, signal in zip(committed, signals, strict=True):
        made = hashlib.sha256(bytes.fromhex(one["salt"]) + f"{one['type']} {signal.hex}\n".encode())
        assert one["commitment"] == made.hexdigest()


def test_the_digest_of_the_file_is_enough_and_what_else_fits_is_said() -> None:
    receipt = _receipt()
    assert signals_in_receipt(receipt, [digest(1)]) == {SignalType.SHA256}
    assert signals_in_receipt(receipt, [pdq_value(1, 70)]) == {SignalType.PDQ}
    # Another decoder's PDQ, and regions that were never agreed to, take nothing away.
    assert signals_in_receipt(
        receipt, [digest(9, SignalType.MD5), digest(1), flipped(pdq_value(1), 1)]
    ) == {SignalType.SHA256}
    assert commits_to_item(receipt, [digest(2)])
    for strange in ([], [digest(3)], [flipped(pdq_value(1), 1), digest(1, SignalType.MD5)]):
        assert signals_in_receipt(receipt, strange) == set()
        assert not commits_to_item(receipt, strange)


def test_a_value_of_one_type_does_not_open_another() -> None:
    receipt = _receipt(items=[ReceiptItem(MediaKind.IMAGE, [digest(1)])])
    same_bits = Signal(SignalType.PDQ, digest(1).value, 100)
    assert signals_in_receipt(receipt, [same_bits]) == set()
    # Not even where a forger called it so: the type is in what is hashed, too.
    (one,) = receipt["statement"]["items"][0]["signals"]
    one["type"] = "pdq"
    assert signals_in_receipt(_signed(receipt["statement"]), [same_bits]) == set()
    assert signals_in_receipt(_signed(receipt["statement"]), [digest(1)]) == set()


@pytest.mark.parametrize("signals", [[], [digest(1), digest(2)]])
def test_an_item_has_one_signal_or_more_and_one_of_a_type(signals: list) -> None:
    with pytest.raises(ValueError, match="one of a type"):
        _receipt(items=[ReceiptItem(MediaKind.IMAGE, signals)])


def test_whoever_has_the_texts_can_show_that_they_belong() -> None:
    """As docs/receipt-format.md says it, with no code of ours."""
    for committed, texts in zip(_receipt()["statement"]["places"], SIGHTINGS, strict=True):
        written = json.dumps(texts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        made = hashlib.sha256(bytes.fromhex(committed["salt"]) + written.encode())
        assert committed["commitment"] == made.hexdigest()


def test_equal_places_have_different_commitments() -> None:
    places = _receipt(sightings=[SIGHTINGS[0]] * 4)["statement"]["places"]
    assert len({place["commitment"] for place in places}) == 4


def test_equal_pictures_have_different_commitments() -> None:
    seen = {
        one["commitment"]
        for _ in range(5)
        for item in _receipt(items=[ITEMS[0]] * 4)["statement"]["items"]
        for one in item["signals"]
    }
    assert len(seen) == 5 * 4 * 2


def test_the_signature_is_over_canonical_json() -> None:
    receipt = _receipt()
    covered = signed_bytes(receipt)
    assert (
        covered
        == json.dumps(
            receipt["statement"], sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode()
    )
    reordered = {"statement": dict(reversed(receipt["statement"].items()))}
    assert signed_bytes(reordered) == covered


def test_another_key_is_told_from_ours() -> None:
    forged = sign_receipt(
        b"f" * 32, case_number="X", reported_at=datetime.now(UTC), items=[], sightings=[]
    )
    verify_receipt(forged)
    with pytest.raises(VerificationFailed, match="another key"):
        verify_receipt(forged, public_key=_public_key())
    # Our key's name on the forger's signature does not help.
    forged["signature"]["public_key"] = base64.b64encode(_public_key()).decode()
    with pytest.raises(VerificationFailed, match="altered"):
        verify_receipt(forged, public_key=_public_key())


def test_a_statement_is_not_moved_under_another_signature() -> None:
    one, other = _receipt(), _receipt(case_number="AAAA-AAAA")
    with pytest.raises(VerificationFailed, match="altered"):
        verify_receipt({"statement": one["statement"], "signature": other["signature"]})


def test_a_signed_statement_that_is_no_receipt_is_refused() -> None:
    """Whoever has a key can sign anything; what is read from it afterwards must be there."""
    good, erased = _receipt()["statement"], _erasure()["statement"]
    place = good["places"][0]
    (item, _), (pdq, sha256) = good["items"], good["items"][0]["signals"]
    wrong = [
        {**good, **change}
        for change in (
            {"case_number": None}, {"case_number": 3}, {"reported_at": []}, {"format": "other/1"},
            {"kind": "sent"}, {"kind": None}, {"kind": ["opened"]}, {"kind": "erased"},
            {"items": None}, {"items": [1]}, {"items": [place]}, {"items": {}},
            {"items": [{**item, "kind": "sound"}]}, {"items": [{**item, "kind": ["image"]}]},
            # One commitment for all signals is the first format's.
            {"items": FIRST_FORMAT["statement"]["items"]}, {"items": [{**item, "kind": None}]},
            {"places": None}, {"sightings": 3},
            {"sightings": True}, {"places": []}, {"places": [place, None]},
            {"places": [place, {**place, "salt": "ZZ"}]}, {"places": [place, {**place, "salt": 3}]},
            {"places": [place, {**place, "commitment": place["commitment"] + "0"}]},
        )
    ]  # fmt: skip
    wrong += [
        {**good, "items": [{"kind": "image", "signals": signals}]}
        for signals in (
            None, {}, "pdq", [], [None], [place], [sha256, pdq], [pdq, pdq], [pdq, sha256, sha256],
            [{**pdq, "type": "phash"}], [{**pdq, "type": "PDQ"}], [{**pdq, "type": ["pdq"]}],
            [pdq, {**sha256, "salt": ""}], [pdq, {**sha256, "commitment": None}],
        )
    ]  # fmt: skip
    wrong += [
        {**erased, **change}
        for change in (
            {"item_count": -1}, {"item_count": True}, {"item_count": 1.5}, {"sighting_count": None},
            {"erased_at": None}, {"kind": "opened"},
        )
    ]  # fmt: skip
    wrong.append({**FIRST_FORMAT["statement"], "reported_at": None})
    for statement in wrong:
        with pytest.raises(VerificationFailed):
            verify_receipt(_signed(statement))
        with pytest.raises(VerificationFailed):
            receipt_facts(_signed(statement))
    for statement in (good, erased, FIRST_FORMAT["statement"]):
        verify_receipt(_signed(statement))


def test_counts_that_the_first_format_lacks_are_not_made_up() -> None:
    bare = {key: FIRST_FORMAT["statement"][key] for key in ("format", "case_number", "reported_at")}
    facts = receipt_facts(_signed(bare))
    assert (facts.image_count, facts.item_count, facts.sighting_count) == (None, None, None)
    odd = {**bare, "items": [{"salt": "", "commitment": "x"}, 3], "sightings": -1}
    verify_receipt(_signed(odd))
    assert receipt_facts(_signed(odd)) == facts
    assert not commits_to_item(_signed(odd), ITEMS[0].signals)


@pytest.mark.parametrize(
    "junk",
    [
        None, 3, "text", [], [1], {}, {"statement": None}, {"statement": []},
        {"statement": {"format": "haechi-receipt/1"}},
    ],
)  # fmt: skip
def test_what_is_no_receipt_is_one_clear_error(junk: object) -> None:
    with pytest.raises(VerificationFailed):
        verify_receipt(junk)
    with pytest.raises(VerificationFailed):
        signed_bytes(junk)


@pytest.mark.parametrize(
    "signature",
    [
        None, [], {}, {"algorithm": "none"}, {"algorithm": "Ed25519"},
        {"algorithm": "Ed25519", "public_key": 3, "value": None},
        {"algorithm": "Ed25519", "public_key": "", "value": ""},
        {"algorithm": "Ed25519", "public_key": "가", "value": "="},
        {"algorithm": "ed25519", "public_key": "AA==", "value": "AA=="},
        {"algorithm": "Ed25519", "public_key": "A" * 44, "value": "A" * 88},
    ],
)  # fmt: skip
def test_what_is_no_signature_is_one_clear_error(signature: object) -> None:
    with pytest.raises(VerificationFailed):
        verify_receipt({**_receipt(), "signature": signature})


def test_base64_has_one_form() -> None:
    """Unused bits, line ends, other alphabets: the same bytes, and not the same receipt."""
    receipt = _receipt()
    value = receipt["signature"]["value"]
    assert value.endswith("==")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    sibling = letters[letters.index(value[-3]) ^ 1]
    for other in (value[:-3] + sibling + "==", value + "\n", value[:-2], value + "=", " " + value):
        changed = copy.deepcopy(receipt)
        changed["signature"]["value"] = other
        with pytest.raises(VerificationFailed):
            verify_receipt(changed)


def test_the_published_key_checks_the_receipt() -> None:
    pem = public_key_pem(SEED)
    assert load_pem_public_key(pem.encode()).public_bytes(Encoding.Raw, PublicFormat.Raw) == (
        _public_key()
    )
    assert base64.b64encode(SEED).decode() not in pem
    check_receipt(_receipt(), key_pem=pem.encode())
    with pytest.raises(VerificationFailed, match="another key"):
        check_receipt(_receipt(), key_pem=public_key_pem(b"o" * 32).encode())


@pytest.mark.parametrize("pem", [b"", b"junk", b"\xff\xfe", b"-----BEGIN PUBLIC KEY-----\n"])
def test_a_key_file_that_is_none_is_one_clear_error(pem: bytes) -> None:
    with pytest.raises(VerificationFailed, match="no public key"):
        check_receipt(_receipt(), key_pem=pem)


def test_a_key_of_another_kind_is_refused() -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    for key in (generate_private_key(SECP256R1()), X25519PrivateKey.generate()):
        pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        with pytest.raises(VerificationFailed, match="no Ed25519 key"):
            check_receipt(_receipt(), key_pem=pem)
