# SPDX-License-Identifier: Apache-2.0
"""The tables of the banks. Signal values are sealed under the key of the case they came from."""

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
    false,
)

from haechi.storage import UtcDateTime, metadata

bank = Table(
    "bank",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("policy", String(10), nullable=False),
    Column("radius_bits", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("name"),
    CheckConstraint("policy IN ('block', 'review', 'allow')", name="policy"),
)

content = Table(
    "content",
    metadata,
    # The number under which the index knows it; never given twice.
    Column("entry_id", Integer, primary_key=True, autoincrement=True),
    # The opaque id that others see; says nothing about order or number.
    Column("id", String(40), nullable=False),
    Column("bank_id", String(40), ForeignKey("bank.id"), nullable=False),
    Column("key_id", String(40), nullable=False),
    Column("status", String(10), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    # Sorts of partners with spaces between; none: nobody is told of it.
    Column(
        "shared_with",
        String(100),
        nullable=False,
        server_default="adult_site community hash_service platform",
    ),
    Column("shared_until", UtcDateTime),
    Column("reaches_adult_services", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("id"),
    CheckConstraint("status IN ('active', 'held', 'withdrawn')", name="status"),
    Index("ix_content_shared_until", "shared_until"),
    sqlite_autoincrement=True,
)

content_signal = Table(
    "content_signal",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("entry_id", Integer, ForeignKey("content.entry_id"), nullable=False),
    Column("type", String(10), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("quality", Integer),
    Index("ix_content_signal_entry_id", "entry_id"),
)

feed_change = Table(
    "feed_change",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("entry_id", Integer, ForeignKey("content.entry_id"), nullable=False),
    Column("status", String(10), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

feed_head = Table(
    "feed_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, nullable=False),
)
