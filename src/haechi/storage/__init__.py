# SPDX-License-Identifier: Apache-2.0
"""Connections, transactions, migrations and field encryption; SQLite by default, PostgreSQL by URL.

The only room that knows a driver. The other rooms declare their tables on `metadata` (each in its
own `_tables.py`) and are handed a connection inside a transaction.
"""

from haechi.storage._columns import UtcDateTime, metadata, new_id
from haechi.storage._database import DATABASE_AWAY, Database
from haechi.storage._facts import make_fact, stored_fact
from haechi.storage._keys import Keys, load_keys
from haechi.storage._vault import KeyId, Vault, open_under, seal_under

__all__ = [
    "DATABASE_AWAY",
    "Database",
    "KeyId",
    "Keys",
    "UtcDateTime",
    "Vault",
    "load_keys",
    "make_fact",
    "metadata",
    "new_id",
    "open_under",
    "seal_under",
    "stored_fact",
]
