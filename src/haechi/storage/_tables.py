# SPDX-License-Identifier: Apache-2.0
"""The tables of storage itself: wrapped data keys, and facts about the whole store."""

from sqlalchemy import Column, LargeBinary, String, Table

from haechi.storage._columns import UtcDateTime, metadata

data_key = Table(
    "data_key",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("wrapped", LargeBinary),
    Column("created_at", UtcDateTime, nullable=False),
    Column("destroyed_at", UtcDateTime),
)

store_info = Table(
    "store_info",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
