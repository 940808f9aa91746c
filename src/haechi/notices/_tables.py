# SPDX-License-Identifier: Apache-2.0
"""The table of notices. The text names addresses, so it is sealed under the case's key."""

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, String, Table

from haechi.storage import UtcDateTime, metadata

notice = Table(
    "notice",
    metadata,
    Column("id", String(40), primary_key=True),
    # Ids of another room: the case it belongs to and the sighting it is about.
    Column("case_id", String(40), nullable=False),
    Column("sighting_id", String(40), nullable=False),
    Column("law_id", String(40), nullable=False),
    Column("status", String(10), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("drafted_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("received_at", UtcDateTime),
    Index("ix_notice_case_id", "case_id"),
    CheckConstraint("status IN ('draft', 'sent')", name="status"),
)

sighting_check = Table(
    "sighting_check",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("case_id", String(40), nullable=False),
    Column("sighting_id", String(40), nullable=False),
    Column("outcome", String(20), nullable=False),
    # ISO 3166 alpha-2, with `blocked_in` only.
    Column("country", String(2)),
    Column("looked_at", UtcDateTime, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Index("ix_sighting_check_case_id", "case_id"),
)
