# SPDX-License-Identifier: Apache-2.0
"""The audit log: who did what and when; ids only, never content."""

from sqlalchemy import Column, Index, Integer, String, Table

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
    Index("ix_audit_event_subject_id", "subject_id"),
    sqlite_autoincrement=True,
)
