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
    text,
    true,
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
    Column("note", String(500), nullable=False, server_default=text("''")),
    # A bank that is off is matched by nobody, and no feed tells of it.
    Column("is_on", Boolean, nullable=False, server_default=true()),
    # Only the partners in `bank_access` are told of it; else every partner is, as contents are shared.
    Column("is_limited", Boolean, nullable=False, server_default=false()),
    # The least role of the staff that may write into it.
    Column("writer_role", String(10), nullable=False, server_default="lead"),
    # Seals what came into it by no case; made when it is needed.
    Column("key_id", String(40)),
    # A bank of values that were made up for this partner alone: whoever else asks for one has its list.
    Column("canary_of", String(40)),
    UniqueConstraint("name"),
    CheckConstraint("policy IN ('block', 'review', 'allow')", name="policy"),
)

bank_access = Table(
    "bank_access",
    metadata,
    Column("bank_id", String(40), ForeignKey("bank.id"), primary_key=True),
    # A partner is another room's: an id and no foreign key.
    Column("partner_id", String(40), primary_key=True),
    Column("may_read", Boolean, nullable=False, server_default=true()),
    Column("may_write", Boolean, nullable=False, server_default=false()),
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
    # Text of the staff, at most 500 characters, sealed under the content's key.
    Column("sealed_note", LargeBinary),
    # Held until then; null: until somebody releases it.
    Column("held_until", UtcDateTime),
    # Suddenly matched too much: what it matches is only for review until somebody has looked.
    Column("quarantined_at", UtcDateTime),
    # Who put it in: `case`, `staff`, `partner` or `source`, and which one (no id of a case).
    Column("origin_kind", String(10), nullable=False, server_default="case"),
    Column("origin_id", String(40), nullable=False, server_default=text("''")),
    UniqueConstraint("id"),
    CheckConstraint("status IN ('active', 'held', 'withdrawn')", name="status"),
    Index("ix_content_shared_until", "shared_until"),
    Index("ix_content_bank_id", "bank_id", "entry_id"),
    Index("ix_content_held_until", "held_until"),
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
    Index("ix_feed_change_entry_id", "entry_id"),
    Index("ix_feed_change_changed_at", "changed_at"),
)

# Row 1: the newest step of the feed. Row 2: how often partners, tokens or access to banks changed.
# Row 3: steps up to here were compacted: whoever stands before it begins anew. Row 4: steps up to here
# were matched with the lookups that partners let us keep. Row 5, made when it is needed: superseded steps
# up to here are gone.
feed_head = Table(
    "feed_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, nullable=False),
)
