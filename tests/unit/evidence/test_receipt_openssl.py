# SPDX-License-Identifier: Apache-2.0
"""OpenSSL agrees with what docs/receipt-format.md and the page of a receipt tell people to run."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from installations import digest, pdq_value

from haechi.evidence import (
    ReceiptItem,
    public_key_pem,
    read_receipt_file,
    receipt_pdf,
    sign_erasure,
    sign_receipt,
    signed_bytes,
)
from haechi.evidence._receipt_pdf import OPENSSL_COMMANDS
from haechi.values import MediaKind, Signal

SEED = b"s" * 32
AT = datetime(2026, 11, 22, 9, 5, tzinfo=UTC)
DOCS = Path(__file__).parents[3] / "docs" / "receipt-format.md"
RECEIPTS = {
    "opened": sign_receipt(
        SEED,
        case_number="7KQ2-M4XR",
        reported_at=AT,
        items=[ReceiptItem(MediaKind.IMAGE, [digest(1)])],
        sightings=[{"place": "방"}],
    ),
    "erased": sign_erasure(
        SEED, case_number="7KQ2-M4XR", erased_at=AT, item_count=1, sighting_count=1
    ),
}


def test_the_page_says_what_the_docs_say() -> None:
    script = DOCS.read_text("utf-8").split("```sh\n")[1].split("```")[0]
    assert script.splitlines() == list(OPENSSL_COMMANDS)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here to ask")
@pytest.mark.parametrize("receipt", RECEIPTS.values(), ids=RECEIPTS)
def test_openssl_agrees(receipt: dict, tmp_path: Path) -> None:
    def ask(key: str, stored: dict) -> bool:
        (tmp_path / "key.pem").write_text(key)
        (tmp_path / "receipt.json").write_text(json.dumps(stored, ensure_ascii=False, indent=2))
        script = "\n".join(OPENSSL_COMMANDS)
        done = subprocess.run(
            ["bash", "-eu", "-c", script], cwd=tmp_path, capture_output=True, check=False
        )
        return done.returncode == 0 and b"Verified Successfully" in done.stdout

    stored = read_receipt_file(receipt_pdf(receipt, language="en", words=str))
    assert ask(public_key_pem(SEED), stored)
    assert (tmp_path / "statement.bin").read_bytes() == signed_bytes(receipt)
    assert not ask(public_key_pem(b"o" * 32), stored)
    stored["statement"]["case_number"] = "0000-0000"
    assert not ask(public_key_pem(SEED), stored)


def test_python_alone_finds_the_file(tmp_path: Path) -> None:
    """As the docs say it, for those who have the file and no Haechi."""
    script = DOCS.read_text("utf-8").split("```sh\n")[2].split("```")[0]
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"any file")
    file = Signal.parse("sha256", hashlib.sha256(photo.read_bytes()).hexdigest())
    receipt = sign_receipt(
        SEED,
        case_number="7KQ2-M4XR",
        reported_at=AT,
        items=[ReceiptItem(MediaKind.IMAGE, [one, pdq_value(1)]) for one in (digest(1), file)],
        sightings=[],
    )
    (tmp_path / "receipt.json").write_text(json.dumps(receipt))

    def answer() -> str:
        done = subprocess.run(
            ["bash", "-eu", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    assert answer() == "True"
    photo.write_bytes(b"another file")
    assert answer() == "False"
