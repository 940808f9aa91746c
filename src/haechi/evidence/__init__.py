# SPDX-License-Identifier: Apache-2.0
"""What can be proven: receipts, the signed statements of what was reported when."""

from haechi.evidence._receipt import (
    ReceiptItem,
    public_key_pem,
    sign_receipt,
    signed_bytes,
    verify_receipt,
)

__all__ = ["ReceiptItem", "public_key_pem", "sign_receipt", "signed_bytes", "verify_receipt"]
