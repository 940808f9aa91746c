# SPDX-License-Identifier: Apache-2.0
"""The table of receipts, each sealed under the key of the case it is about."""

from sqlalchemy import Column, Index, LargeBinary, String, Table

from haechi.storage import UtcDateTime, metadata

receipt = Table(
    "receipt",
    metadata,
    Column("id", String(40), primary_key=True),
    # The id of a case, which is another room's.
    Column("case_id", String(40), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("signed_at", UtcDateTime, nullable=False),
    Index("ix_receipt_case_id", "case_id"),
)
