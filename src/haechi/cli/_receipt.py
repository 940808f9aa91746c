# SPDX-License-Identifier: Apache-2.0
"""`haechi receipt`: check what a person was given, offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli._installation import DataFolder, open_installation
from haechi.cli._output import JsonFlag, clean, emit, err, out
from haechi.errors import ExitCode, FileNotReadable
from haechi.values import SignalType

if TYPE_CHECKING:
    from haechi.workflows import ReceiptFacts

receipt_app = typer.Typer(
    help="Signed receipts.\n\nExample: haechi receipt verify receipt.json", no_args_is_help=True
)


@receipt_app.command("verify")
def verify(
    receipt: Annotated[Path, typer.Argument(help="The receipt, as JSON or as the PDF it came in.")],
    *,
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", help="The service's public key, as PEM; without it, the receipt's own."
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", help="A picture or video: does it belong to the receipt?"),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Check a receipt. Ends with 5 if it does not hold, or if the file is not shown to belong to it.

    The file is looked at here and sent nowhere.

    Example: haechi receipt verify receipt.json --key receipt-key.pem --file photo.jpg
    """
    from haechi.workflows import check_receipt

    saved = _read(receipt)
    facts = check_receipt(saved, key_pem=None if key is None else _read(key), file=file)
    if as_json:
        emit({**_facts_line(facts), "is_signer_known": key is not None})
    else:
        _print_receipt(facts, is_pdf=saved.startswith(b"%PDF-"), is_signer_known=key is not None)
    if file is not None and not facts.file_fits_by:
        raise typer.Exit(ExitCode.VERIFICATION)


@receipt_app.command("key")
def show_key(*, data_folder: DataFolder = None) -> None:
    """Show the public key that this installation's receipts are checked with.

    Example: haechi receipt key > receipt-key.pem
    """
    from haechi.workflows import receipt_key_pem

    with open_installation(data_folder) as ctx:
        out.print(receipt_key_pem(ctx), end="", markup=False)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileNotReadable from error


def _facts_line(facts: ReceiptFacts) -> dict[str, object]:
    return {
        "holds": True,
        "kind": facts.kind,
        "case_number": facts.case_number,
        "erased_at" if facts.kind == "erased" else "reported_at": facts.stated_at,
        "images": facts.image_count,
        "videos": facts.video_count,
        "items": facts.item_count,
        "sightings": facts.sighting_count,
        **({} if facts.file_fits_by is None else {"file_fits_by": sorted(facts.file_fits_by)}),
    }


def _print_receipt(facts: ReceiptFacts, *, is_pdf: bool, is_signer_known: bool) -> None:
    # Anybody can sign a receipt with a key of their own: nothing in it is ours to trust.
    text = f"The receipt holds: case {clean(facts.case_number)}, {clean(facts.stated_at)}"
    out.print(text, markup=False, soft_wrap=True)
    if facts.item_count is not None and facts.sighting_count is not None:
        out.print(_what_it_says(facts), markup=False, soft_wrap=True)
    if facts.file_fits_by is not None:
        out.print(_how_it_fits(facts.file_fits_by, facts.kind), markup=False, soft_wrap=True)
    if is_pdf:
        err.print("Checked: the receipt attached to this PDF, not what its pages show.")
    if not is_signer_known:
        err.print("Not shown: who signed it. Give the service's key with --key for that.")


def _what_it_says(facts: ReceiptFacts) -> str:
    """One sentence of what was reported or erased, in numbers."""
    items = (
        [(facts.item_count, "photo or video", "photos and videos")]
        if facts.kind == "erased"
        else [(facts.image_count, "photo", "photos"), (facts.video_count, "video", "videos")]
    )
    counted = [*items, (facts.sighting_count, "place", "places")]
    parts = [f"{count} {one if count == 1 else more}" for count, one, more in counted if count]
    held = ", ".join(parts) or "nothing"
    if facts.kind == "added":
        return f"It says that this was added to the case: {held}."
    verb = "erased" if facts.kind == "erased" else "opened"
    return f"It says that the case was {verb} with: {held}."


def _how_it_fits(fits_by: frozenset[SignalType], kind: str) -> str:
    """Whether the file belongs to the receipt, and how much that says."""
    if kind == "erased":
        return "The file cannot be told by this receipt: an erasure is tied to no file."
    if not fits_by:
        return (
            "The file was not found in this receipt. Only the same file is sure to be: a copy that "
            "was sent on or saved again is often another file."
        )
    names = ", ".join(sorted(fits_by))
    if SignalType.SHA256 in fits_by:
        return f"The file belongs to this receipt: it is the very file that was reported ({names})."
    return (
        f"The file fits this receipt by {names}, and not by sha256: that alone does not show that it "
        "is the very file that was reported."
    )
