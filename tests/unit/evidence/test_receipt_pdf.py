# SPDX-License-Identifier: Apache-2.0
"""The page of a receipt: always the same bytes, with the receipt inside, and nothing in it is markup."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from installations import digest, pdq_value

from haechi.errors import VerificationFailed
from haechi.evidence import (
    RECEIPT_MESSAGES,
    ReceiptItem,
    read_receipt_file,
    receipt_facts,
    receipt_pdf,
    sign_erasure,
    sign_receipt,
    verify_receipt,
)
from haechi.evidence._receipt_pdf import FILE_COMMAND, HAECHI_COMMAND, _haechi_commands
from haechi.values import MediaKind, SignalType

SEED = b"s" * 32
AT = datetime(2026, 11, 22, 22, 39, 51, 20_000, tzinfo=UTC)
ITEMS = [
    ReceiptItem(MediaKind.IMAGE, [pdq_value(1), digest(1)]),
    ReceiptItem(MediaKind.VIDEO, [digest(2)]),
]
HOSTILE = [
    "#panic()", '#import "@preview/x:1.0.0"', "$x$ *b* _i_ `raw` = h", "\\u{41} \\", '"]) #read("/x")',
    "<label> @ref // /* */", "\u202e\u0000\x1b[2J\r\n", "가" * 3000, "a" * 3000, "", "\U0001f610",
    "endstream endobj", "%PDF-1.7", "{braces}",
]  # fmt: skip


def _receipt(**changed: object) -> dict:
    return sign_receipt(
        SEED,
        **{
            "case_number": "7KQ2-M4XR",
            "reported_at": AT,
            "items": ITEMS,
            "sightings": [{"place": "방"}],
            **changed,
        },
    )


def _english(message: str) -> str:
    return message


def _pdf(receipt: dict, language: str = "en", words: object = _english) -> bytes:
    return receipt_pdf(receipt, language=language, words=words)


def _streams(pdf: bytes) -> bytes:
    """Everything that is packed in a PDF, unpacked."""
    unpacked = []
    for match in re.finditer(rb"\bstream\r?\n", pdf):
        with suppress(zlib.error):
            unpacked.append(zlib.decompressobj().decompress(pdf[match.end() :]))
    return b"\n".join(unpacked)


@pytest.mark.parametrize(
    "receipt",
    [
        _receipt(),
        _receipt(kind="added", items=[]),
        sign_erasure(SEED, case_number="7KQ2-M4XR", erased_at=AT, item_count=2, sighting_count=0),
    ],
    ids=["opened", "added", "erased"],
)
def test_the_receipt_is_inside_and_holds(receipt: dict) -> None:
    pdf = _pdf(receipt, "ko")
    assert pdf.startswith(b"%PDF-")
    inside = read_receipt_file(pdf)
    assert inside == receipt
    verify_receipt(inside)
    assert b"receipt.json" in pdf
    assert b"/Type/Pages/Count 1/" in pdf


def test_the_same_receipt_is_the_same_bytes() -> None:
    receipt = _receipt()
    first = _pdf(receipt)
    assert _pdf(_receipt()) != first
    assert _pdf(receipt, "ko") != first
    assert _pdf(receipt) == first
    code = (
        "import sys, json; from haechi.evidence import receipt_pdf; sys.stdout.buffer.write("
        "receipt_pdf(json.load(sys.stdin), language='en', words=str))"
    )
    other_process = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(receipt).encode(),
        capture_output=True,
        check=True,
    )
    assert other_process.stdout == first


def test_several_at_once_do_not_meet() -> None:
    receipts = [_receipt(case_number=f"7KQ2-{number:04}") for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(_pdf, receipts))
    assert [read_receipt_file(page) for page in pages] == receipts


def test_it_is_an_archival_file_while_the_fonts_have_every_letter() -> None:
    assert b"<pdfaid:part>3</pdfaid:part>" in _pdf(_receipt(), "ko")
    lacking = _pdf(_receipt(), words=lambda message: message + " \U0001f610")
    assert b"pdfaid:part" not in lacking
    verify_receipt(read_receipt_file(lacking))


def test_an_ordinary_case_is_one_page_and_an_erasure_names_no_file() -> None:
    signals = [*ITEMS[0].signals, digest(1, SignalType.MD5)]
    photos = [ReceiptItem(MediaKind.IMAGE, signals)] * 4
    pdf = _pdf(_receipt(items=photos, sightings=[{"place": "x"}] * 2), "ko")
    assert b"/Type/Pages/Count 1/" in pdf
    for receipt, commands in (
        (_receipt(), [HAECHI_COMMAND, FILE_COMMAND]),
        (_receipt(items=[]), [HAECHI_COMMAND]),
        (
            sign_erasure(SEED, case_number="X", erased_at=AT, item_count=2, sighting_count=0),
            [HAECHI_COMMAND],
        ),
    ):
        assert _haechi_commands(receipt_facts(receipt)) == commands


def test_it_is_made_when_the_receipt_was_and_its_title_is_neutral() -> None:
    pdf = _pdf(_receipt())
    assert b"D:20261122223951Z" in pdf
    assert "Receipt · Haechi".encode() in pdf


def test_korean_letters_are_embedded_and_can_be_copied() -> None:
    pdf = _pdf(_receipt(), "ko", lambda _: "접수증")
    assert b"NanumGothic" in pdf
    assert b"DejaVuSansMono" in pdf
    packed = _streams(pdf).upper()
    for letter in "접수증":
        assert b"<%04X>" % ord(letter) in packed, "no way back from the glyph to the letter"


def test_every_sentence_is_looked_up_and_none_else() -> None:
    asked: set[str] = set()

    def words(message: str) -> str:
        asked.add(message)
        return message

    _pdf(_receipt(), words=words)
    assert asked == set(RECEIPT_MESSAGES)
    assert len(asked) == len(RECEIPT_MESSAGES)
    for message in RECEIPT_MESSAGES:
        assert "{" not in message
        for promise in ("removed", "deleted", "guarantee"):
            assert promise not in message.lower()


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_in_a_receipt_or_in_the_words_becomes_markup(text: str) -> None:
    receipt = _receipt(case_number=text)
    assert read_receipt_file(_pdf(receipt)) == receipt
    said = _pdf(_receipt(), words=lambda message: text or message)
    assert said.startswith(b"%PDF-")


def test_a_receipt_that_does_not_hold_makes_no_page() -> None:
    altered = _receipt()
    altered["statement"]["case_number"] = "0000-0000"
    with pytest.raises(VerificationFailed, match="altered"):
        _pdf(altered)
    with pytest.raises(VerificationFailed):
        _pdf({})


def test_a_long_receipt_is_whole() -> None:
    receipt = _receipt(items=ITEMS * 40, sightings=[{"place": "x"}] * 50)
    pdf = _pdf(receipt)
    assert read_receipt_file(pdf) == receipt
    assert b"/Type/Pages/Count 3/" in pdf


def _attached(*files: bytes, filters: bytes = b"") -> bytes:
    objects = b"".join(
        b"%d 0 obj\n<</Length %d%b/Type/EmbeddedFile>>\nstream\r\n%b\nendstream\nendobj\n"
        % (number, len(file), filters, file)
        for number, file in enumerate(files, 1)
    )
    return b"%PDF-1.7\n" + objects + b"%%EOF\n"


def test_an_attachment_is_read_however_it_was_saved() -> None:
    receipt = _receipt()
    plain = json.dumps(receipt).encode()
    other = b"{}"
    assert read_receipt_file(plain) == receipt
    assert read_receipt_file(_attached(plain)) == receipt
    assert read_receipt_file(_attached(other, b"\xff", plain, plain)) == receipt
    packed = _attached(zlib.compress(plain), filters=b"/Filter/FlateDecode")
    assert read_receipt_file(packed) == receipt


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "neither JSON nor a PDF"),
        (b"\xff\xfe\x00", "neither JSON nor a PDF"),
        (b"[]", "not a receipt"),
        (b"[" * 100_000, "neither JSON nor a PDF"),
        (b"%PDF-1.7", "no receipt is attached"),
        (_attached(b"{}", b"[]", b"[" * 100_000), "no receipt is attached"),
        (_attached(b"nothing packed", filters=b"/Filter/FlateDecode"), "no receipt is attached"),
        (
            # 100 MB of nothing, packed small
            _attached(zlib.compress(b" " * 100_000_000), filters=b"/Filter/FlateDecode"),
            "no receipt is attached",
        ),
        (_attached(b'{"statement": 1}', b'{"statement": 2}'), "more than one"),
        (_attached(b'{"statement": 1}').replace(b"EmbeddedFile", b"XObject"), "no receipt"),
        (b" " * 20_000_001, "too large"),
    ],
    ids=range(11),
)
def test_what_holds_no_receipt_is_one_clear_error(data: bytes, reason: str) -> None:
    with pytest.raises(VerificationFailed, match=reason):
        read_receipt_file(data)
