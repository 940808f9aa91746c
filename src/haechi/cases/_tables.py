# SPDX-License-Identifier: Apache-2.0
"""The tables of the cases. No column holds what a person wrote in the clear."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    true,
)

from haechi.storage import UtcDateTime, metadata

case = Table(
    "case_file",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("number", String(20), nullable=False),
    # Empty once the case is erased: then nothing opens it.
    Column("passphrase_hash", String(200), nullable=False),
    Column("key_id", String(40), nullable=False),
    Column("language", String(10), nullable=False),
    Column("status", String(10), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("erased_at", UtcDateTime),
    # May the centre act for her: `unset`, `yes` or `no`.
    Column("agency", String(5), nullable=False, server_default="unset"),
    # How often she wants to see news, and since when she wants it so.
    Column("news_every", String(10), nullable=False, server_default="always"),
    Column("news_set_at", UtcDateTime),
    Column("is_watched", Boolean, nullable=False, server_default=true()),
    # Age facts, as JSON.
    Column("sealed_facts", LargeBinary),
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
    # Age facts, as JSON.
    Column("sealed_facts", LargeBinary),
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

recovery = Table(
    "recovery",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("case_id", String(40), ForeignKey("case_file.id"), nullable=False),
    # `code`: opens the case once. `split`: opens it once when both halves come together.
    Column("kind", String(10), nullable=False),
    # SHA-256 of 80 random bits.
    Column("secret_sha256", LargeBinary, nullable=False),
    # The centre's half of a `split`.
    Column("sealed_half", LargeBinary),
    Column("made_at", UtcDateTime, nullable=False),
    Index("ix_recovery_case_id", "case_id"),
)

sent_once = Table(
    "sent_once",
    metadata,
    # SHA-256 of the secret that came with what was sent; the answer is sealed under the secret itself.
    Column("secret_sha256", LargeBinary, primary_key=True),
    Column("case_id", String(40), ForeignKey("case_file.id"), nullable=False),
    Column("sealed_answer", LargeBinary),
    Column("sent_at", UtcDateTime, nullable=False),
    Index("ix_sent_once_case_id", "case_id"),
    Index("ix_sent_once_sent_at", "sent_at"),
)
