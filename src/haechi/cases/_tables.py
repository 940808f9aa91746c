# SPDX-License-Identifier: Apache-2.0
"""The tables of the cases. No column holds what a person wrote in the clear."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from haechi.storage import UtcDateTime, metadata

case = Table(
    "case_file",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("number", String(20), nullable=False),
    Column("passphrase_hash", String(200), nullable=False),
    Column("key_id", String(40), nullable=False),
    Column("language", String(10), nullable=False),
    Column("status", String(10), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    UniqueConstraint("number"),
    CheckConstraint("status IN ('open', 'withdrawn')", name="status"),
)

item = Table(
    "item",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("case_id", String(40), ForeignKey("case_file.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("kind", String(10), nullable=False),
    # What the bank knows it by; the bank is another room, so this is an id and no foreign key.
    Column("content_id", String(40), nullable=False),
    Column("reported_at", UtcDateTime, nullable=False),
    Column("withdrawn_at", UtcDateTime),
    Index("ix_item_case_id", "case_id"),
)

sighting = Table(
    "sighting",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("case_id", String(40), ForeignKey("case_file.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Index("ix_sighting_case_id", "case_id"),
)

case_session = Table(
    "case_session",
    metadata,
    Column("token_sha256", LargeBinary, primary_key=True),
    Column("case_id", String(40), ForeignKey("case_file.id"), nullable=False),
    Column("begun_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime, nullable=False),
)
