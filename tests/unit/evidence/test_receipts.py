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
from installations import digest, pdq_value

from haechi.errors import VerificationFailed
from haechi.evidence import (
    ReceiptItem,
    public_key_pem,
    sign_receipt,
    signed_bytes,
    verify_receipt,
)
from haechi.values import MediaKind
from haechi.workflows import check_receipt

SEED = b"s" * 32
ITEMS = [
    ReceiptItem(MediaKind.IMAGE, [pdq_value(1), digest(1)]),
    ReceiptItem(MediaKind.VIDEO, [digest(2)]),
]


def _receipt(**changed: object) -> dict:
    return sign_receipt(
        SEED,
        **{
            "case_number": "7KQ2-M4XR",
            "reported_at": datetime(2026, 11, 22, 9, 5, 1, 234567, tzinfo=UTC),
            "items": ITEMS,
            "sighting_count": 2,
            **changed,
        },
    )


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
    assert set(statement) == {"format", "case_number", "reported_at", "items", "sightings"}


def test_it_holds_no_fingerprint() -> None:
    text = json.dumps(_receipt())
    for item in ITEMS:
        for signal in item.signals:
            assert signal.hex not in text
            assert base64.b64encode(signal.value).decode() not in text


def test_whoever_has_the_picture_can_show_that_it_belongs() -> None:
    committed = _receipt()["statement"]["items"][0]
    lines = sorted(f"{signal.type.value} {signal.hex}\n" for signal in ITEMS[0].signals)
    made = hashlib.sha256(bytes.fromhex(committed["salt"]) + "".join(lines).encode())
    assert committed["commitment"] == made.hexdigest()


def test_equal_pictures_have_different_commitments() -> None:
    seen = {
        item["commitment"]
        for _ in range(5)
        for item in _receipt(items=[ITEMS[0]] * 4)["statement"]["items"]
    }
    assert len(seen) == 20


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
        b"f" * 32, case_number="X", reported_at=datetime.now(UTC), items=[], sighting_count=0
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
    import rfc8785

    key = Ed25519PrivateKey.from_private_bytes(SEED)
    good = _receipt()
    for change in (
        {"case_number": None}, {"case_number": 3}, {"reported_at": []}, {"format": "other/1"},
    ):  # fmt: skip
        statement = {**good["statement"], **change}
        value = base64.b64encode(key.sign(rfc8785.dumps(statement))).decode()
        receipt = {"statement": statement, "signature": {**good["signature"], "value": value}}
        with pytest.raises(VerificationFailed):
            verify_receipt(receipt)


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
