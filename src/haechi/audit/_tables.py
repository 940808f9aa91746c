# SPDX-License-Identifier: Apache-2.0
"""The audit log: who did what and when, each line chained to the one before; ids only, never content."""

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, text

from haechi.storage import UtcDateTime, metadata

audit_event = Table(
    "audit_event",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor_kind", String(10), nullable=False),
    Column("actor_id", String(40), nullable=False),
    Column("verb", String(40), nullable=False),
    Column("subject_id", String(40), nullable=False),
    # Counts and choices in words of ours, such as "asked=120 matched=3"; never a value or an address.
    Column("detail", String(200), nullable=False, server_default=text("''")),
    # The place in the chain and the digest up to here; null in lines that are older than the chain.
    Column("seq", Integer),
    Column("digest", LargeBinary),
    Index("ix_audit_event_seq", "seq", unique=True),
    Index("ix_audit_event_subject_id", "subject_id"),
    Index("ix_audit_event_actor_id", "actor_id"),
    sqlite_autoincrement=True,
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),
)
