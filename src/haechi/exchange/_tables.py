# SPDX-License-Identifier: Apache-2.0
"""The table of partners. A token is stored as its SHA-256 only: it is 256 random bits."""

from sqlalchemy import Boolean, Column, LargeBinary, String, Table, UniqueConstraint, false

from haechi.storage import UtcDateTime, metadata

partner = Table(
    "partner",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("token_sha256", LargeBinary, nullable=False),
    Column("scopes", String(200), nullable=False),
    Column("kind", String(20), nullable=False, server_default="platform"),
    Column("serves_adults_only", Boolean, nullable=False, server_default=false()),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    UniqueConstraint("name"),
    UniqueConstraint("token_sha256"),
)
