# SPDX-License-Identifier: Apache-2.0
"""`haechi receipt verify` says in plain words what holds, of the JSON and of the PDF."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from installations import digest, pdq_value
from PIL import Image
from typer.testing import CliRunner, Result

from haechi.cli._receipt import receipt_app
from haechi.errors import FileNotReadable, UnsupportedFormat, VerificationFailed
from haechi.evidence import ReceiptItem, public_key_pem, receipt_pdf, sign_erasure, sign_receipt
from haechi.values import MediaKind, Signal, SignalType
from haechi.workflows import hash_files

SEED = b"s" * 32
AT = datetime(2026, 11, 22, 9, 5, tzinfo=UTC)


def _reported(kind: str, images: int, videos: int, places: int) -> dict:
    items = [MediaKind.IMAGE] * images + [MediaKind.VIDEO] * videos
    return sign_receipt(
        SEED,
        case_number="7KQ2-M4XR",
        reported_at=AT,
        items=[ReceiptItem(each, [digest(1)]) for each in items],
        sightings=[{"place": "x"}] * places,
        kind=kind,  # type: ignore[arg-type]
    )


def _erased(items: int, places: int) -> dict:
    return sign_erasure(
        SEED, case_number="7KQ2-M4XR", erased_at=AT, item_count=items, sighting_count=places
    )


def _verify(*arguments: object) -> Result:
    return CliRunner().invoke(receipt_app, ["verify", *map(str, arguments)])


@pytest.mark.parametrize(
    ("receipt", "said"),
    [
        (_reported("opened", 2, 1, 3), "the case was opened with: 2 photos, 1 video, 3 places."),
        (_reported("opened", 0, 0, 1), "the case was opened with: 1 place."),
        (_reported("added", 1, 0, 0), "this was added to the case: 1 photo."),
        (_erased(1, 0), "the case was erased with: 1 photo or video."),
        (_erased(2, 1), "the case was erased with: 2 photos and videos, 1 place."),
        (_erased(0, 0), "the case was erased with: nothing."),
    ],
)
def test_it_says_what_the_receipt_says(tmp_path: Path, receipt: dict, said: str) -> None:
    for name, data in (
        ("receipt.json", json.dumps(receipt).encode()),
        ("receipt.pdf", receipt_pdf(receipt, language="en", words=str)),
    ):
        (tmp_path / name).write_bytes(data)
        done = _verify(tmp_path / name)
        assert done.exit_code == 0, done.output
        first, second = done.stdout.splitlines()
        assert first == "The receipt holds: case 7KQ2-M4XR, 2026-11-22T09:05:00.000+00:00"
        assert second == f"It says that {said}"
        assert ("not what its pages show" in done.stderr) is (name == "receipt.pdf")
        assert "who signed it" in done.stderr


def test_with_the_key_of_the_service_it_says_who_signed(tmp_path: Path) -> None:
    pdf, key = tmp_path / "receipt.pdf", tmp_path / "key.pem"
    pdf.write_bytes(receipt_pdf(_erased(1, 1), language="en", words=str))
    key.write_text(public_key_pem(SEED))
    answer = json.loads(_verify(pdf, "--key", key, "--json").stdout)
    assert answer == {
        "holds": True,
        "kind": "erased",
        "case_number": "7KQ2-M4XR",
        "erased_at": "2026-11-22T09:05:00.000+00:00",
        "images": None,
        "videos": None,
        "items": 1,
        "sightings": 1,
        "is_signer_known": True,
    }
    key.write_text(public_key_pem(b"o" * 32))
    assert isinstance(_verify(pdf, "--key", key).exception, VerificationFailed)


def test_a_pdf_whose_receipt_was_altered_or_taken_out_does_not_hold(tmp_path: Path) -> None:
    path = tmp_path / "receipt.pdf"
    altered = _erased(1, 1)
    altered["statement"]["item_count"] = 2
    attached = json.dumps(altered).encode()
    path.write_bytes(b"%PDF-1.7\n1 0 obj\n<</Type/EmbeddedFile>>\nstream\n" + attached)
    assert isinstance(_verify(path).exception, VerificationFailed)
    path.write_bytes(
        receipt_pdf(_erased(1, 1), language="en", words=str).replace(
            b"/EmbeddedFile", b"/Embeddedfile"
        )
    )
    assert isinstance(_verify(path).exception, VerificationFailed)


def _saved(folder: Path, receipt: dict) -> Path:
    path = folder / "receipt.json"
    path.write_text(json.dumps(receipt))
    return path


def _about(*signals: Signal) -> dict:
    """A receipt of three items, the second of which has these signals."""
    others = [ReceiptItem(MediaKind.IMAGE, [digest(seed)]) for seed in (1, 2)]
    return sign_receipt(
        SEED,
        case_number="7KQ2-M4XR",
        reported_at=AT,
        items=[others[0], ReceiptItem(MediaKind.IMAGE, signals), others[1]],
        sightings=[],
    )


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    drawn = Image.linear_gradient("L").resize((96, 64))
    drawn.paste(0, (10, 10, 40, 30))
    drawn.save(path)
    return path


@pytest.fixture(scope="module")
def signals(photo: Path) -> dict[SignalType, Signal]:
    (hashed,) = hash_files([photo])
    return {signal.type: signal for signal in hashed.signals}


def test_the_same_file_belongs_by_its_digest_alone(
    tmp_path: Path, photo: Path, signals: dict[SignalType, Signal]
) -> None:
    """Whatever else was reported of it: another decoder's PDQ here."""
    file = signals[SignalType.SHA256]
    done = _verify(_saved(tmp_path, _about(pdq_value(1), file)), "--file", photo)
    assert done.exit_code == 0, done.output
    assert "The file belongs to this receipt: it is the very file" in done.stdout
    assert done.stdout.endswith("(sha256).\n")
    receipt = _about(*signals.values())
    (tmp_path / "receipt.pdf").write_bytes(receipt_pdf(receipt, language="en", words=str))
    done = _verify(tmp_path / "receipt.pdf", "--file", photo, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["file_fits_by"] == sorted(signals)


@pytest.mark.parametrize("kind", [SignalType.PDQ, SignalType.MD5])
def test_what_shows_less_than_the_very_file_is_said_to(
    tmp_path: Path, photo: Path, signals: dict[SignalType, Signal], kind: SignalType
) -> None:
    done = _verify(_saved(tmp_path, _about(signals[kind], digest(3))), "--file", photo)
    assert done.exit_code == 0, done.output
    assert f"The file fits this receipt by {kind.value}, and not by sha256" in done.stdout
    assert "belongs" not in done.stdout


def test_another_file_ends_with_five_and_the_receipt_still_holds(
    tmp_path: Path, photo: Path
) -> None:
    for receipt, said in (
        (_about(pdq_value(1), digest(3)), "The file was not found in this receipt."),
        (_reported("added", 0, 0, 1), "The file was not found in this receipt."),
        (_erased(1, 1), "an erasure is tied to no file"),
    ):
        path = _saved(tmp_path, receipt)
        done = _verify(path, "--file", photo)
        assert done.exit_code == 5
        assert "The receipt holds: " in done.stdout
        assert said in done.stdout
        done = _verify(path, "--file", photo, "--json")
        assert done.exit_code == 5
        answer = json.loads(done.stdout)
        assert (answer["holds"], answer["file_fits_by"]) == (True, [])


def test_a_receipt_that_does_not_hold_says_nothing_of_a_file(
    tmp_path: Path, photo: Path, signals: dict[SignalType, Signal]
) -> None:
    receipt = _about(*signals.values())
    receipt["statement"]["case_number"] = "0000-0000"
    done = _verify(_saved(tmp_path, receipt), "--file", photo)
    assert isinstance(done.exception, VerificationFailed)
    assert done.stdout == ""


def test_a_file_that_cannot_be_decoded_is_told_by_its_digest(tmp_path: Path) -> None:
    damaged = tmp_path / "photo.png"
    damaged.write_bytes(b"\x89PNG\r\n\x1a\n" + b"nothing")
    value = hashlib.sha256(damaged.read_bytes()).hexdigest()
    receipt = _saved(tmp_path, _about(Signal.parse("sha256", value)))
    done = _verify(receipt, "--file", damaged)
    assert done.exit_code == 0, done.output
    assert "the very file" in done.stdout


def test_what_is_no_picture_or_not_there_is_one_clear_error(tmp_path: Path) -> None:
    receipt = _saved(tmp_path, _about(digest(3)))
    (tmp_path / "empty").mkdir()
    for file, error in (
        (receipt, UnsupportedFormat),
        (tmp_path, FileNotReadable),
        (tmp_path / "empty", FileNotReadable),
        (tmp_path / "missing.png", FileNotReadable),
        (tmp_path / ("x" * 300), FileNotReadable),
    ):
        assert type(_verify(receipt, "--file", file).exception) is error
