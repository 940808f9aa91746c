# SPDX-License-Identifier: Apache-2.0
"""`haechi receipt`: check what a person was given, offline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from haechi.cli._installation import DataFolder, open_installation
from haechi.cli._output import JsonFlag, clean, emit, err, out
from haechi.errors import FileNotReadable, VerificationFailed

receipt_app = typer.Typer(
    help="Signed receipts.\n\nExample: haechi receipt verify receipt.json", no_args_is_help=True
)


@receipt_app.command("verify")
def verify(
    receipt: Annotated[Path, typer.Argument(help="The receipt, as JSON.")],
    *,
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", help="The service's public key, as PEM; without it, the receipt's own."
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Check a receipt. Ends with 5 if it does not hold.

    Example: haechi receipt verify receipt.json --key receipt-key.pem
    """
    from haechi.workflows import check_receipt

    try:
        stored = json.loads(_read(receipt))
    except (ValueError, RecursionError) as error:
        raise VerificationFailed(reason="this file is not JSON") from error
    if not isinstance(stored, dict):
        raise VerificationFailed(reason="this is not a receipt that we know how to read")
    check_receipt(stored, key_pem=None if key is None else _read(key))
    statement = stored["statement"]
    case_number, reported_at = statement["case_number"], statement["reported_at"]
    if as_json:
        emit(
            {
                "holds": True,
                "case_number": case_number,
                "reported_at": reported_at,
                "is_signer_known": key is not None,
            }
        )
        return
    # Anybody can sign a receipt with a key of their own: nothing in it is ours to trust.
    text = f"The receipt holds: case {clean(case_number)}, {clean(reported_at)}"
    out.print(text, markup=False, soft_wrap=True)
    if key is None:
        err.print("Not shown: who signed it. Give the service's key with --key for that.")


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
