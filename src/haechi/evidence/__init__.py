# SPDX-License-Identifier: Apache-2.0
"""What can be proven: receipts, the signed statements of what was reported when."""

from haechi.evidence._commitments import (
    commits_to_item,
    commits_to_sighting,
    signals_in_receipt,
)
from haechi.evidence._receipt import (
    ReceiptItem,
    public_key_pem,
    receipt_facts,
    sign_erasure,
    sign_receipt,
    signed_bytes,
    verify_receipt,
)
from haechi.evidence._receipt_file import read_receipt_file
from haechi.evidence._receipt_pdf import receipt_pdf
from haechi.evidence._receipt_words import RECEIPT_MESSAGES
from haechi.evidence._statement import ReceiptFacts
from haechi.evidence._store import StoredReceipt, forget_receipts, keep_receipt, receipts_of

__all__ = [
    "RECEIPT_MESSAGES",
    "ReceiptFacts",
    "ReceiptItem",
    "StoredReceipt",
    "commits_to_item",
    "commits_to_sighting",
    "forget_receipts",
    "keep_receipt",
    "public_key_pem",
    "read_receipt_file",
    "receipt_facts",
    "receipt_pdf",
    "receipts_of",
    "sign_erasure",
    "sign_receipt",
    "signals_in_receipt",
    "signed_bytes",
    "verify_receipt",
]
